import { encodeChainEvent } from '../../protocol/chain-events.ts'
import { equalBytes } from '../../protocol/bytes.ts'
import { blake2b256 } from '../../crypto/blake2b.ts'
import type { ChainCursor, ChainEvent } from '../../protocol/types.ts'
import type { ChainSource } from '../../daemon/chain/types.ts'

type Body<E> = E extends ChainEvent ? Omit<E, 'sequence'> : never
type Block = { cursor: ChainCursor; events: Uint8Array[] }

const EVENTS_AT_ONCE = 16

/** A chain that a test mines: the same for every daemon that looks at it. */
export class TestChain {
  readonly #blocks: Block[] = []
  readonly #sources = new Set<TestChainSource>()
  #sequence = 0

  get blocks(): readonly Block[] {
    return this.#blocks
  }

  /** Mines a confirmed block with these events in it. */
  mine(...bodies: Body<ChainEvent>[]): void {
    const events = bodies.map((body) => {
      return encodeChainEvent({ ...body, sequence: ++this.#sequence })
    })
    const block = this.#blocks.length + 1
    const hash = blake2b256(Uint8Array.of(block, block >>> 8))
    const blockTime = Math.floor(Date.now() / 1000)
    this.#blocks.push({ cursor: { block, hash, blockTime, logIndex: events.length }, events })
    for (const source of this.#sources) source.advanced()
  }

  /** A daemon's own view; `lag` blocks behind the others, as RPCs are. */
  source(lag = 0): TestChainSource {
    const source = new TestChainSource(this, lag)
    this.#sources.add(source)
    return source
  }
}

export class TestChainSource implements ChainSource {
  readonly #chain: TestChain
  readonly #listeners: (() => void)[] = []
  /** Blocks that this view does not have yet. */
  lag: number
  readonly problem = null

  constructor(chain: TestChain, lag: number) {
    this.#chain = chain
    this.lag = lag
  }

  async open(): Promise<void> {
    this.advanced()
  }

  async close(): Promise<void> {
    this.#listeners.length = 0
  }

  onadvance(listener: () => void): void {
    this.#listeners.push(listener)
  }

  advanced(): void {
    for (const listener of this.#listeners) listener()
  }

  get #seen(): readonly Block[] {
    return this.#chain.blocks.slice(0, Math.max(0, this.#chain.blocks.length - this.lag))
  }

  next(from: ChainCursor | null): { cursor: ChainCursor; events: Uint8Array[] } | null {
    const seen = this.#seen
    const place = from?.block ?? 0
    const rest = from === null ? 0 : from.logIndex
    const current = seen[place - 1]
    if (current !== undefined && rest < current.events.length) return piece(current, rest)
    const next = seen[place]
    return next === undefined ? null : piece(next, 0)
  }

  check(
    from: ChainCursor | null,
    to: ChainCursor,
    events: readonly Uint8Array[]
  ): 'yes' | 'no' | 'unknown' {
    if (to.block > this.#seen.length) return 'unknown'
    const next = this.next(from)
    if (next === null) return 'no'
    const same =
      next.cursor.block === to.block &&
      next.cursor.logIndex === to.logIndex &&
      next.cursor.blockTime === to.blockTime &&
      equalBytes(next.cursor.hash, to.hash) &&
      next.events.length === events.length &&
      next.events.every((event, i) => equalBytes(event, events[i]))
    return same ? 'yes' : 'no'
  }
}

/** A block with many events is taken in pieces. */
function piece({ cursor, events }: Block, from: number) {
  const to = Math.min(events.length, from + EVENTS_AT_ONCE)
  return { cursor: { ...cursor, logIndex: to }, events: events.slice(from, to) }
}
