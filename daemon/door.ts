// The door of a validator: a lane is acknowledged only as much as its accounts' bonds allow. That
// is each validator's own judgement, on the state that its engine is in; what the tape takes is
// judged again, by everyone alike, in the engine (`quota`, `bond_too_small`).
import { toHex } from '../protocol/bytes.ts'
import type { Engine, EngineConfig } from '../matching/index.ts'
import type { LaneKey, Size } from './lanes/types.ts'
import type { Applied } from './replica/types.ts'

/** Entries of a lane without a bonded account: its opening and a few links. */
const STRANGER_ENTRIES = 8
/** Blocks that do not decode, after which a lane is acknowledged no more: no daemon of ours makes
 * one, and each costs everyone its bytes on the tape for nothing. Its owner can open another lane,
 * at the price of links. */
const SPOILED_MAX = 3
const SPOILED_LANES_MAX = 4096
/** Cuts' worth of entries that a lane may have waiting. */
const CUTS_AHEAD = 4

const RECORD_BYTES = 32
const LINKED = 12

export class Door {
  readonly #bond: EngineConfig['bond']
  readonly #engine: () => Engine
  /** Accounts by number of their lane; the engine names accounts and lanes by numbers. */
  readonly #accounts = new Map<number, Set<number>>()
  readonly #laneOf = new Map<number, number>()
  readonly #numbers = new Map<LaneKey, number>()
  /** Blocks that did not decode, by lane. */
  readonly #spoiled = new Map<LaneKey, number>()
  #scanned: Engine | null = null

  constructor(bond: EngineConfig['bond'], dependencies: { engine: () => Engine }) {
    this.#bond = bond
    this.#engine = dependencies.engine
  }

  /** `size`: what of the lane is not final yet. */
  admits(key: LaneKey, size: Size): boolean {
    if ((this.#spoiled.get(key) ?? 0) > SPOILED_MAX) return false
    const bond = this.#bond
    if (bond === null) return true
    const engine = this.#engine()
    if (engine !== this.#scanned) this.#scan(engine)
    let allowed = STRANGER_ENTRIES
    for (const account of this.#accounts.get(this.#number(engine, key)) ?? []) {
      const { settled } = engine.balances(engine.address(account))[bond.token]
      allowed += Math.floor(settled / bond.min) * bond.entriesPerCutPerBond * CUTS_AHEAD
    }
    return size.entries <= allowed
  }

  /** The lane brought a block that does not decode. */
  spoiled(key: LaneKey): void {
    const count = (this.#spoiled.get(key) ?? 0) + 1
    this.#spoiled.delete(key)
    this.#spoiled.set(key, count)
    if (this.#spoiled.size <= SPOILED_LANES_MAX) return
    for (const oldest of this.#spoiled.keys()) {
      this.#spoiled.delete(oldest)
      return
    }
  }

  /** Accounts move between lanes by links. */
  applied({ result }: Applied): void {
    if (this.#bond === null) return
    const { records } = result.events
    const view = new DataView(records.buffer, records.byteOffset, records.byteLength)
    for (let at = 0; at < records.length; at += RECORD_BYTES) {
      if (records[at] === LINKED)
        this.#link(view.getUint32(at + 4, true), view.getUint32(at + 8, true))
    }
  }

  #link(account: number, lane: number): void {
    const before = this.#laneOf.get(account)
    if (before !== undefined) this.#accounts.get(before)?.delete(account)
    this.#laneOf.set(account, lane)
    const accounts = this.#accounts.get(lane)
    if (accounts === undefined) this.#accounts.set(lane, new Set([account]))
    else accounts.add(account)
  }

  /** All that is linked in an engine that was restored, or is new. */
  #scan(engine: Engine): void {
    this.#scanned = engine
    this.#accounts.clear()
    this.#laneOf.clear()
    this.#numbers.clear()
    for (let account = 0; account < engine.accountCount; account++) {
      const lane = engine.account(engine.address(account))?.lane ?? null
      if (lane !== null) this.#link(account, lane)
    }
  }

  #number(engine: Engine, key: LaneKey): number {
    const known = this.#numbers.get(key)
    if (known !== undefined) return known
    for (const { lane, key: bytes } of engine.lanes()) this.#numbers.set(toHex(bytes), lane)
    return this.#numbers.get(key) ?? -1
  }
}
