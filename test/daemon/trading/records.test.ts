// What the desk believes of the tape: the engine's word on its own orders, and nobody else's.
import test from 'brittle'
import { Engine } from '../../../matching/index.ts'
import { blake2b256, blake2b256Parts } from '../../../crypto/blake2b.ts'
import { loadCrypto } from '../../../crypto/crypto.ts'
import { toHex } from '../../../protocol/bytes.ts'
import { typedHasher } from '../../../protocol/eip712.ts'
import type { Entry, Order } from '../../../protocol/types.ts'
import { signingTerms } from '../../../protocol/venue.ts'
import { engineConfig } from '../../../daemon/replica/engine-config.ts'
import { newRecord } from '../../../daemon/trading/new-record.ts'
import { Records } from '../../../daemon/trading/records.ts'
import { Slots } from '../../../daemon/trading/slots.ts'
import type { OrderRecord, TradingNode } from '../../../daemon/trading/types.ts'
import { appliedBlock } from '../../helpers/applied.ts'
import { order as orderOf } from '../../helpers/orders.ts'
import { venueManifest } from '../../helpers/venue.ts'

const ours = new Uint8Array(32).fill(7)
const theirs = new Uint8Array(32).fill(3)

/** `entries` are those of each block, as the tape has them. */
async function setUp(entries: readonly Entry[] = []) {
  const manifest = await venueManifest({ validators: 1, accounts: ['alice'] })
  const { keccak, recover } = await loadCrypto()
  const terms = signingTerms(manifest, { keccak, blake2b: blake2b256 })
  const engine = new Engine(engineConfig(manifest, terms), { hash: blake2b256Parts })
  const hasher = typedHasher(terms, keccak)
  const node: TradingNode = {
    manifest,
    hasher,
    engine,
    recover,
    synced: true,
    lane: { key: toHex(ours), lane: ours },
    submit: () => {
      throw new Error('nothing is sent here')
    },
    outcome: () => Promise.reject(new Error('nothing is sent here')),
    onapplied: () => {},
    onrestored: () => {},
    onlane: () => {},
    readBlock: async () => null,
    waitingEntries: () => []
  }
  const ended: OrderRecord[] = []
  const account = engine.address(0)
  const records = new Records({
    node,
    find: (_applied, entry) => entries[entry] ?? null,
    clientOrderIdOf: () => null,
    onlive: () => {},
    onended: (record) => ended.push(record)
  })
  records.watch(account)
  records.number()
  const place = (nonce: number, fields: Partial<Order> = {}): OrderRecord => {
    const terms = { side: 'sell', price: 100, quantity: 5, nonce, slot: nonce, ...fields } as const
    const order = orderOf(account, terms)
    const digest = hasher.orderDigest(order)
    const record = newRecord(order, digest, { clientOrderId: null, type: 'limit', time: 0 })
    records.add(record)
    return record
  }
  return { records, place, ended, account }
}

test('records - what another lane is told of our nonce is not about our order', async (t) => {
  const { records, place, ended } = await setUp()
  const record = place(9)
  const rejected = { kind: 'rejected', reason: 'bad_signature', account: 0, nonce: 9 } as const
  const lanes = [
    { lane: theirs, entries: 1 },
    { lane: ours, entries: 1 }
  ]
  records.apply(appliedBlock({ index: 0, events: [{ ...rejected, entry: 0 }], lanes }))
  t.is(record.state, 'pending')
  t.is(ended.length, 0)
  const changes = records.apply(
    appliedBlock({ index: 1, events: [{ ...rejected, entry: 1 }], lanes })
  )
  t.alike([record.state, record.reason], ['rejected', 'bad_signature'])
  t.is(changes.length, 1)
  t.is(ended.length, 1)
})

test('records - a list is rejected as a whole, and no order of another list', async (t) => {
  const { records, place } = await setUp()
  const list = [4, 5, 6].map((nonce) => ({ ...place(nonce, { quote: true }) }))
  for (const nonce of [4, 5, 6]) {
    const record = records.find(list[0].order.account, nonce)
    if (record !== null) record.list = 4
  }
  const next = place(7, { quote: true })
  records.apply(
    appliedBlock({
      index: 0,
      events: [{ kind: 'rejected', reason: 'quote_list', account: 0, nonce: 4, entry: 0 }],
      lanes: [{ lane: ours, entries: 2 }]
    })
  )
  const states = [4, 5, 6].map((nonce) => records.find(next.order.account, nonce)?.state)
  t.alike(states, ['rejected', 'rejected', 'rejected'])
  t.is(next.state, 'pending')
})

test('records - what was refused in a block that the history lost is told as refused, after a restart', async (t) => {
  const { account } = await setUp()
  const signature = new Uint8Array(65)
  const sample = (nonce: number, quote: boolean): Order =>
    orderOf(account, { side: 'sell', price: 100, quantity: 5, nonce, slot: nonce, quote })
  const entries: Entry[] = [
    { kind: 'place', order: sample(2, false), proof: null, signature },
    { kind: 'quote', account, market: 0, orders: [sample(3, true), sample(4, true)], signature },
    { kind: 'place', order: sample(1, false), proof: null, signature }
  ]
  const { records, ended } = await setUp(entries)
  const rejected = { kind: 'rejected', account: 0 } as const
  const changes = records.apply(
    appliedBlock({
      index: 5,
      events: [
        { ...rejected, reason: 'fok_unfillable', nonce: 2, entry: 0 },
        { ...rejected, reason: 'quote_list', nonce: 3, entry: 1 },
        { ...rejected, reason: 'nonce_used', nonce: 1, entry: 2 }
      ],
      lanes: [{ lane: ours, entries: 3 }]
    })
  )
  t.alike(
    changes.map(({ record }) => [record.order.nonce, record.state, record.reason]),
    [
      [2, 'rejected', 'fok_unfillable'],
      [3, 'rejected', 'quote_list'],
      [4, 'rejected', 'quote_list']
    ],
    'but for one whose nonce is another order’s'
  )
  t.is(ended.length, 3)
  t.alike(records.live(), [])
})

test('records - fills, their fee and their batch add up', async (t) => {
  const { records, place, account } = await setUp()
  const record = place(3)
  const accepted = { market: 0, side: 'sell', account: 0, order: 11, nonce: 3 } as const
  const trade = {
    kind: 'traded',
    market: 0,
    takerSide: 'buy',
    maker: 0,
    taker: 1,
    price: 100,
    makerOrder: 11,
    takerOrder: 12,
    makerFee: 2
  } as const
  records.apply(
    appliedBlock({
      index: 0,
      events: [
        { kind: 'accepted', ...accepted, lots: 5, price: 100, entry: 0, ordinal: 0 },
        { kind: 'rested', market: 0, side: 'sell', account: 0, remaining: 5, price: 100, order: 11 }
      ]
    })
  )
  t.alike([record.state, record.id, record.restingPrice], ['open', 11, 100])
  records.apply(appliedBlock({ index: 1, events: [{ ...trade, lots: 2 }] }))
  const closed = { kind: 'batchClosed', batch: 1, fills: 1, withdrawals: 0, gas: 0 } as const
  records.apply(appliedBlock({ index: 2, events: [closed, { ...trade, lots: 3 }] }))
  t.alike([record.state, record.filled, record.remaining, record.fee], ['filled', 5, 0, 4])
  t.alike(
    record.fills.map(({ batch, index, event, lots }) => [batch, index, event, lots]),
    [
      [1, 1, 0, 2],
      [2, 2, 1, 3]
    ]
  )
  t.is(record.filledQuote, 500)
  t.alike(records.live(account), [])
})

test('records - blocks up to the restored one change nothing', async (t) => {
  const { records, place } = await setUp()
  const record = place(3)
  const known = { ...record, id: 11, state: 'open' as const, remaining: 5, tapeIndex: 4 }
  const fresh = await setUp()
  fresh.records.restore([known], 4)
  const cancelled = {
    kind: 'cancelled',
    reason: 'requested',
    market: 0,
    account: 0,
    remaining: 5,
    order: 11
  } as const
  t.is(fresh.records.apply(appliedBlock({ index: 4, events: [cancelled] })).length, 0)
  t.is(known.state, 'open')
  t.is(fresh.records.apply(appliedBlock({ index: 5, events: [cancelled] })).length, 1)
  t.is(known.state, 'cancelled')
  t.is(records.live().length, 1)
})

test('slots - the lowest free one, shared while an order replaces another', (t) => {
  const slots = new Slots(3)
  for (const slot of [0, 1, 2]) {
    t.is(slots.free(), slot)
    slots.hold(slot)
  }
  t.is(slots.free(), null)
  slots.hold(1)
  slots.release(1)
  t.is(slots.free(), null, 'the new order holds it still')
  slots.release(1)
  t.is(slots.free(), 1)
  slots.release(1)
  slots.hold(999)
  slots.release(999)
  t.is(slots.free(), 1)
})
