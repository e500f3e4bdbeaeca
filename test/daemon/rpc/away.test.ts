// A trader's daemon that was away: what happened to its orders meanwhile it knows when it is back.
import test, { type Assert } from 'brittle'
import fs from 'node:fs/promises'
import { join } from 'node:path'
import type { RpcChannelData } from '../../../protocol/rpc.ts'
import { TraderApp } from '../../helpers/trader-app.ts'
import { until } from '../../helpers/until.ts'
import { TestVenue } from '../../helpers/venue.ts'
import { MARKET } from './world.ts'

/** Alice has two orders resting, goes away, and misses a fill and a snapshot. */
async function missed(t: Assert) {
  const venue = await TestVenue.create(t, {
    validators: 1,
    accounts: ['alice', 'bob'],
    pacing: { snapshotCuts: 50, heartbeatMs: 30 }
  })
  const [first] = await venue.validators()
  const { manifest, bootstrap } = venue
  const tuning = { snapshotLeadBlocks: 20 }
  const alice = await TraderApp.create(t, { manifest, bootstrap, name: 'alice', seed: 77, tuning })
  await alice.start()
  await alice.call('private/link_account', { account: alice.address })
  const sell = { market: MARKET, amount: '0.000005' }
  await alice.call('private/sell', { ...sell, price: '1000', clientOrderId: 'one' })
  await alice.call('private/sell', { ...sell, price: '1100', clientOrderId: 'two' })
  await alice.stop()
  // Five thousandths of a lot's worth at the first price, then some of the second.
  const bob = venue.trader('bob', first)
  t.is((await bob.buys(50, 1000)).rejected, null)
  t.is((await bob.buys(20, 1100)).rejected, null)
  const now = await venue.length()
  const { snapshots } = first.daemon.parts
  await until(() => (snapshots.offer?.index ?? 0) > now + 30, 'a snapshot beyond')
  return { venue, alice }
}

test('away - fills that a daemon missed are told when it is back, however far the venue went', async (t) => {
  const { alice } = await missed(t)
  await alice.start()
  const one = await alice.call('private/get_order', { clientOrderId: 'one' })
  const two = await alice.call('private/get_order', { clientOrderId: 'two' })
  t.alike([one.state, one.filledAmount], ['filled', '0.000005'])
  t.alike([two.state, two.filledAmount], ['open', '0.000002'])
  t.is((await alice.call('private/get_my_trades', {})).length, 2)
  const since = await alice.call('private/get_since', { tapeIndex: -1 })
  t.is(since.completeFrom, 0)
  t.is(since.trades.length, 2)
})

test('away - an order that ended in blocks that the history lacks is said to be unknown', async (t) => {
  const { venue, alice } = await missed(t)
  const history = join(alice.datadir, 'history')
  await fs.cp(history, `${history}.old`, { recursive: true })
  await alice.start()
  // Until a snapshot of its own is beyond all that.
  await venue.grows(60)
  await alice.stop()
  // The history comes out of an old backup; the engine begins where it stood.
  await fs.rm(history, { recursive: true })
  await fs.rename(`${history}.old`, history)
  await alice.start()
  const one = await alice.call('private/get_order', { clientOrderId: 'one' })
  const two = await alice.call('private/get_order', { clientOrderId: 'two' })
  t.alike([one.state, one.filledAmount, one.reason], ['unknown', '0', null])
  t.alike([two.state, two.filledAmount], ['open', '0.000002'])
  t.alike((await alice.call('private/get_open_orders', {})).length, 1)
  await t.exception(alice.call('private/get_since', { tapeIndex: 0 }), /history_incomplete/)
  const { completeFrom } = await alice.call('private/get_since', { tapeIndex: -1 })
  t.ok(completeFrom > 0)
  const since = await alice.call('private/get_since', { tapeIndex: completeFrom - 1 })
  t.is(since.completeFrom, completeFrom)
  await alice.stop()
  await alice.start()
  const again = await alice.call('private/get_order', { clientOrderId: 'one' })
  t.is(again.state, 'unknown', 'also after another restart')
})

test('away - who listens to the raw book while a snapshot comes is sent the book that is in it', async (t) => {
  const venue = await TestVenue.create(t, {
    validators: 1,
    accounts: ['alice', 'bob'],
    pacing: { snapshotCuts: 20, heartbeatMs: 30 }
  })
  const [first] = await venue.validators()
  const bob = venue.trader('bob', first)
  t.is((await bob.sells(3, 1000)).rejected, null)
  const from = await venue.length()
  const { snapshots } = first.daemon.parts
  await until(() => (snapshots.offer?.index ?? 0) > from, 'a snapshot with the order in it')
  // The validator keeps the new daemon waiting until somebody listens.
  const receive = snapshots.receive.bind(snapshots)
  const waiting: (() => void)[] = []
  snapshots.receive = (peer, message) => waiting.push(() => receive(peer, message))
  const { manifest, bootstrap } = venue
  const tuning = { snapshotLeadBlocks: 5 }
  const alice = await TraderApp.create(t, { manifest, bootstrap, name: 'alice', seed: 78, tuning })
  await alice.opens()
  const client = await alice.socket()
  const books: number[] = []
  await client.subscribe(`book.${MARKET}.raw`, (data) => {
    const message = data as RpcChannelData['rawBook']
    if (message.type === 'snapshot') books.push(message.orders.length)
  })
  await until(() => books.length > 0 && waiting.length > 0, 'the book as it is now')
  t.alike(books, [0], 'nothing is known yet')
  snapshots.receive = receive
  for (const answer of waiting) answer()
  await until(() => books.length > 1, 'the book of the snapshot')
  t.is(books[1], 1)
})
