// Canonical bytes of the whole state: equal states give equal bytes, whatever path led there.
// What follows from the rest (reservations, counts, indexes) is not written but made again.

import { ByteReader, ByteWriter } from './bytes.ts'
import type { Core } from './core.ts'
import type { NonceIndex } from './nonce-index.ts'
import { readBatches, writeBatches } from './snapshot-batches.ts'
import { readOrders, writeOrders } from './snapshot-orders.ts'
import { assert } from './stop.ts'
import type { BlockInput } from './types.ts'

const VERSION = 2

type Cursor = BlockInput['cursor']

export function writeSnapshot(core: Core, cursor: Cursor): Uint8Array {
  const out = new ByteWriter()
  out.u32(VERSION)
  out.u32(core.config.tokens)
  out.u32(core.markets.length)
  out.u32(core.config.validators.length)
  out.integer(core.index)
  out.integer(core.time)
  out.raw(core.events.hash)
  out.u8(core.stopCode)
  out.integer(core.nextId)
  writeCursor(out, cursor)
  writeLanes(core, out)
  writeAccounts(core, out)
  writeGrants(core, out)
  writeProtections(core, out)
  for (const market of core.markets) out.u32(market.lastPrice)
  writeBatches(core, out)
  writeOrders(core, out)
  return out.finish()
}

/** Fills an empty core. Gives the cursor. */
export function readSnapshot(core: Core, nonces: NonceIndex, bytes: Uint8Array): Cursor {
  const input = new ByteReader(bytes)
  assert(input.u32() === VERSION, 'the snapshot has another version')
  const sizes = [core.config.tokens, core.markets.length, core.config.validators.length]
  for (const size of sizes) assert(input.u32() === size, 'the snapshot is of another venue')
  core.index = input.integer()
  core.time = input.integer()
  core.seconds = Math.floor(core.time / 1000)
  core.events.hash = input.raw(32)
  core.stopCode = input.u8()
  core.nextId = input.integer()
  const cursor = readCursor(input)
  readLanes(core, input)
  readAccounts(core, input)
  readGrants(core, input)
  readProtections(core, input)
  for (const market of core.markets) market.lastPrice = input.u32()
  readBatches(core, input)
  readOrders(core, nonces, input)
  input.finish()
  core.ledger.takeChanges()
  return cursor
}

function writeCursor(out: ByteWriter, cursor: Cursor): void {
  out.u8(cursor === null ? 0 : 1)
  if (cursor === null) return
  out.integer(cursor.block)
  out.raw(cursor.hash)
  out.integer(cursor.blockTime)
  out.integer(cursor.logIndex)
}

function readCursor(input: ByteReader): Cursor {
  if (input.u8() === 0) return null
  const block = input.integer()
  const hash = input.raw(32)
  return { block, hash, blockTime: input.integer(), logIndex: input.integer() }
}

function writeLanes(core: Core, out: ByteWriter): void {
  out.list(core.lanes.list, (lane) => {
    out.raw(lane.key)
    out.u8((lane.open ? 1 : 0) | (lane.begun ? 2 : 0))
    out.integer(lane.length)
    out.raw(lane.treeHash)
    out.integer(lane.leaseUntil)
  })
}

function readLanes(core: Core, input: ByteReader): void {
  input.list(() => {
    const lane = core.lanes.list[core.lanes.number(input.raw(32))]
    const flags = input.u8()
    lane.open = (flags & 1) !== 0
    lane.begun = (flags & 2) !== 0
    lane.length = input.integer()
    lane.treeHash = input.raw(32)
    lane.leaseUntil = input.integer()
  })
}

function writeAccounts(core: Core, out: ByteWriter): void {
  const { accounts, ledger } = core
  out.u32(accounts.count)
  for (let account = 0; account < accounts.count; account++) {
    out.hex(accounts.addresses[account].slice(2))
    out.u32(accounts.lane[account] + 1)
    out.integer(accounts.lastNonce[account])
    out.integer(accounts.floor[account])
    for (let token = 0; token < core.config.tokens; token++) {
      out.u8(ledger.exiting(account, token) ? 1 : 0)
      out.integer(ledger.settled(account, token))
      out.integer(ledger.pending(account, token))
    }
    let slots = accounts.slotCount(account)
    while (slots > 0 && accounts.slotNonce(account, slots - 1) === 0) slots--
    out.u32(slots)
    for (let slot = 0; slot < slots; slot++) out.integer(accounts.slotNonce(account, slot))
  }
}

function readAccounts(core: Core, input: ByteReader): void {
  const { accounts, ledger } = core
  const count = input.u32()
  for (let i = 0; i < count; i++) {
    const account = core.account(`0x${input.hex()}`)
    assert(account === i, 'an account stands twice in the snapshot')
    accounts.lane[account] = input.u32() - 1
    accounts.lastNonce[account] = input.integer()
    accounts.floor[account] = input.integer()
    for (let token = 0; token < core.config.tokens; token++) {
      ledger.setExiting(account, token, input.u8() === 1)
      ledger.addSettled(account, token, input.integer())
      ledger.addPending(account, token, input.integer())
    }
    core.setGate(account)
    const slots = input.u32()
    for (let slot = 0; slot < slots; slot++) {
      const nonce = input.integer()
      if (nonce !== 0) accounts.takeSlot(account, slot, nonce, 0)
    }
  }
}

function writeGrants(core: Core, out: ByteWriter): void {
  out.list(core.grants.list(), ({ account, delegate, market, grant }) => {
    out.u32(account)
    out.u32(delegate)
    out.hex(market)
    out.u8(grant.cosign ? 1 : 0)
    out.integer(grant.from)
    out.integer(grant.until)
  })
}

function readGrants(core: Core, input: ByteReader): void {
  input.list(() => {
    const account = input.u32()
    const delegate = input.u32()
    const market = input.hex()
    const cosign = input.u8() === 1
    const from = input.integer()
    core.grants.set(account, delegate, market, { cosign, from, until: input.integer() })
  })
}

function writeProtections(core: Core, out: ByteWriter): void {
  out.list(core.protections.list(), ({ account, market, protection }) => {
    out.u32(account)
    out.u8(market)
    out.integer(protection.lots)
    out.integer(protection.windowMs)
    out.u8(protection.fired ? 1 : 0)
    // Drops what is out of the window, so that when that happens is not part of the state.
    protection.counted(core.time)
    out.list(protection.counts, ({ time, lots }) => {
      out.integer(time)
      out.integer(lots)
    })
  })
}

function readProtections(core: Core, input: ByteReader): void {
  input.list(() => {
    const account = input.u32()
    const market = input.u8()
    const lots = input.integer()
    const protection = core.protections.set(account, market, lots, input.integer())
    protection.fired = input.u8() === 1
    protection.counts = input.list(() => ({ time: input.integer(), lots: input.integer() }))
    protection.sum = protection.counts.reduce((sum, count) => sum + count.lots, 0)
  })
}
