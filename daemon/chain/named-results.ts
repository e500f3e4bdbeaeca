// What became of the transactions that a client named, so that the same call finds the first one's
// answer for as long as anybody may ask again.
import { doneRecord, type Done, type NamedResult } from './transaction-record.ts'
import type { JournalRecord } from '../journal/types.ts'

/** Of one account; the oldest are forgotten. Each has cost its owner the gas of a transaction. */
const KEPT = 10_000

export class NamedResults {
  /** By the client's id, oldest first. */
  readonly #results = new Map<string, NamedResult & { nonce: number }>()

  add({ done, named }: Done): void {
    if (named === null) return
    const { id } = named.name
    this.#results.delete(id)
    this.#results.set(id, { ...named, nonce: done })
    if (this.#results.size <= KEPT) return
    for (const oldest of this.#results.keys()) {
      this.#results.delete(oldest)
      return
    }
  }

  find(id: string): NamedResult | null {
    return this.#results.get(id) ?? null
  }

  /** For a journal that is begun anew. */
  records(): JournalRecord[] {
    return [...this.#results.values()].map(({ nonce, name, mined }) =>
      doneRecord({ done: nonce, named: { name, mined } })
    )
  }
}
