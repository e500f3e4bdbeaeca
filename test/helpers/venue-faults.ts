// What can happen to a venue of processes: one fault at a time, for more than a quarter of the
// validators down would be a stop. Each kind comes before any comes again.
import type { Random } from '../../daemon/clock.ts'
import type { ProcessVenue } from './processes.ts'
import { between, pick } from './random.ts'

const kinds = ['kill', 'pause', 'partition', 'chain', 'reorg'] as const
type FaultKind = (typeof kinds)[number]

/** Whole milliseconds. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

export class VenueFaults {
  readonly #venue: ProcessVenue
  readonly #random: Random
  readonly #lasts: { least: number; most: number }
  #deck: FaultKind[] = []
  /** How often each came. */
  readonly counts = new Map<FaultKind, number>()

  /** @param options `lasts` how long a fault goes on, milliseconds */
  constructor(venue: ProcessVenue, random: Random, lasts: { least: number; most: number }) {
    this.#venue = venue
    this.#random = random
    this.#lasts = lasts
  }

  /** One fault from its beginning to its end. @returns what it was */
  async next(): Promise<string> {
    if (this.#deck.length === 0) this.#deck = [...kinds]
    const kind = pick(this.#random, this.#deck)
    this.#deck = this.#deck.filter((each) => each !== kind)
    const { name } = pick(this.#random, this.#venue.local.members)
    const ms = between(this.#random, this.#lasts.least, this.#lasts.most)
    const text = await this.#happen(kind, name, ms)
    this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1)
    return text
  }

  async #happen(kind: FaultKind, name: string, ms: number): Promise<string> {
    const { local } = this.#venue
    switch (kind) {
      case 'kill':
        await this.#venue.kills(name)
        await pause(ms)
        await this.#venue.restarts(name)
        break
      case 'pause':
        local.processes.signal(name, 'SIGSTOP')
        await pause(ms)
        local.processes.signal(name, 'SIGCONT')
        await this.#venue.ready(name)
        break
      case 'partition':
        await local.partition([name])
        await pause(ms)
        await local.partition([], { healed: true })
        await this.#venue.ready(name)
        break
      case 'chain':
        local.processes.signal('chain', 'SIGSTOP')
        await pause(ms)
        local.processes.signal('chain', 'SIGCONT')
        return `the chain stood still for ${ms} ms`
      case 'reorg':
        // The newest block alone: the venue asks for one confirmation.
        await this.#venue.chain.send('anvil_reorg', [1, []])
        return 'the newest block was taken back'
    }
    return `${kind} ${name} for ${ms} ms`
  }
}
