// The orders of a snapshot: each book level by level in its queue's order, then the armed by id,
// then the queue of the fired. Indexes of records are not state: a restored engine deals new ones.

import { addArmed, liveFired } from './activation.ts'
import type { ByteReader, ByteWriter } from './bytes.ts'
import type { BookSide } from './book-side.ts'
import type { Core } from './core.ts'
import type { NonceIndex } from './nonce-index.ts'
import {
  ARMED,
  DELEGATED,
  ENTRY,
  FILLED,
  FIRED,
  FLAGS,
  ORDER,
  NEXT,
  OWNER,
  PREV,
  PRICE,
  REMAINING,
  RESTING,
  SELL,
  STATE_MASK,
  TIGHT
} from './orders.ts'
import { assert } from './stop.ts'

export function writeOrders(core: Core, out: ByteWriter): void {
  for (const market of core.markets) {
    for (const side of [market.bids, market.asks]) {
      out.list(indexesOf(core, side), (index) => writeOrder(core, out, index))
    }
  }
  const inState = (wanted: number): number[] =>
    [...core.waiting.keys()].filter(
      (index) => (core.pool.words[index * ORDER + FLAGS] & STATE_MASK) === wanted
    )
  out.list(core.byId(inState(ARMED)), (index) => writeOrder(core, out, index))
  const fired = liveFired(core)
  assert(fired.length === inState(FIRED).length, 'a fired order is not in the queue')
  out.list(fired, (item) => writeOrder(core, out, item.index))
}

function indexesOf(core: Core, side: BookSide): number[] {
  const indexes: number[] = []
  for (let price = side.best; price !== 0; price = side.after(price)) {
    let index = side.head(price)
    for (; index !== 0; index = core.pool.words[index * ORDER + NEXT]) indexes.push(index)
  }
  return indexes
}

function writeOrder(core: Core, out: ByteWriter, index: number): void {
  const { words } = core.pool
  const at = index * ORDER
  const flags = words[at + FLAGS]
  out.integer(core.pool.id(index))
  out.u32(words[at + OWNER])
  out.u32(flags)
  out.u32(words[at + PRICE])
  out.u32(words[at + REMAINING])
  out.u32(words[index * ORDER + FILLED])
  out.integer(core.pool.expiry(index))
  out.integer(core.pool.tape(index))
  out.u32(words[index * ORDER + ENTRY])
  if ((flags & DELEGATED) !== 0) out.u32(core.delegates.get(index) ?? 0)
  const tight = core.tight.get(index)
  if (tight !== undefined) {
    out.integer(tight.feeMax)
    out.integer(tight.batch === core.batches.open.index ? tight.spent : 0)
  }
  const waiting = core.waiting.get(index)
  if (waiting === undefined) return
  out.integer(waiting.feeMax)
  out.u8(waiting.triggerKind)
  out.u32(waiting.triggerPrice)
}

export function readOrders(core: Core, nonces: NonceIndex, input: ByteReader): void {
  for (const market of core.markets) {
    for (const side of [market.bids, market.asks]) {
      input.list(() => {
        const index = readOrder(core, nonces, input)
        const at = index * ORDER
        const { words } = core.pool
        const isBid = (words[at + FLAGS] & SELL) === 0
        const fits = isBid === (side === market.bids) && (words[at + OWNER] & 0xff) === market.index
        assert(fits, 'an order of the snapshot stands on the wrong book')
        side.append(index, words[at + PRICE] >>> 0, words[at + REMAINING])
      })
    }
  }
  input.list(() => addArmed(core, readOrder(core, nonces, input)))
  core.fired = input.list(() => {
    const index = readOrder(core, nonces, input)
    return { index, id: core.pool.id(index), price: 0 }
  })
}

function readOrder(core: Core, nonces: NonceIndex, input: ByteReader): number {
  const { pool } = core
  const index = pool.allocate()
  const { words } = pool
  const at = index * ORDER
  const id = input.integer()
  words[at + NEXT] = 0
  words[at + PREV] = 0
  words[at + OWNER] = input.u32()
  words[at + FLAGS] = input.u32()
  words[at + PRICE] = input.u32()
  words[at + REMAINING] = input.u32()
  words[index * ORDER + FILLED] = input.u32()
  pool.setId(index, id)
  pool.setExpiry(index, input.integer())
  pool.setPlace(index, input.integer(), 0, 0)
  words[index * ORDER + ENTRY] = input.u32()
  const flags = words[at + FLAGS]
  const account = words[at + OWNER] >>> 8
  const state = flags & STATE_MASK
  assert(account < core.accounts.count, 'an order of the snapshot has no account')
  assert(state === RESTING || state === ARMED || state === FIRED, 'an order in no lasting state')
  if ((flags & DELEGATED) !== 0) core.delegates.set(index, input.u32())
  if ((flags & TIGHT) !== 0) {
    const feeMax = input.integer()
    core.tight.set(index, { feeMax, spent: input.integer(), batch: core.batches.open.index })
  }
  const slot = flags >>> 16
  const nonce = core.accounts.slotNonce(account, slot)
  pool.setNonce(index, nonce)
  if (state !== RESTING) {
    const feeMax = input.integer()
    const triggerKind = input.u8()
    core.waiting.set(index, { feeMax, nonce, triggerKind, triggerPrice: input.u32() })
  }
  core.accounts.takeSlot(account, slot, nonce, index)
  core.accounts.addLive(account)
  core.expiryMin = Math.min(core.expiryMin, pool.expiry(index))
  core.reserve(index, 1)
  nonces.add(account, nonce, index)
  return index
}
