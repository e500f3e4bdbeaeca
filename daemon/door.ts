// The door of a validator: a lane is acknowledged, and taken into this validator's cuts, only as
// much as its accounts' bonds allow; a new lane once it has shown a link that a bonded account
// signed. That is each validator's own judgement, on the state that its engine is in; what the tape
// takes is judged again, by everyone alike, in the engine (`quota`, `bond_too_small`).
import { toHex } from '../protocol/bytes.ts'
import type { Address, Bytes32, Entry } from '../protocol/types.ts'
import { type Engine, type EngineConfig, eventMask, eventsOf } from '../matching/index.ts'
import type { LaneKey, Size } from './lanes/types.ts'
import { entriesOf } from './replica/intake.ts'
import type { Applied } from './replica/types.ts'

/** Links of a new lane whose signatures are looked at, and new lanes that are remembered. */
const LINKS_MAX = 8
const NEWCOMERS_MAX = 4096
/** Blocks that do not decode, after which a lane is acknowledged no more: no daemon of ours makes
 * one, and each costs everyone its bytes on the tape for nothing. Its owner can open another lane,
 * at the price of links. */
const SPOILED_MAX = 3
const SPOILED_LANES_MAX = 4096
/** Cuts' worth of entries that a lane may have waiting. */
const CUTS_AHEAD = 4

const NOBODY: ReadonlySet<number> = new Set()
const LINKED = eventMask(['linked'])

export type DoorDependencies = {
  engine: () => Engine
  /** Who signed an entry of a lane. */
  signer: (lane: Bytes32, entry: Entry) => Address | null
}

export class Door {
  readonly #bond: EngineConfig['bond']
  readonly #laneEntries: number
  readonly #engine: () => Engine
  readonly #signer: DoorDependencies['signer']
  /** By new lane: links that were looked at, and the accounts that had signed them. */
  readonly #newcomers = new Map<LaneKey, { links: number; accounts: Set<Address> }>()
  /** Accounts by number of their lane; the engine names accounts and lanes by numbers. */
  readonly #accounts = new Map<number, Set<number>>()
  readonly #laneOf = new Map<number, number>()
  readonly #numbers = new Map<LaneKey, number>()
  /** Blocks that did not decode, by lane. */
  readonly #spoiled = new Map<LaneKey, number>()
  #scanned: Engine | null = null

  /** `laneEntries`: what a cut may take of one lane, and so what a run may hold. */
  constructor(
    { bond, laneEntries }: { bond: EngineConfig['bond']; laneEntries: number },
    dependencies: DoorDependencies
  ) {
    this.#bond = bond
    this.#laneEntries = laneEntries
    this.#engine = dependencies.engine
    this.#signer = dependencies.signer
  }

  /** Blocks of a lane came from a peer. */
  arrived(lane: Bytes32, blocks: readonly Uint8Array[]): void {
    if (this.#bond === null) return
    const key = toHex(lane)
    if (this.#linked(key).size > 0) return
    const seen = this.#newcomers.get(key) ?? { links: 0, accounts: new Set() }
    for (const block of blocks) {
      if (seen.links >= LINKS_MAX) break
      for (const entry of entriesOf(block)) {
        if (entry.kind !== 'link' || seen.links++ >= LINKS_MAX) continue
        if (this.#signer(lane, entry) === entry.account) seen.accounts.add(entry.account)
      }
    }
    remember(this.#newcomers, key, seen, NEWCOMERS_MAX)
  }

  /** `size`: what of the lane is not final yet. A lane that has been met may always have a cut's
   * worth: heads are signed by the run, and one that never came in would stop all behind it. */
  admits(key: LaneKey, size: Size): boolean {
    if ((this.#spoiled.get(key) ?? 0) > SPOILED_MAX) return false
    const bond = this.#bond
    if (bond === null) return true
    const engine = this.#engine()
    const linked = this.#linked(key)
    let bonds = 0
    for (const account of linked) {
      const { settled } = engine.balances(engine.address(account))[bond.token]
      bonds += Math.floor(settled / bond.min)
    }
    const isMet = linked.size > 0 || this.#hasBonded(key, bond)
    const allowed = Math.max(this.#laneEntries, bonds * bond.entriesPerCutPerBond * CUTS_AHEAD)
    return isMet && size.entries <= allowed
  }

  #hasBonded(key: LaneKey, { token, min }: NonNullable<EngineConfig['bond']>): boolean {
    const engine = this.#engine()
    for (const address of this.#newcomers.get(key)?.accounts ?? []) {
      if (engine.account(address) !== null && engine.balances(address)[token].settled >= min) {
        return true
      }
    }
    return false
  }

  /** Accounts, by number, that the engine has linked to a lane. */
  #linked(key: LaneKey): ReadonlySet<number> {
    const engine = this.#engine()
    if (engine !== this.#scanned) this.#scan(engine)
    return this.#accounts.get(this.#number(engine, key)) ?? NOBODY
  }

  /** The lane brought a block that does not decode. */
  spoiled(key: LaneKey): void {
    const count = (this.#spoiled.get(key) ?? 0) + 1
    remember(this.#spoiled, key, count, SPOILED_LANES_MAX)
  }

  /** Accounts move between lanes by links. */
  applied({ result }: Applied): void {
    if (this.#bond === null) return
    for (const [, event] of eventsOf(result.events, LINKED)) {
      if (event.kind === 'linked') this.#link(event.account, event.lane)
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
    if (engine.laneCount === this.#numbers.size) return -1
    for (const { lane, key: bytes } of engine.lanes()) this.#numbers.set(toHex(bytes), lane)
    return this.#numbers.get(key) ?? -1
  }
}

/** Puts an entry at the end of a map, and forgets the oldest beyond `most`. */
function remember<V>(map: Map<LaneKey, V>, key: LaneKey, value: V, most: number): void {
  map.delete(key)
  map.set(key, value)
  if (map.size <= most) return
  for (const oldest of map.keys()) {
    map.delete(oldest)
    return
  }
}
