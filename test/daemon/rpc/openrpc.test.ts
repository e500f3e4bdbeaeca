import test from 'brittle'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { z } from 'zod'
import { rpcErrors } from '../../../daemon/rpc/errors.ts'
import { errorsOf, openRpcDocument } from '../../../daemon/rpc/openrpc.ts'
import { Registry } from '../../../daemon/rpc/registry.ts'
import { describedMethods } from '../../../daemon/rpc/methods/index.ts'
import { schemaProblems } from '../../helpers/json-schema.ts'

const document = openRpcDocument(new Registry(describedMethods()), '1.2.3')
// A CommonJS package whose types describe another shape than it has.
const { openrpcDocument: meta }: { openrpcDocument: unknown } = createRequire(import.meta.url)(
  '@open-rpc/meta-schema'
)

function valid(value: unknown): string[] {
  if (typeof meta !== 'object' || meta === null) throw new Error('no meta-schema')
  // As it is sent.
  return schemaProblems({ ...meta }, JSON.parse(JSON.stringify(value)))
}

test('openrpc - the document satisfies the meta-schema of OpenRPC', (t) => {
  t.alike(valid(document), [])
  t.ok(valid({ ...document, methods: [{ name: 1 }] }).length > 0, 'a wrong one does not')
  t.ok(valid({ ...document, surprise: 1 }).length > 0)
})

test('openrpc - every method of protocol/rpc.ts is there, and no other', (t) => {
  const source = readFileSync(
    join(import.meta.dirname, '..', '..', '..', 'protocol', 'rpc.ts'),
    'utf8'
  )
  const promised = [...source.matchAll(/^ {2}'([a-z]+[./][a-z_]+)': \{/gm)].map((match) => match[1])
  t.ok(promised.length > 40, `${promised.length} methods`)
  t.alike(
    describedMethods()
      .map(({ name }) => name)
      .sort(),
    promised.sort()
  )
})

test('openrpc - cancels have a bucket of their own, and nothing is open to all', (t) => {
  for (const { name, bucket, scope } of describedMethods()) {
    t.is(bucket === 'cancels', /\/cancel/.test(name), name)
    t.not(scope, 'open', name)
  }
})

test('openrpc - each method names its own errors, and each error is one of a method or of the envelope', (t) => {
  // Of a request whose method is not known yet.
  const ofEnvelope = ['parse_error', 'invalid_request', 'method_not_found']
  const told = new Set<string>(ofEnvelope)
  for (const method of describedMethods()) {
    const errors = errorsOf(method)
    t.is(new Set(errors).size, errors.length, `${method.name} names each once`)
    for (const name of errors) told.add(name)
  }
  t.alike([...told].sort(), Object.keys(rpcErrors).sort())
  const shape = z.object({
    methods: z.array(
      z.object({ name: z.string(), errors: z.array(z.object({ $ref: z.string() })) })
    )
  })
  const { methods } = shape.parse(document)
  const refs = (name: string) =>
    methods.find((method) => method.name === name)?.errors.map(({ $ref }) => $ref) ?? []
  t.ok(refs('private/buy').includes('#/components/errors/insufficient_funds'))
  t.absent(refs('public/get_time').includes('#/components/errors/insufficient_funds'))
})
