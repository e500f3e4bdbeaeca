// Holds the engine to the oracle, block by block: same records, same hash, same balances, same
// books, same batches. A difference is thrown with the seed, the block and the first record.
import { Engine, type BlockResult } from '../../../matching/index.ts'
import { blake2b256Parts } from '../../../crypto/blake2b.ts'
import type { Random } from '../../../daemon/clock.ts'
import { deltasOf, feesOf, filledIn } from '../../helpers/naive/batches.ts'
import type { NaiveBlock } from '../../helpers/naive/engine.ts'
import { kinds, reasons } from '../../helpers/naive/reasons.ts'
import type { Batch, Order } from '../../helpers/naive/state.ts'
import type { World } from '../../helpers/naive/world.ts'
import { seededRandom } from '../../helpers/random.ts'
import type { Auditor } from './auditor.ts'
import type { Coverage } from './coverage.ts'
import { Stream } from './stream.ts'
import { hexOf } from './venue.ts'

export type DifferentialOptions = {
  seed: number
  /** Entries after which it ends. */
  commands: number
  /** How often, on average, the engine goes through a snapshot; 0 for never. */
  snapshotEveryBlocks: number
  coverage?: Coverage
  /** Watches the engine's events for broken rules. */
  auditor?: (config: Stream['venue']['config']) => Auditor
}

/** @returns the last event hash, hex
 * @throws Error at the first difference, naming seed and block */
export function runDifferential(options: DifferentialOptions): string {
  const { seed, commands, snapshotEveryBlocks, coverage } = options
  const stream = new Stream(seed)
  const deps = { hash: blake2b256Parts }
  const { config } = stream.venue
  const auditor = options.auditor?.(config)
  const dice: Random = seededRandom(seed + 1_000_000)
  let engine = new Engine(config, deps)
  let before = balanceTable(stream.world)
  while (stream.entries < commands) {
    const block = stream.next()
    const where = `seed ${seed}, block ${block.index}`
    const naive = stream.naive.apply(block)
    const fast = engine.apply(block)
    coverage?.add(naive.records)
    compareRecords(where, naive, fast)
    const after = balanceTable(stream.world)
    compareBalances(where, stream.world, engine, fast, before, after)
    before = after
    auditor?.block(block, fast)
    if (block.index % 16 === 0) compareViews(where, stream.world, engine)
    if (snapshotEveryBlocks > 0 && dice() * snapshotEveryBlocks < 1) {
      const bytes = engine.snapshot()
      engine = Engine.restore(bytes, config, deps)
      same(`${where}: snapshot of the restored engine`, hexOf(engine.snapshot()), hexOf(bytes))
    }
  }
  return hexOf(engine.eventHash)
}

function same(what: string, actual: unknown, expected: unknown): void {
  const [mine, theirs] = [JSON.stringify(actual), JSON.stringify(expected)]
  if (mine !== theirs) throw new Error(`${what}: the engine has ${mine}, the oracle ${theirs}`)
}

function compareRecords(where: string, naive: NaiveBlock, fast: BlockResult): void {
  const { records } = fast.events
  const equal =
    records.length === naive.bytes.length &&
    records.every((byte, place) => byte === naive.bytes[place])
  if (!equal) {
    const mine = describe(records)
    const theirs = describe(naive.bytes)
    const first = mine.findIndex((line, place) => line !== theirs[place])
    const at = first < 0 ? mine.length : first
    throw new Error(
      [
        `${where}: records differ from ${at} on (engine | oracle)`,
        ...[at - 2, at - 1, at, at + 1, at + 2]
          .filter((place) => place >= 0)
          .map((place) => `  ${mine[place] ?? '-'}  |  ${theirs[place] ?? '-'}`)
      ].join('\n')
    )
  }
  same(`${where}: event hash`, hexOf(fast.eventHash), hexOf(naive.eventHash))
}

/** A line for each record, for people who look for a difference. */
export function describe(bytes: Uint8Array): string[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const names = Object.entries(kinds)
  const lines: string[] = []
  for (let at = 0; at < bytes.length; at += 32) {
    const kind = view.getUint8(at)
    const code = view.getUint8(at + 1)
    const name = names.find(([, value]) => value === kind)?.[0] ?? `kind ${kind}`
    const reason = kind === 2 || kind === 7 ? reasons[code - 1] : String(code)
    const fields = [
      view.getUint16(at + 2, true),
      view.getUint32(at + 4, true),
      view.getUint32(at + 8, true),
      view.getUint32(at + 12, true),
      view.getBigUint64(at + 16, true),
      view.getBigUint64(at + 24, true)
    ]
    lines.push(`${name}(${reason}) ${fields.join(' ')}`)
  }
  return lines
}

type Row = { account: number; token: number; settled: number; pending: number; reserved: number }

function balanceTable(world: World): Row[] {
  return world.accounts.flatMap(({ index: account, settled, pending, reserved }) =>
    settled.map((quanta, token) => ({
      account,
      token,
      settled: quanta,
      pending: pending[token],
      reserved: reserved[token]
    }))
  )
}

function compareBalances(
  where: string,
  world: World,
  engine: Engine,
  result: BlockResult,
  before: Row[],
  after: Row[]
): void {
  for (const account of world.accounts) {
    const fast = engine.balances(account.address)
    for (let token = 0; token < account.settled.length; token++) {
      const { settled, pending, reserved, available } = fast[token]
      const right =
        settled === account.settled[token] &&
        pending === account.pending[token] &&
        reserved === account.reserved[token] &&
        available === world.available(account, token)
      if (right) continue
      same(`${where}: balance of account ${account.index}, token ${token}`, fast[token], {
        settled: account.settled[token],
        pending: account.pending[token],
        reserved: account.reserved[token]
      })
    }
  }
  const known = new Map(before.map((row) => [`${row.account} ${row.token}`, JSON.stringify(row)]))
  const zero = { settled: 0, pending: 0, reserved: 0 }
  const changed = after.filter((row) => {
    const { account, token } = row
    const old = known.get(`${account} ${token}`) ?? JSON.stringify({ account, token, ...zero })
    return old !== JSON.stringify(row)
  })
  const told = [...result.balances].map(({ account, token, settled, pending, reserved }) => ({
    account,
    token,
    settled,
    pending,
    reserved
  }))
  same(`${where}: balances told as changed`, told, changed)
}

/** What the daemon reads between blocks. */
function compareViews(where: string, world: World, engine: Engine): void {
  world.books.forEach((book, market) => {
    const fast = engine.level3(market)
    const row = (order: Order): unknown[] => [order.id, order.price, order.remaining]
    const given = (orders: typeof fast.bids): unknown[] =>
      orders.map(({ id, price, lots }) => [id, price, lots])
    same(`${where}: bids of market ${market}`, given(fast.bids), book.buy.map(row))
    same(`${where}: asks of market ${market}`, given(fast.asks), book.sell.map(row))
    for (const order of [...book.buy, ...book.sell]) {
      const level = book[order.input.side].filter((other) => other.price === order.price)
      const ahead = level.slice(0, level.indexOf(order))
      const lots = ahead.reduce((sum, other) => sum + other.remaining, 0)
      same(`${where}: lots ahead of order ${order.id}`, engine.queueAhead(order.id), lots)
    }
    same(`${where}: last price`, engine.lastPrice(market), world.lastPrices[market])
  })
  for (const account of world.accounts) {
    const live = engine.liveOrders(account.address)
    same(
      `${where}: live orders of account ${account.index}`,
      live.map(({ id, nonce, state, filled, remaining }) => [id, nonce, state, filled, remaining]),
      account.live.map(({ id, input, state, filled, remaining }) => [
        id,
        input.nonce,
        state,
        filled,
        remaining
      ])
    )
    const view = engine.account(account.address)
    same(
      `${where}: account ${account.index}`,
      [view?.lane, view?.lastNonce, view?.floor],
      [account.lane ? account.lane.index : null, account.lastNonce, account.floor]
    )
  }
  if (world.config.settlement === null) return
  const fast = engine.batches()
  same(
    `${where}: batches`,
    fast.map((batch) => batch.index),
    world.batches.map((batch) => batch.index)
  )
  world.batches.forEach((batch, place) => {
    same(`${where}: batch ${batch.index}`, fastBatch(fast[place]), naiveBatch(world, batch))
  })
}

function fastBatch(batch: ReturnType<Engine['batches']>[number]): unknown {
  const { state, openedAt, closedAt, sealedAt, link, fees, withdrawals, cosigns } = batch
  return {
    state,
    times: [openedAt, closedAt, sealedAt],
    link,
    fees,
    fills: batch.fills.map(({ maker, taker, quantity, price, makerFee }) => [
      [maker.account, maker.nonce, maker.place.index, maker.place.entry, maker.place.ordinal],
      [taker.account, taker.nonce, taker.place.index, taker.place.entry, taker.place.ordinal],
      quantity,
      price,
      makerFee
    ]),
    takerFees: batch.takerFees.map(({ order, fee }) => [order, fee]),
    accounts: batch.accounts.map(({ account, deltas, orders }) => [
      account,
      deltas,
      orders.map(({ order, filled, marked, slot }) => [order, filled, marked, slot])
    ]),
    withdrawals: withdrawals.map(({ account, token, quanta, nonce, place }) => [
      account,
      token,
      quanta,
      nonce,
      place.index,
      place.entry
    ]),
    cosigns: cosigns.map(({ account }) => account)
  }
}

function naiveBatch(world: World, batch: Batch): unknown {
  const leg = ({ account, input, place }: Order): number[] => [
    account.index,
    input.nonce,
    place.index,
    place.entry,
    place.leaf
  ]
  const accounts = [...deltasOf(world, batch)].sort(([one], [other]) => one.index - other.index)
  return {
    state: batch.state,
    times: [batch.openedAt, batch.closedAt, batch.sealedAt],
    link: batch.link,
    fees: feesOf(world, batch),
    fills: batch.fills.map(({ maker, taker, lots, price, makerFee }) => [
      leg(maker.order),
      leg(taker.order),
      lots,
      price,
      makerFee
    ]),
    takerFees: batch.takerFees.map(({ order, fee }) => [order.id, fee]),
    accounts: accounts.map(([account, deltas]) => [
      account.index,
      // -0 is no other number than 0 here
      deltas.map((quanta) => quanta + 0),
      [...filledIn(batch, account)]
        .sort(([one], [other]) => one.id - other.id)
        .map(([{ id, input }, filled]) => {
          const marked = input.timeInForce === 'gtc' || input.trigger !== null
          return [id, filled, marked, input.slot]
        })
    ]),
    withdrawals: batch.withdrawals.map(({ account, token, quanta, nonce, place }) => [
      account.index,
      token,
      quanta,
      nonce,
      place.index,
      place.entry
    ]),
    cosigns: batch.cosigned.map((account) => account.index)
  }
}
