// The examples of the JSON-RPC 2.0 specification (section 7), and what they leave out.
import test from 'brittle'
import { z } from 'zod'
import { Envelope } from '../../../daemon/rpc/envelope.ts'
import { RpcError } from '../../../daemon/rpc/errors.ts'
import { method, Registry, type Caller } from '../../../daemon/rpc/registry.ts'

const caller: Caller = { token: 'test', scope: 'admin', session: null }

const open = { doc: '', scope: 'open', bucket: 'reads' } as const
const registry = new Registry([
  method({
    ...open,
    name: 'subtract',
    params: z.strictObject({ minuend: z.number(), subtrahend: z.number() }),
    result: z.number(),
    handle: ({ minuend, subtrahend }) => minuend - subtrahend
  }),
  method({
    ...open,
    name: 'get_data',
    params: z.strictObject({}),
    result: z.array(z.unknown()),
    handle: () => ['hello', 5]
  }),
  method({
    ...open,
    name: 'notify_hello',
    params: z.strictObject({ value: z.number() }),
    result: z.null(),
    handle: () => null
  }),
  method({
    ...open,
    name: 'secret',
    scope: 'admin',
    params: z.strictObject({}),
    result: z.null(),
    handle: () => null
  }),
  method({
    ...open,
    name: 'breaks',
    params: z.strictObject({}),
    result: z.null(),
    handle: () => {
      throw new Error('a secret of the daemon')
    }
  }),
  method({
    ...open,
    name: 'refuses',
    params: z.strictObject({}),
    result: z.null(),
    handle: () => {
      throw new RpcError('insufficient_funds', 'needs 5, has 3', 'amount')
    }
  })
])

function envelope(): { envelope: Envelope; faults: unknown[]; calls: string[] } {
  const faults: unknown[] = []
  const calls: string[] = []
  return {
    faults,
    calls,
    envelope: new Envelope({
      registry,
      spend: async () => true,
      microseconds: () => 7,
      onFault: (_method, fault) => faults.push(fault),
      onCall: (name, outcome) => calls.push(`${name} ${outcome}`)
    })
  }
}

async function answer(text: string, as: Caller = caller): Promise<unknown> {
  const reply = await envelope().envelope.handle(text, as)
  return reply === null ? null : JSON.parse(reply)
}

const timing = { usIn: 7, usOut: 7, usDiff: 0 }
const result = (id: unknown, value: unknown) => ({ jsonrpc: '2.0', id, result: value, ...timing })

/** An error's answer without its data, which the specification leaves to the server. */
function bare(reply: unknown): unknown {
  if (Array.isArray(reply)) return reply.map(bare)
  const { jsonrpc, id, error, result: value } = reply as Record<string, { code?: number }>
  return error === undefined ? { jsonrpc, id, result: value } : { jsonrpc, id, code: error.code }
}

const specification: [string, string, unknown][] = [
  [
    'positional parameters',
    '{"jsonrpc": "2.0", "method": "subtract", "params": [42, 23], "id": 1}',
    { jsonrpc: '2.0', id: 1, result: 19 }
  ],
  [
    'positional parameters, the other way round',
    '{"jsonrpc": "2.0", "method": "subtract", "params": [23, 42], "id": 2}',
    { jsonrpc: '2.0', id: 2, result: -19 }
  ],
  [
    'named parameters',
    '{"jsonrpc": "2.0", "method": "subtract", "params": {"subtrahend": 23, "minuend": 42}, "id": 3}',
    { jsonrpc: '2.0', id: 3, result: 19 }
  ],
  ['a notification', '{"jsonrpc": "2.0", "method": "notify_hello", "params": [1]}', null],
  ['a notification of no method', '{"jsonrpc": "2.0", "method": "foobar"}', null],
  [
    'a call of no method',
    '{"jsonrpc": "2.0", "method": "foobar", "id": "1"}',
    { jsonrpc: '2.0', id: '1', code: -32601 }
  ],
  [
    'invalid JSON',
    '{"jsonrpc": "2.0", "method": "foobar, "params": "bar", "baz]',
    { jsonrpc: '2.0', id: null, code: -32700 }
  ],
  [
    'an invalid request',
    '{"jsonrpc": "2.0", "method": 1, "params": "bar"}',
    { jsonrpc: '2.0', id: null, code: -32600 }
  ],
  [
    'a batch of invalid JSON',
    '[{"jsonrpc": "2.0", "method": "sum", "params": [1,2,4], "id": "1"}, {"jsonrpc": "2.0", "method"]',
    { jsonrpc: '2.0', id: null, code: -32700 }
  ],
  ['an empty batch', '[]', { jsonrpc: '2.0', id: null, code: -32600 }],
  ['a batch that is not empty', '[1]', [{ jsonrpc: '2.0', id: null, code: -32600 }]],
  [
    'a batch of nonsense',
    '[1,2,3]',
    [1, 2, 3].map(() => ({ jsonrpc: '2.0', id: null, code: -32600 }))
  ],
  [
    'a mixed batch',
    JSON.stringify([
      { jsonrpc: '2.0', method: 'subtract', params: [42, 23], id: '1' },
      { jsonrpc: '2.0', method: 'notify_hello', params: [7] },
      { foo: 'boo' },
      { jsonrpc: '2.0', method: 'foo.get', params: { name: 'myself' }, id: '5' },
      { jsonrpc: '2.0', method: 'get_data', id: '9' }
    ]),
    [
      { jsonrpc: '2.0', id: '1', result: 19 },
      { jsonrpc: '2.0', id: null, code: -32600 },
      { jsonrpc: '2.0', id: '5', code: -32601 },
      { jsonrpc: '2.0', id: '9', result: ['hello', 5] }
    ]
  ],
  [
    'a batch of notifications',
    '[{"jsonrpc":"2.0","method":"notify_hello","params":[1]},{"jsonrpc":"2.0","method":"notify_hello","params":[7]}]',
    null
  ],
  [
    'an id that is an object',
    '{"jsonrpc":"2.0","method":"get_data","id":{}}',
    { jsonrpc: '2.0', id: null, code: -32600 }
  ],
  [
    'an infinite id',
    '{"jsonrpc":"2.0","method":"get_data","id":1e999}',
    { jsonrpc: '2.0', id: null, code: -32600 }
  ],
  [
    'another version',
    '{"jsonrpc":"1.0","method":"get_data","id":4}',
    { jsonrpc: '2.0', id: 4, code: -32600 }
  ],
  [
    'text for parameters',
    '{"jsonrpc":"2.0","method":"get_data","params":"bar","id":4}',
    { jsonrpc: '2.0', id: 4, code: -32600 }
  ],
  [
    'too many parameters',
    '{"jsonrpc":"2.0","method":"subtract","params":[1,2,3],"id":4}',
    { jsonrpc: '2.0', id: 4, code: -32602 }
  ],
  [
    'an unknown parameter',
    '{"jsonrpc":"2.0","method":"get_data","params":{"__proto__":{"a":1},"x":1},"id":4}',
    { jsonrpc: '2.0', id: 4, code: -32602 }
  ]
]

for (const [name, request, expected] of specification) {
  test(`envelope - ${name}`, async (t) => {
    const reply = await answer(request)
    t.alike(reply === null ? null : bare(reply), expected)
  })
}

test('envelope - a result carries the server’s times', async (t) => {
  t.alike(await answer('{"jsonrpc":"2.0","method":"get_data","id":1}'), result(1, ['hello', 5]))
})

test('envelope - a batch over a hundred is refused whole', async (t) => {
  const one = '{"jsonrpc":"2.0","method":"get_data","id":1}'
  const batch = (size: number) => `[${Array(size).fill(one).join(',')}]`
  const reply = await answer(batch(101))
  t.alike(bare(reply), { jsonrpc: '2.0', id: null, code: -32600 })
  t.is(((await answer(batch(100))) as unknown[]).length, 100)
})

test('envelope - a fault of ours says nothing of itself and is reported', async (t) => {
  const { envelope: box, faults } = envelope()
  const reply = await box.handle('{"jsonrpc":"2.0","method":"breaks","id":1}', caller)
  t.ok(reply?.includes('"internal_error"'))
  t.absent(reply?.includes('secret'))
  t.is(faults.length, 1)
})

test('envelope - an application error has code, name, reason, parameter', async (t) => {
  const reply = (await answer('{"jsonrpc":"2.0","method":"refuses","id":1}')) as { error: unknown }
  t.alike(reply.error, {
    code: 10020,
    message: 'insufficient_funds',
    data: { reason: 'needs 5, has 3', param: 'amount', retryable: false }
  })
})

test('envelope - scope: none is unauthorized, a smaller one is forbidden', async (t) => {
  const call = '{"jsonrpc":"2.0","method":"secret","id":1}'
  const code = async (scope: Caller['scope']) => {
    const reply = (await answer(call, { ...caller, scope })) as { error?: { code: number } }
    return reply.error?.code ?? 0
  }
  t.is(await code('open'), 10001)
  t.is(await code('trade'), 10002)
  t.is(await code('admin'), 0)
})

test('envelope - an unknown method’s name does not become a metric', async (t) => {
  const { envelope: box, calls } = envelope()
  await box.handle('{"jsonrpc":"2.0","method":"x{}\\n","id":1}', caller)
  t.alike(calls, ['unknown method_not_found'])
})

test('envelope - deep nesting and huge numbers are answered', async (t) => {
  const deep = '['.repeat(100_000) + ']'.repeat(100_000)
  t.ok(Array.isArray(await answer(deep)) || bare(await answer(deep)))
  const huge = `{"jsonrpc":"2.0","method":"subtract","params":[1e400,1],"id":1}`
  t.is((bare(await answer(huge)) as { code: number }).code, -32602)
})
