// The command line as a person and as a script meet it: real processes against the real RPC port.
import test, { type Assert } from 'brittle'
import { spawn } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Control } from '../../cli/devnet/control.ts'
import { RpcError } from '../../daemon/rpc/errors.ts'
import { method, type AnyMethod } from '../../daemon/rpc/registry.ts'
import type { RpcLevel } from '../../protocol/rpc.ts'
import { curb } from '../helpers/curb.ts'
import { anything, loose } from '../helpers/rpc-methods.ts'
import { startRpc } from '../helpers/rpc-server.ts'

const bids: RpcLevel[] = [['2000.1', '1.5']]
const asks: RpcLevel[] = [
  ['2001', '0.25'],
  ['2002', '3']
]

const book = {
  market: 'WETH/USDC',
  changeId: 7,
  time: 0,
  bids,
  asks,
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
    }),
    method({
      ...loose,
      name: 'private/cancel_all',
      scope: 'trade',
      params: anything,
      handle: () => {
        throw new Error('a bug')
      }
    }),
    method({
      ...loose,
      name: 'private/deposit',
      scope: 'trade',
      params: anything,
      handle: () => {
        throw new RpcError('transaction_failed', 'transaction 0x12 was reverted')
      }
    }),
    method({
      ...loose,
      name: 'private/exit',
      scope: 'trade',
      params: anything,
      handle: () => {
        throw new RpcError('rejected', 'transaction_refused: refused: NotReady(1795451687)')
      }
    }),
    method({
      ...loose,
      name: 'private/sell',
      scope: 'trade',
      params: anything,
      handle: () => {
        throw new RpcError('would_cross', 'would_cross')
      }
    }),
    method({
      ...loose,
      name: 'private/edit',
      scope: 'trade',
      params: anything,
      handle: () => {
        throw new RpcError('rejected', 'expired')
      }
    })
  ]
  const faults: unknown[] = []
  const server = await startRpc(t, methods, undefined, 0, (fault) => faults.push(fault))
  return { ...server, placed, faults }
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

test('curb - exit codes: 0 done, 1 fault, 2 usage, 3 unreachable, 4 unauthorised, 5 rejected, 6 settlement', async (t) => {
  const { datadir, url, faults } = await daemon(t)
  const code = async (...line: string[]) => (await curb(line)).code
  const codes = await Promise.all([
    code('order', 'buy', 'WETH/USDC', '1', '--datadir', datadir),
    code('order', 'buy', 'WETH/USDC', '1', 'at', '2000', '--datadir', datadir),
    code('nonsense'),
    code('balance', '--datadir', join(datadir, 'nobody')),
    code('balance', '--rpc-url', 'http://127.0.0.1:9'),
    code('balance', '--rpc-url', url, '--token', 'wrong'),
    code('balance', '--rpc-url', url, '--datadir', join(datadir, 'nobody')),
    code('balance', '--datadir', datadir),
    code('--help'),
    code('--version'),
    code('order', 'cancel-all', '--datadir', datadir),
    code('order', 'sell', 'WETH/USDC', '1', '@', '1', '--datadir', datadir),
    code('deposit', 'WETH', '1', '--datadir', datadir),
    code('trades', 'WETH/USDC', '--count', 'many', '--datadir', datadir),
    code('venue', 'join', join(datadir, 'nothing.json'), '--datadir', datadir)
  ])
  t.alike(codes, [2, 2, 2, 3, 3, 4, 4, 0, 0, 0, 1, 5, 6, 2, 1])
  t.is(faults.length, 1, 'the bug is in the daemon’s log')
})

test('curb - an order may be said in several ways, and only once', async (t) => {
  const { datadir, placed } = await daemon(t)
  const say = (line: string) => curb([...line.split(' '), '--datadir', datadir])
  const ways = ['1.5 @ 2000', '1.5@2000', '1.5 @2000', '1.5@ 2000', '1.5 --price 2000']
  for (const way of ways) await say(`order buy WETH/USDC ${way}`)
  t.is(placed.length, ways.length)
  for (const params of placed) {
    t.alike(params, { market: 'WETH/USDC', amount: '1.5', price: '2000' })
  }
  for (const wrong of ['1.5 2000', '1.5 @', '1@2@3', '1 @ 2 --price 3', '1 @ 2 --ioc --fok']) {
    t.is((await say(`order buy WETH/USDC ${wrong}`)).code, 2, wrong)
  }
  t.is(placed.length, ways.length)
})

test('curb - errors say what, why and what to do', async (t) => {
  const { datadir } = await daemon(t)
  const nobody = await curb(['balance', '--datadir', join(datadir, 'nobody')])
  t.ok(nobody.err.startsWith('curb: unreachable: no daemon answers at '))
  t.ok(nobody.err.includes('Start one with `curbd`'))
  const priceless = await curb(['order', 'buy', 'WETH/USDC', '1', '--datadir', datadir])
  t.is(priceless.err, 'curb: name a price ("@ 2000"), or --market\n')
  const crossing = await curb('order sell M 1 @ 1 --datadir'.split(' ').concat(datadir))
  t.is(
    crossing.err,
    'curb: would cross: A post-only order would have traded, or has no tick left to slide to.\n' +
      'Name a price that does not meet the book, or let it move: --post-only slide.\n'
  )
  const id = `0x${'1'.repeat(40)}:7`
  const late = await curb(['order', 'edit', id, '--price', '5', '--datadir', datadir])
  t.is(
    late.err,
    'curb: rejected (expired): Its expiry has been reached.\n' +
      'Name a later end: --expires SECONDS from now.\n'
  )
  const early = await curb(['exit', 'WETH', '--claim', '--datadir', datadir])
  t.ok(early.err.endsWith('\nIts delay is not over: wait until 2026-11-23 16:34:47Z.\n'), early.err)
  const many = await curb(['trades', 'M', '--count', 'many', '--datadir', datadir])
  t.ok(many.err.includes('It is a whole number from 1 on.'), many.err)
  const typo = await curb(['ordr'])
  t.ok(typo.err.includes('Did you mean order?'))
})

test('curb - a reader who has read enough is no fault, of a verb that needs no daemon either', async (t) => {
  const datadir = await t.tmp()
  const program = fileURLToPath(new URL('../../cli/curb.ts', import.meta.url))
  const words = ['--import', 'tsx', program, 'account', 'list', '--datadir', datadir]
  const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'pipe'] })
  child.stdout.destroy()
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => void (said += chunk.toString()))
  const code = await new Promise((resolve) => child.once('close', resolve))
  t.absent(said.includes('EPIPE'), said)
  t.is(code, 0)
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

test('curb - finds the daemon where its configuration says that it listens', async (t) => {
  const { datadir, url, cookie } = await daemon(t)
  const other = await t.tmp()
  await mkdir(other, { recursive: true })
  const line = ['book', 'WETH/USDC', '--json', '--datadir', other, '--token', cookie]
  const configure = (lines: string) => writeFile(join(other, 'curb.toml'), `[rpc]\n${lines}\n`)
  await configure(`socket = "${join(datadir, 'curbd.sock')}"`)
  t.alike(JSON.parse((await curb(line)).out), book, 'another socket')
  await configure(`socket = ""\nport = ${new URL(url).port}`)
  t.alike(JSON.parse((await curb(line)).out), book, 'no socket: the port')
  await configure('socket = ""\nport = 0')
  const unknown = await curb(line)
  t.is(unknown.code, 2)
  t.ok(unknown.err.includes('--rpc-url'), unknown.err)
  await configure('socket = "gone.sock"')
  const gone = await curb(line)
  t.is(gone.code, 3)
  t.ok(gone.err.includes(join(other, 'gone.sock')), gone.err)
})

test('curb - the log is the configured file, or the one that a devnet keeps', async (t) => {
  const root = await t.tmp()
  const datadir = join(root, 'trader-1')
  await mkdir(datadir, { recursive: true })
  const logs = () => curb(['node', 'logs', '--datadir', datadir])
  const none = await logs()
  t.is(none.code, 2)
  t.ok(none.err.includes('journalctl'), none.err)
  await writeFile(join(root, 'trader-1.log'), 'of the devnet\n')
  t.is((await logs()).code, 2, 'a file of that name somewhere else is nothing of ours')
  await writeFile(join(root, 'devnet.json'), '{}')
  t.is((await logs()).out, 'of the devnet\n')
  await writeFile(join(datadir, 'curb.toml'), '[log]\nfile = "own.log"\n')
  const gone = await logs()
  t.ok(gone.code === 2 && gone.err.includes(join(datadir, 'own.log')), gone.err)
  await writeFile(join(datadir, 'own.log'), 'its own\n')
  t.is((await logs()).out, 'its own\n')
})

test('curb - faults of a devnet are told to programs too', async (t) => {
  const root = await t.tmp()
  await mkdir(root, { recursive: true })
  const orders: unknown[] = []
  const control = new Control(root, {
    handle: async (order) => {
      orders.push(order)
      return { ok: order.verb !== 'heal', text: `${order.verb} was heard` }
    }
  })
  await control.open()
  t.teardown(() => control.close())
  const say = (words: string[]) => curb(['devnet', ...words, '--root', root])
  const killed = await say(['kill', '2', '--json'])
  t.alike([killed.code, JSON.parse(killed.out)], [0, { ok: true, text: 'kill was heard' }])
  const healed = await say(['heal', '--json'])
  t.alike([healed.code, JSON.parse(healed.out)], [1, { ok: false, text: 'heal was heard' }])
  const people = await say(['pause', '1'])
  t.alike([people.out, people.err], ['', 'pause was heard\n'])
  t.alike(orders, [
    { verb: 'kill', names: ['2'] },
    { verb: 'heal', names: [] },
    { verb: 'pause', names: ['1'] }
  ])
})
