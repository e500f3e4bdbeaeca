// Verbs that go on until Ctrl-C: real processes against the real RPC port.
import test from 'brittle'
import { z } from 'zod'
import { RpcError } from '../../daemon/rpc/errors.ts'
import { method } from '../../daemon/rpc/registry.ts'
import { bookChecksum } from '../../protocol/book-checksum.ts'
import type { RpcLevel } from '../../protocol/rpc.ts'
import { curb, curbProcess } from '../helpers/curb.ts'
import { loose, subscribing } from '../helpers/rpc-methods.ts'
import { startRpc } from '../helpers/rpc-server.ts'
import { until } from '../helpers/until.ts'

const account = `0x${'1'.repeat(40)}`
const bids: RpcLevel[] = [['2000.1', '1.5']]
const first = {
  market: 'WETH/USDC',
  changeId: 7,
  time: 0,
  bids,
  asks: [],
  checksum: bookChecksum([], bids)
}
const source = {
  scopeOf: () => 'open' as const,
  first: (channel: string) =>
    channel.startsWith('book.')
      ? { type: 'snapshot', ...first }
      : channel === 'venue.status'
        ? { ready: true, reasons: [] }
        : undefined,
  opened: () => {},
  closed: () => {}
}

test('watch - what is watched ends with Ctrl-C and 130', async (t) => {
  const { datadir } = await startRpc(t, () => [subscribing], source)
  const watching = curbProcess(['book', 'WETH/USDC', '--watch', '--json', '--datadir', datadir])
  t.teardown(() => watching.child.kill('SIGKILL'))
  await until(() => watching.ran.out.includes('\n'), 'the first book')
  watching.child.kill('SIGINT')
  const { code, out } = await watching.ended
  t.is(code, 130)
  t.alike(JSON.parse(out.split('\n')[0]).bids, bids)
})

test('watch - what is watched never grows old in silence', async (t) => {
  const { datadir, auth, hub, rpc } = await startRpc(t, () => [subscribing], source)
  const words = ['book', 'WETH/USDC', '--watch', '--json', '--datadir', datadir]
  const { child, ran, ended } = curbProcess(words)
  t.teardown(() => child.kill('SIGKILL'))
  await until(() => ran.out.includes('\n'), 'the first book')
  await until(() => hub.has('venue.status'), 'the second subscription')
  hub.publish('venue.status', { ready: false, reasons: ['tape_stale'] })
  await until(() => ran.err.includes('the daemon is not ready: tape_stale\n'), 'why not')
  hub.publish('venue.status', { ready: false, reasons: ['tape_stale'] })
  hub.publish('venue.status', { ready: true, reasons: [] })
  await until(() => ran.err.includes('the daemon is ready again\n'), 'ready again')
  t.is(ran.err.match(/tape_stale/g)?.length, 1, 'told once')
  await until(() => ran.err.includes('nothing from the daemon for 5 s'), 'the silence')

  // The daemon goes and comes back as it would: with another cookie.
  await rpc.close()
  await until(() => ran.err.includes('the connection is lost'), 'the loss')
  await auth.close()
  await auth.open()
  await rpc.open()
  await until(() => ran.err.includes('connected again\n'), 'the connection')
  await until(() => hub.has('book.WETH/USDC.10'), 'the subscription again')
  child.kill('SIGINT')
  t.is((await ended).code, 130)
})

test('watch - what is watched is of the account and the market that were named', async (t) => {
  const other = `0x${'3'.repeat(40)}`
  const asks: unknown[] = []
  const record = (name: string) =>
    method({
      ...loose,
      name,
      scope: 'open',
      params: z.looseObject({ account: z.string().optional() }),
      handle: (params) => {
        if (params.account === other) throw new RpcError('unknown_account', 'not here', 'account')
        asks.push(params)
        return []
      }
    })
  const { datadir, hub } = await startRpc(
    t,
    () => [record('private/get_balances'), record('public/get_instrument'), subscribing],
    source
  )
  const nobody = await curb(['fills', '--watch', '--account', other, '--datadir', datadir])
  t.is(nobody.code, 5)
  const line = `fills --watch --json --account ${account.toUpperCase().replace('X', 'x')} --market M`
  const { child, ran, ended } = curbProcess([...line.split(' '), '--datadir', datadir])
  t.teardown(() => child.kill('SIGKILL'))
  await until(() => hub.has('venue.status'), 'its subscriptions')
  t.is(asks.length, 2, 'both names were looked up')
  hub.publish('user.trades', { account: other, market: 'M' })
  hub.publish('user.trades', { account, market: 'N' })
  hub.publish('user.trades', { account, market: 'M' })
  await until(() => ran.out.includes('\n'), 'a trade')
  child.kill('SIGINT')
  t.alike(JSON.parse((await ended).out), { account, market: 'M' }, 'the one that was meant')
})

test('watch - a reader that has read enough is no fault', async (t) => {
  const { datadir, hub } = await startRpc(
    t,
    () => [subscribing],
    source,
    0,
    () => {}
  )
  const words = ['book', 'WETH/USDC', '--watch', '--json', '--datadir', datadir]
  const { child, ended, ran } = curbProcess(words)
  t.teardown(() => child.kill('SIGKILL'))
  await until(() => ran.out.includes('\n'), 'the first book')
  child.stdout?.destroy()
  await until(() => {
    hub.publish('book.WETH/USDC.10', { type: 'snapshot', ...first })
    return child.exitCode !== null
  }, 'the end of it')
  const { code, err } = await ended
  t.is(code, 0)
  t.is(err, '')
})
