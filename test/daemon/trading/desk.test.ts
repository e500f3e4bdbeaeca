// The desk over a lane that a test plays: restarts, abandoned lanes, orders signed by others.
import test from 'brittle'
import { Engine, type Event } from '../../../matching/index.ts'
import { blake2b256, blake2b256Parts } from '../../../crypto/blake2b.ts'
import { loadCrypto } from '../../../crypto/crypto.ts'
import { toHex } from '../../../protocol/bytes.ts'
import { typedHasher } from '../../../protocol/eip712.ts'
import { NONCE_MAX } from '../../../protocol/limits.ts'
import type { Entry, Order } from '../../../protocol/types.ts'
import { signingTerms } from '../../../protocol/venue.ts'
import { engineConfig } from '../../../daemon/replica/engine-config.ts'
import type { Applied } from '../../../daemon/replica/types.ts'
import { Desk } from '../../../daemon/trading/desk.ts'
import type { OrderForm } from '../../../daemon/trading/order-form.ts'
import type { TradingNode } from '../../../daemon/trading/types.ts'
import { privateKeyOf } from '../../helpers/accounts.ts'
import { appliedBlock } from '../../helpers/applied.ts'
import { VirtualClock } from '../../helpers/clock.ts'
import { order } from '../../helpers/orders.ts'
import { venueManifest } from '../../helpers/venue.ts'

const {
  account: _account,
  nonce: _nonce,
  slot: _slot,
  ...rest
} = order('0x', {
  side: 'sell',
  price: 100,
  quantity: 5,
  nonce: 1,
  expiry: 2_000_000_000,
  feeMax: 0
})
const FORM: OrderForm = rest

/** Alice is hosted. `waiting` is in the lane already. */
async function setUp(waiting: (account: string) => Entry[] = () => []) {
  const manifest = await venueManifest({ validators: 1, accounts: ['alice', 'bob'] })
  const { keccak, recover, sign, address: addressOf } = await loadCrypto()
  const terms = signingTerms(manifest, { keccak, blake2b: blake2b256 })
  const engine = new Engine(engineConfig(manifest, terms), { hash: blake2b256Parts })
  const hasher = typedHasher(terms, keccak)
  const address = addressOf(privateKeyOf('alice'))
  const number = engine.accountOf(address) ?? -1
  const lane = { key: toHex(new Uint8Array(32).fill(7)), lane: new Uint8Array(32).fill(7) }
  const told = {
    applied: [] as ((applied: Applied) => void)[],
    lane: [] as (() => void)[],
    sent: [] as Entry[]
  }
  const node: TradingNode = {
    manifest,
    hasher,
    engine,
    recover,
    synced: true,
    lane,
    submit: (entry) => {
      told.sent.push(entry)
      return { lane: lane.key, laneIndex: told.sent.length, entry: 0, journaled: Promise.resolve() }
    },
    outcome: () => new Promise<never>(() => {}),
    onapplied: (listener) => told.applied.push(listener),
    onrestored: () => {},
    onlane: (listener) => told.lane.push(listener),
    readBlock: async () => null,
    waitingEntries: () => waiting(address)
  }
  const desk = new Desk(
    { manifest, outcomeMs: 1000 },
    { node, clock: new VirtualClock(), clientOrderIdOf: () => null }
  )
  const signer = { address, sign: (digest: Uint8Array) => sign(digest, privateKeyOf('alice')) }
  const account = desk.host(address, signer)
  desk.restore([], -1)
  await desk.open()
  const apply = (index: number, events: Event[]) => {
    const block = appliedBlock({ index, events, lanes: [{ lane: lane.lane, entries: 4 }] })
    for (const listener of told.applied) listener(block)
  }
  const signAs = (name: string, order: Order) => sign(hasher.orderDigest(order), privateKeyOf(name))
  return { desk, account, address, number, engine, told, lane, apply, signAs }
}

function orderOf(account: string, nonce: number): Order {
  return { ...FORM, account, nonce, slot: nonce % 4 }
}

test('desk - a list that waited over a restart is rejected as a whole', async (t) => {
  const signature = new Uint8Array(65)
  const { desk, address, number, apply } = await setUp((account) => {
    const orders = [4, 5, 6].map((nonce) => ({ ...orderOf(account, nonce), quote: true }))
    return [{ kind: 'quote', account, market: 0, orders, signature }]
  })
  const states = () => [4, 5, 6].map((nonce) => desk.records.find(address, nonce)?.state)
  t.alike(states(), ['pending', 'pending', 'pending'])
  apply(0, [{ kind: 'rejected', reason: 'quote_list', account: number, nonce: 4, entry: 0 }])
  t.alike(states(), ['rejected', 'rejected', 'rejected'])
})

test('desk - what an abandoned lane had not brought to the tape is over with the new link', async (t) => {
  const { desk, account, engine, told, lane, apply } = await setUp()
  const { value: order } = desk.place(account, FORM)
  lane.lane = new Uint8Array(32).fill(8)
  lane.key = toHex(lane.lane)
  for (const listener of told.lane) listener()
  const { value: later } = desk.place(account, FORM)
  const changed: string[] = []
  desk.onchanges((changes) => {
    changed.push(...changes.map(({ record }) => `${record.order.nonce} ${record.state}`))
  })
  apply(0, [])
  t.is(order.state, 'pending', 'the tape may still take it')
  const signer = account.address
  const link = { kind: 'link', account: signer, nonce: 9, expiry: 2_000_000_000, signer } as const
  const { events } = engine.apply({
    index: 0,
    time: 1_700_000_000_000,
    seed: new Uint8Array(32),
    cursor: null,
    chain: [],
    lanes: [
      {
        lane: lane.lane,
        length: 1,
        treeHash: new Uint8Array(32),
        entries: [{ kind: 'open', valid: true }, link]
      }
    ]
  })
  apply(1, [...events])
  t.is(order.state, 'rejected')
  t.is(later.state, 'pending', 'one of the new lane is not concerned')
  t.alike(changed, [`${order.order.nonce} rejected`])
  t.is(account.slots.free(), order.order.slot, 'its slot is free again')
})

test('desk - a stranger’s signature does not use up the nonces of an account', async (t) => {
  const { desk, account, address, signAs, apply, number } = await setUp()
  const last = orderOf(address, NONCE_MAX)
  const { value } = desk.submitSigned(last, signAs('bob', last))
  apply(0, [
    { kind: 'rejected', reason: 'bad_signature', account: number, nonce: NONCE_MAX, entry: 0 }
  ])
  t.is(value.state, 'rejected')
  t.is(account.lastNonce, 0)
  const delegated = orderOf(address, 1)
  desk.submitSigned(delegated, signAs('bob', delegated))
  await t.exception(() => desk.submitSigned(delegated, signAs('bob', delegated)), /used already/)
  t.is(desk.place(account, FORM).value.order.nonce, 2, 'not the one that is under way')
  const own = orderOf(address, 40)
  desk.submitSigned(own, signAs('alice', own))
  t.is(account.lastNonce, 40)
})

test('desk - an account to link is not hosted yet, and there is an end to how many are', async (t) => {
  const { desk, address } = await setUp()
  const at = (n: number) => `0x${n.toString(16).padStart(40, '0')}`
  t.is(desk.candidate(at(1)).address, at(1))
  t.is(desk.accounts().length, 1, 'nobody has signed for it')
  for (let n = 1; n < 1000; n++) desk.host(at(n), null)
  await t.exception(() => desk.candidate(at(1000)), /hosts 1000 accounts/)
  t.is(desk.candidate(at(999)).address, at(999), 'one that is here can be linked again')
  t.is(desk.candidate(address).address, address)
})
