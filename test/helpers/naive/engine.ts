// The oracle: a second engine, written from docs/matching.md alone, to which the fast one is
// held. Arrays and obvious code; it imports nothing from matching/ but types.
import type {
  BlockInput,
  EngineConfig,
  EntryInput,
  Hash256,
  OrderInput
} from '../../../matching/types.ts'
import { attest, cosign, runBatches } from './batches.ts'
import { applyChainEvent } from './chain.ts'
import { latestGrant } from './grants.ts'
import {
  amend,
  cancel,
  cancelAll,
  enterPending,
  massQuote,
  place,
  runTriggers,
  withdraw,
  type EntryOf,
  type Turn
} from './intents.ts'
import { encode, pack, u64 } from './records.ts'
import type { Lane } from './state.ts'
import { World, type Record32 } from './world.ts'

export type NaiveBlock = {
  index: number
  eventHash: Uint8Array
  records: Record32[]
  bytes: Uint8Array
}

const phase2Kinds = new Set<EntryInput['kind']>(['lease', 'protect', 'cosign', 'attest'])

export class NaiveEngine {
  readonly world: World

  constructor(config: EngineConfig, deps: { hash: Hash256 }) {
    this.world = new World(config, deps.hash)
  }

  /** @throws Error where the fast engine stops: on a chain event that cannot be. */
  apply(block: BlockInput): NaiveBlock {
    const { world } = this
    world.index = block.index
    world.time = block.time
    world.records = []
    world.trades = []
    world.firstOrderId = world.nextOrderId
    for (const event of block.chain) applyChainEvent(world, event)
    if (block.cursor) world.cursorTime = block.cursor.blockTime
    expireOrders(world)
    lapseLeases(world)
    const lanes = turnsOf(world, block)
    for (const turn of lanes.flat()) openOrLink(world, turn)
    for (const account of world.accounts) {
      account.nonceBefore = account.lastNonce
      account.counted = 0
    }
    for (const turn of lanes.flat()) turn.reason = judgeNonce(world, turn)
    runBatches(world)
    runPhases(world, lanes)
    runTriggers(world)
    const bytes = encode(world.records)
    const hashed = pack(world.records)
    world.eventHash = world.hash([world.eventHash, u64(block.index), hashed])
    return { index: block.index, eventHash: world.eventHash, records: world.records, bytes }
  }

  /** Settled, pending and reserved quanta of every account and token. */
  balances(): { address: string; settled: number[]; pending: number[]; reserved: number[] }[] {
    return this.world.accounts.map(({ address, settled, pending, reserved }) => ({
      address,
      settled: [...settled],
      pending: [...pending],
      reserved: [...reserved]
    }))
  }
}

/** Step 2. */
function expireOrders(world: World): void {
  const dead = [...world.live.values()].filter((order) => world.time >= order.input.expiry * 1000)
  dead.sort((one, other) => one.input.expiry - other.input.expiry || one.id - other.id)
  for (const order of dead) {
    world.remove(order)
    world.emit('expired', {
      market: order.input.market,
      a: order.account.index,
      b: order.remaining,
      x: order.id
    })
  }
}

/** Step 3. */
function lapseLeases(world: World): void {
  const lapsed = world.lanes.filter((lane) => lane.leaseUntil > 0 && lane.leaseUntil <= world.time)
  for (const lane of lapsed) lane.leaseUntil = 0
  for (const order of world.live.values()) {
    const { lane } = order.account
    if (order.input.leased && lane && lapsed.includes(lane)) world.cancel(order, 'lease_lapsed')
  }
}

/** The block's entries, numbered through its slices; the lanes in seed order. */
function turnsOf(world: World, block: BlockInput): Turn[][] {
  let number = 0
  const lanes = block.lanes.map((slice) => {
    const lane = laneOf(world, slice.lane)
    const turns = slice.entries.map((entry) => ({
      lane,
      entry,
      number: number++,
      reason: null,
      accepted: false,
      pending: []
    }))
    return { rank: hexOf(world.hash([block.seed, slice.lane])), turns }
  })
  lanes.sort((one, other) => (one.rank < other.rank ? -1 : 1))
  return lanes.map((lane) => lane.turns)
}

function laneOf(world: World, bytes: Uint8Array): Lane {
  const key = hexOf(bytes)
  const known = world.lanes.find((lane) => lane.key === key)
  if (known) return known
  const lane = { index: world.lanes.length, key, begun: false, open: false, leaseUntil: 0 }
  world.lanes.push(lane)
  return lane
}

/** Step 4. */
function openOrLink(world: World, turn: Turn): void {
  const { entry, lane, number } = turn
  const first = !lane.begun
  lane.begun = true
  if (entry.kind === 'open') {
    if (!first) return world.reject('lane_already_open', number, null, 0)
    if (!entry.valid) return world.reject('bad_open', number, null, 0)
    lane.open = true
    return world.emit('opened', { a: lane.index })
  }
  if (entry.kind !== 'link') return
  const reason = checkLink(world, lane, entry)
  if (reason !== null) return world.reject(reason, number, entry.account, entry.nonce)
  const account = world.account(entry.account)
  account.lastNonce = entry.nonce
  if (account.lane && account.lane !== lane) {
    for (const order of account.live) world.cancel(order, 'lane_moved')
  }
  account.lane = lane
  world.emit('linked', { a: account.index, b: lane.index, x: entry.nonce })
}

function checkLink(world: World, lane: Lane, entry: EntryOf<'link'>): string | null {
  const { admission } = world.config
  if (!lane.open) return 'lane_not_open'
  if (entry.signer !== entry.account) return 'bad_signature'
  if (world.time >= entry.expiry * 1000) return 'expired'
  if (admission !== null && !admission.includes(entry.account)) return 'not_admitted'
  const account = world.find(entry.account)
  if (entry.nonce <= (account?.lastNonce ?? 0)) return 'nonce_used'
  if (account) return null
  if (world.config.bond !== null) return 'bond_too_small'
  return world.accounts.length < world.config.accountsMax ? null : 'venue_full'
}

/** Step 5: what is wrong with the entry's signature, lane or nonces, which it consumes. */
function judgeNonce(world: World, { entry, lane }: Turn): string | null {
  if (entry.kind === 'place' || entry.kind === 'amend') {
    const { order } = entry
    return consume(world, lane, order.account, entry.signer, [order.nonce], order.market)
  }
  if (entry.kind === 'quote') {
    const nonces = entry.orders.map((order: OrderInput) => order.nonce)
    return consume(world, lane, entry.account, entry.signer, nonces, entry.market)
  }
  if (entry.kind === 'withdraw') {
    if (!lane.open) return 'lane_not_open'
    if (entry.signer === null) return 'bad_signature'
    if (entry.token >= world.config.tokens) return 'unknown_market'
    if (entry.signer !== entry.account) return 'not_authorised'
    return consume(world, lane, entry.account, entry.signer, [entry.nonce], null)
  }
  return null
}

function consume(
  world: World,
  lane: Lane,
  address: string,
  signer: string | null,
  nonces: number[],
  marketIndex: number | null
): string | null {
  const { markets, bond } = world.config
  if (!lane.open) return 'lane_not_open'
  if (signer === null) return 'bad_signature'
  if (marketIndex !== null && marketIndex >= markets.length) return 'unknown_market'
  if (
    signer !== address &&
    (marketIndex === null || !latestGrant(world, address, signer, markets[marketIndex].id))
  ) {
    return 'not_authorised'
  }
  const account = world.find(address)
  if (!account || account.lane !== lane) return 'not_linked'
  let last = account.lastNonce
  for (const nonce of nonces) {
    if (nonce <= last) return 'nonce_used'
    last = nonce
  }
  account.lastNonce = last
  if (bond === null) return null
  account.counted += nonces.length
  const settled = account.settled[bond.token]
  if (settled < bond.min) return 'bond_too_small'
  const quota = Math.floor(settled / bond.min) * bond.entriesPerCutPerBond
  return account.counted > quota ? 'quota' : null
}

function runPhases(world: World, lanes: Turn[][]): void {
  const all = lanes.flat()
  const early = (entry: EntryOf<'amend'>): boolean =>
    entry.oldNonce <= (world.find(entry.order.account)?.nonceBefore ?? 0)
  const lateNonces = (entry: EntryOf<'cancel'>): boolean => {
    const nonceBefore = world.find(entry.account)?.nonceBefore ?? 0
    return entry.nonces.some((nonce) => nonce > nonceBefore)
  }

  rounds(
    lanes,
    ({ entry }) => phase2Kinds.has(entry.kind),
    (turn) => phase2(world, turn)
  )

  rounds(
    lanes,
    ({ entry }) =>
      entry.kind === 'cancel' ||
      entry.kind === 'cancelAll' ||
      entry.kind === 'quote' ||
      (entry.kind === 'amend' && early(entry)),
    (turn) => {
      if (isA(turn, 'cancel')) cancel(world, turn, false)
      else if (isA(turn, 'cancelAll')) cancelAll(world, turn, false)
      else if (isA(turn, 'quote')) massQuote(world, turn)
      else if (isA(turn, 'amend')) amend(world, all, turn)
    }
  )

  rounds(
    lanes,
    ({ entry }) =>
      (entry.kind === 'place' && entry.order.postOnly !== 'no') ||
      (entry.kind === 'quote' && entry.orders.some((order) => order.postOnly !== 'no')) ||
      (entry.kind === 'amend' && early(entry) && entry.order.postOnly !== 'no'),
    (turn) => {
      if (isA(turn, 'place')) place(world, all, turn)
      else enterPending(world, turn, true)
    }
  )

  rounds(
    lanes,
    ({ entry }) =>
      (entry.kind === 'place' && entry.order.postOnly === 'no') ||
      (entry.kind === 'quote' && entry.orders.some((order) => order.postOnly === 'no')) ||
      (entry.kind === 'amend' && !(early(entry) && entry.order.postOnly !== 'no')) ||
      (entry.kind === 'cancel' && lateNonces(entry)) ||
      entry.kind === 'cancelAll' ||
      entry.kind === 'withdraw',
    (turn) => {
      if (isA(turn, 'place')) place(world, all, turn)
      else if (isA(turn, 'withdraw')) withdraw(world, turn)
      else if (isA(turn, 'cancel')) cancel(world, turn, true)
      else if (isA(turn, 'cancelAll')) cancelAll(world, turn, true)
      else if (isA(turn, 'quote')) enterPending(world, turn, false)
      else if (isA(turn, 'amend') && early(turn.entry)) enterPending(world, turn, false)
      else if (isA(turn, 'amend')) {
        amend(world, all, turn)
        enterPending(world, turn, turn.entry.order.postOnly !== 'no')
      }
    }
  )
}

function isA<K extends EntryInput['kind']>(turn: Turn, kind: K): turn is Turn<EntryOf<K>> {
  return turn.entry.kind === kind
}

/** In rounds, the next entry that belongs to the phase from each lane. */
function rounds(
  lanes: Turn[][],
  belongs: (turn: Turn) => boolean,
  act: (turn: Turn) => void
): void {
  const queues = lanes.map((turns) => turns.filter(belongs))
  const longest = Math.max(0, ...queues.map((queue) => queue.length))
  for (let round = 0; round < longest; round++) {
    for (const queue of queues) if (round < queue.length) act(queue[round])
  }
}

function phase2(world: World, turn: Turn): void {
  const { lane, entry } = turn
  if (isA(turn, 'cosign')) return cosign(world, turn)
  if (isA(turn, 'attest')) return attest(world, turn)
  if (entry.kind === 'lease') {
    if (!lane.open) return world.reject('lane_not_open', turn.number, null, 0)
    lane.leaseUntil = world.time + entry.ttlMs
    return world.emit('leaseRenewed', { a: lane.index, x: lane.leaseUntil })
  }
  if (isA(turn, 'protect')) protect(world, turn)
}

function protect(world: World, turn: Turn<EntryOf<'protect'>>): void {
  const { account: address, market, lots, windowMs } = turn.entry
  const account = world.find(address)
  const refuse = (reason: string): void => world.reject(reason, turn.number, address, 0)
  if (!turn.lane.open) return refuse('lane_not_open')
  if (!account || account.lane !== turn.lane) return refuse('not_linked')
  if (market >= world.config.markets.length) return refuse('unknown_market')
  account.protections.set(market, { lots, windowMs, counts: [], fired: false })
  world.emit('protectSet', { market, a: account.index, b: lots, x: windowMs })
}

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
