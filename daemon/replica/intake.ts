// Lane blocks on their way to the engine: decoded, and their entries' signers recovered, once,
// when they arrive, long before they are final. What was found out hangs on the block's own bytes,
// so nothing has to be thrown away by hand when a fork dies or a block is final.
import { decodeBlock } from '../../protocol/entries.ts'
import { DecodeFault, Fault } from '../../protocol/faults.ts'
import type { Address, Entry } from '../../protocol/types.ts'
import type { EntryInput } from '../../matching/index.ts'
import { type EntryContext, entryInput } from './entry-inputs.ts'

/** Signers of the entries of each block, null for a block that does not decode; crypto/'s pool. */
export type BlockSigners = (
  lane: Uint8Array,
  blocks: readonly Uint8Array[]
) => Promise<((Address | null)[] | null)[]>

/** A block's entries as the engine takes them; empty when it does not decode. */
export type Prepared = readonly EntryInput[]

type State = { readonly ready: Prepared | null; readonly pending: Promise<void> | null }

/** Of a block that the engine has taken: its entries are dropped, since its bytes are kept for long
 * and whatever outlives a collection of the young is moved, twice, before it is let go. */
const TAKEN: State = { ready: null, pending: null }

export type IntakeDependencies = {
  context: EntryContext
  signers: BlockSigners
  /** A lane has a block that does not decode; told once a block. */
  onundecodable(lane: Uint8Array): void
}

export class Intake {
  readonly #context: EntryContext
  readonly #signers: BlockSigners
  readonly #onundecodable: IntakeDependencies['onundecodable']
  readonly #states = new WeakMap<Uint8Array, State>()
  /** The job given last: a pool that is full has room when this is done. */
  #last: Promise<unknown> = Promise.resolve()
  #entries = 0
  /** Why nothing can be prepared any more (the pool was closed). */
  #failure: unknown = null

  constructor(dependencies: IntakeDependencies) {
    this.#context = dependencies.context
    this.#signers = dependencies.signers
    this.#onundecodable = (lane) => dependencies.onundecodable(lane)
  }

  /** Entries prepared so far. */
  get entries(): number {
    return this.#entries
  }

  /** Blocks arrived: a start is made, if the pool has room. The arrays given are the ones that
   * `take` must be called with. */
  arrived(lane: Uint8Array, blocks: readonly Uint8Array[]): void {
    const fresh = blocks.filter((block) => !this.#states.has(block))
    if (fresh.length > 0) void this.#start(lane, fresh)
  }

  /** The entries of each block, or null when some are not ready: then wait for `ready`. */
  take(blocks: readonly Uint8Array[]): Prepared[] | null {
    const all: Prepared[] = []
    for (const block of blocks) {
      const prepared = this.#states.get(block)?.ready
      if (!prepared) return null
      all.push(prepared)
    }
    return all
  }

  /** The engine has the entries of the slices' blocks: they are prepared anew should they be wanted once more. */
  taken(slices: readonly (readonly Uint8Array[])[]): void {
    for (const blocks of slices) for (const block of blocks) this.#states.set(block, TAKEN)
  }

  /** Resolves when every block is prepared. Rejects when the pool has closed. */
  async ready(lane: Uint8Array, blocks: readonly Uint8Array[]): Promise<void> {
    for (;;) {
      const missing = blocks.filter((block) => !this.#states.get(block)?.ready)
      if (missing.length === 0) return
      const fresh = missing.filter((block) => !this.#states.get(block)?.pending)
      if (fresh.length > 0) await this.#start(lane, fresh)
      else for (const block of missing) await this.#states.get(block)?.pending
      if (this.#failure !== null) throw this.#failure
    }
  }

  #start(lane: Uint8Array, blocks: readonly Uint8Array[]): Promise<void> {
    const job = this.#prepare(lane, blocks)
    for (const block of blocks) this.#states.set(block, { ready: null, pending: job })
    this.#last = job
    return job
  }

  async #prepare(lane: Uint8Array, blocks: readonly Uint8Array[]): Promise<void> {
    const before = this.#last
    try {
      const signers = await this.#signers(lane, blocks)
      for (const [place, block] of blocks.entries()) {
        const ready = this.#inputs(lane, block, signers[place])
        this.#states.set(block, { ready, pending: null })
        this.#entries += ready.length
      }
    } catch (fault) {
      for (const block of blocks) this.#states.delete(block)
      if (!(fault instanceof Fault && fault.code === 'pool_busy')) {
        this.#failure = fault
        return
      }
      // Asked for again when it is needed; there is room when what was queued before is done.
      await before
    }
  }

  #inputs(
    lane: Uint8Array,
    block: Uint8Array,
    signers: readonly (Address | null)[] | null
  ): Prepared {
    if (signers === null) {
      this.#onundecodable(lane)
      return []
    }
    return entriesOf(block).map((entry, place) =>
      entryInput(this.#context, lane, entry, signers[place])
    )
  }
}

/** The entries of a lane block; none when it does not decode (it is skipped by everyone). */
export function entriesOf(block: Uint8Array): Entry[] {
  try {
    return decodeBlock(block)
  } catch (fault) {
    if (fault instanceof DecodeFault) return []
    throw fault
  }
}
