// The vault's events of confirmed blocks, in memory, from a cursor of the tape on. Answers what
// consensus asks, from memory alone.
import { equalBytes } from '../../protocol/bytes.ts'
import type { ChainCursor } from '../../protocol/types.ts'
import type { Header } from './rpc.ts'

export type LoggedEvent = { block: number; logIndex: number; bytes: Uint8Array }

/** Events taken in one step: a cut may carry more, but must leave room for the lanes. */
const EVENTS_MAX = 512
/** Headers behind the tape's cursor that are kept. */
const HEADERS_BEHIND = 64

type Point = { block: number; logIndex: number }

export class ConfirmedLog {
  /** Everything after this is known; null from the vault's start. */
  #base: ChainCursor | null
  #head: Header | null = null
  #events: LoggedEvent[] = []
  readonly #headers = new Map<number, Header>()

  constructor(base: ChainCursor | null) {
    this.#base = base
    if (base === null) return
    this.#head = { number: base.block, hash: base.hash, time: base.blockTime }
    this.#headers.set(base.block, this.#head)
  }

  /** The newest confirmed block whose events are here. */
  get head(): Header | null {
    return this.#head
  }

  /** Takes in the events of all blocks after the head up to `head`. `headers` has those of blocks
   * with events, and may have more. */
  extend(head: Header, headers: readonly Header[], events: readonly LoggedEvent[]): void {
    for (const header of headers) this.#headers.set(header.number, header)
    this.#headers.set(head.number, head)
    this.#events.push(...events)
    this.#head = head
  }

  /** Remembers the header of a confirmed block at which somebody else stopped. */
  learn(header: Header): void {
    this.#headers.set(header.number, header)
  }

  /** The tape has taken everything up to `cursor`. */
  trim(cursor: ChainCursor): void {
    if (this.#head === null || cursor.block > this.#head.number || !this.#covers(cursor)) return
    this.#events = this.#events.filter((event) => isAfter(event, cursor))
    this.#base = cursor
    for (const number of this.#headers.keys()) {
      if (number < cursor.block - HEADERS_BEHIND) this.#headers.delete(number)
    }
  }

  /** The next cursor and what it takes in; null when there is nothing, or only the passing of less
   * than `quietSeconds`. */
  next(
    cursor: ChainCursor | null,
    quietSeconds: number
  ): { cursor: ChainCursor; events: Uint8Array[] } | null {
    const head = this.#head
    if (head === null || !this.#covers(cursor) || this.#contradicts(cursor)) return null
    const events = this.#after(cursor)
    if (events.length === 0) {
      const since = cursor === null ? 0 : cursor.blockTime
      if (cursor !== null && head.number <= cursor.block) return null
      if (head.time < since + quietSeconds) return null
    }
    const taken = events.slice(0, EVENTS_MAX)
    const stop =
      taken.length < events.length ? this.#headers.get(taken[EVENTS_MAX - 1].block) : head
    if (stop === undefined) return null
    const last = taken.at(-1)
    return {
      cursor: {
        block: stop.number,
        hash: stop.hash,
        blockTime: stop.time,
        logIndex: last !== undefined && last.block === stop.number ? last.logIndex : 0
      },
      events: taken.map(({ bytes }) => bytes)
    }
  }

  /** A number: the header of that block is needed first. */
  check(
    from: ChainCursor | null,
    to: ChainCursor,
    events: readonly Uint8Array[]
  ): 'yes' | 'no' | 'unknown' | number {
    const head = this.#head
    if (head === null || to.block > head.number || !this.#covers(from)) return 'unknown'
    if (this.#contradicts(from)) return 'unknown'
    if (from !== null && !isAfter(to, from) && to.block <= from.block) return 'no'
    const header = this.#headers.get(to.block)
    if (header === undefined) return to.block
    if (!equalBytes(header.hash, to.hash) || header.time !== to.blockTime) return 'no'
    const expected = this.#after(from).filter((event) => !isAfter(event, to))
    const isSame =
      expected.length === events.length &&
      expected.every(({ bytes }, place) => equalBytes(bytes, events[place]))
    return isSame && this.#stopsWell(from, to, expected.at(-1)) ? 'yes' : 'no'
  }

  /** A cursor names the last event taken of its block, or 0 in a block without any. */
  #stopsWell(from: ChainCursor | null, to: ChainCursor, last: LoggedEvent | undefined): boolean {
    if (last !== undefined && last.block === to.block) return to.logIndex === last.logIndex
    if (from !== null && from.block === to.block) return to.logIndex === from.logIndex
    return to.logIndex === 0
  }

  #after(cursor: Point | null): LoggedEvent[] {
    return cursor === null ? this.#events : this.#events.filter((event) => isAfter(event, cursor))
  }

  #covers(cursor: Point | null): boolean {
    if (this.#base === null) return true
    return cursor !== null && !isAfter(this.#base, cursor)
  }

  #contradicts(cursor: ChainCursor | null): boolean {
    const header = cursor === null ? undefined : this.#headers.get(cursor.block)
    return cursor !== null && header !== undefined && !equalBytes(header.hash, cursor.hash)
  }
}

export function isAfter(one: Point, other: Point): boolean {
  return one.block > other.block || (one.block === other.block && one.logIndex > other.logIndex)
}
