// Counts what really happened in a stream: every kind of event, and every reason.
import type { Record32 } from '../../helpers/naive/world.ts'
import { kinds, reasons } from '../../helpers/naive/reasons.ts'

export class Coverage {
  readonly #counts = new Map<string, number>()

  add(records: readonly Record32[]): void {
    for (const { kind, code } of records) {
      this.#count(kind)
      if (kind === 'rejected' || kind === 'cancelled') this.#count(reasons[code - 1])
      if (kind === 'stopped') this.#count(`stopped ${code}`)
    }
  }

  #count(name: string): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1)
  }

  /** Kinds of events and reasons that never came. */
  missing(): string[] {
    const wanted = [...Object.keys(kinds), ...reasons, 'stopped 1', 'stopped 2', 'stopped 3']
    return wanted.filter((name) => !this.#counts.has(name))
  }

  /** A line for each, the rarest first. */
  table(): string {
    return [...this.#counts]
      .sort((one, other) => one[1] - other[1])
      .map(([name, count]) => `${String(count).padStart(9)}  ${name}`)
      .join('\n')
  }
}
