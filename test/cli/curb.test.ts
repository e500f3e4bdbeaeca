// The command line as a person and as a script meet it: real processes against the real RPC port.
import test, { type Assert } from 'brittle'
import { join } from 'node:path'
import { z } from 'zod'
import { RpcError } from '../../daemon/rpc/errors.ts'
import { method, type AnyMethod } from '../../daemon/rpc/registry.ts'
import { curb } from '../helpers/curb.ts'
import { startRpc } from '../helpers/rpc-server.ts'

const loose = { doc: '', bucket: 'reads', result: z.unknown() } as const
const anything = z.looseObject({})

const book = {
  market: 'WETH/USDC',
  changeId: 7,
  time: 0,
  bids: [['2000.1', '1.5']],
  asks: [
    ['2001', '0.25'],
    ['2002', '3']
  ],
  checksum: 0
}

async function daemon(t: Assert) {
  const placed: unknown[] = []
  const methods = (): AnyMethod[] => [
    method({
      ...loose,
      name: 'public/get_order_book',
      scope: 'open',
      params: anything,
      handle: () => book
    }),
    method({
      ...loose,
      name: 'private/buy',
      scope: 'trade',
      params: anything,
      handle: (params) => {
        placed.push(params)
        throw new RpcError('insufficient_funds', 'needs 3000.15 USDC, 12 are available', 'amount')
      }
    }),
    method({
      ...loose,
      name: 'private/get_balances',
      scope: 'read',
      params: anything,
      handle: () => []
    })
  ]
  return { ...(await startRpc(t, methods)), placed }
}

test('curb - a book as a table for people and as it is for programs', async (t) => {
  const { datadir } = await daemon(t)
  const people = await curb(['book', 'WETH/USDC', '--datadir', datadir])
  t.is(people.code, 0)
  t.alike(people.out.split('\n').slice(0, 3).map(words), [
    'amount bid ask amount',
    '1.5 2000.1 2001 0.25',
    '2002 3'
  ])
  const programs = await curb(['book', 'WETH/USDC', '--json', '--datadir', datadir])
  t.alike(JSON.parse(programs.out), book)
  t.is(programs.err, '')
})

/** A line without its spacing. */
function words(line: string): string {
  return line.trim().split(/\s+/).join(' ')
}

test('curb - an order as a person says it', async (t) => {
  const { datadir, placed } = await daemon(t)
  const line = 'order buy WETH/USDC 1.5 @ 2000.1 --post-only --client-id mine'.split(' ')
  const ran = await curb([...line, '--datadir', datadir])
  t.alike(placed, [
    {
      market: 'WETH/USDC',
      amount: '1.5',
      price: '2000.1',
      postOnly: 'reject',
      clientOrderId: 'mine'
    }
  ])
  t.is(ran.code, 5)
  t.is(ran.out, '')
  t.is(
    ran.err,
    'curb: insufficient funds: needs 3000.15 USDC, 12 are available\n' +
      '`curb balance` shows what is available; orders reserve what they can cost.\n'
  )
})

test('curb - exit codes: usage 2, unreachable 3, unauthorised 4', async (t) => {
  const { datadir, url } = await daemon(t)
  const code = async (...line: string[]) => (await curb(line)).code
  const codes = await Promise.all([
    code('order', 'buy', 'WETH/USDC', '1', '--datadir', datadir),
    code('order', 'buy', 'WETH/USDC', '1', 'at', '2000', '--datadir', datadir),
    code('nonsense'),
    code('balance', '--datadir', join(datadir, 'nobody')),
    code('balance', '--rpc-url', 'http://127.0.0.1:9'),
    code('balance', '--rpc-url', url, '--token', 'wrong'),
    code('balance', '--rpc-url', url, '--datadir', join(datadir, 'nobody')),
    code('balance', '--datadir', datadir)
  ])
  t.alike(codes, [2, 2, 2, 3, 3, 4, 4, 0])
})

test('curb - errors say what, why and what to do', async (t) => {
  const { datadir } = await daemon(t)
  const nobody = await curb(['balance', '--datadir', join(datadir, 'nobody')])
  t.ok(nobody.err.startsWith('curb: unreachable: no daemon answers at '))
  t.ok(nobody.err.includes('Start one with `curbd`'))
  const priceless = await curb(['order', 'buy', 'WETH/USDC', '1', '--datadir', datadir])
  t.is(priceless.err, 'curb: name a price ("@ 2000"), or --market\n')
  const typo = await curb(['ordr'])
  t.ok(typo.err.includes('Did you mean order?'))
})

test('curb - configuration with origins, without a daemon', async (t) => {
  const datadir = await t.tmp()
  const line = ['config', 'print', '--origin', '--datadir', datadir]
  const { code, out } = await curb(line, { CURB_LOG_LEVEL: 'debug' })
  t.is(code, 0)
  t.ok(out.split('\n').some((each) => words(each) === 'log.level "debug" environment'))
  const wrong = await curb(line, { CURB_LOG_LEVEL: 'loud' })
  t.is(wrong.code, 2)
  t.ok(wrong.err.includes('log.level must be one of error, warn, info, debug, silent'))
})
