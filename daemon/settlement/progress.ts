// What has become of each batch, for status and for whoever waits for a trade to settle.
import type { Clock } from '../clock.ts'
import type { BatchProgress, BatchStatus } from './types.ts'

/** Batches that are done and still shown. */
const KEPT = 16

type Found = { transaction?: string | null; gas?: number }

const nothing = { transaction: null, gas: null }

export class Progress {
  readonly #clock: Clock
  readonly #batches = new Map<number, BatchStatus>()
  readonly #listeners: ((status: BatchStatus) => void)[] = []

  constructor(clock: Clock) {
    this.#clock = clock
  }

  onchange(listener: (status: BatchStatus) => void): void {
    this.#listeners.push(listener)
  }

  get(batch: number): BatchStatus | null {
    return this.#batches.get(batch) ?? null
  }

  list(): BatchStatus[] {
    return [...this.#batches.values()].sort((a, b) => a.batch - b.batch)
  }

  /** @param found Known from before when not given. */
  set(batch: number, state: BatchProgress, found: Found = {}): void {
    const before = this.#batches.get(batch)
    // After a void the numbers of the batches that went with it are given anew.
    const known = before === undefined || before.state === 'reverted' ? nothing : before
    const transaction = found.transaction ?? known.transaction
    const gas = found.gas ?? known.gas
    const isSame = before !== undefined && known.transaction === transaction && known.gas === gas
    // The tape may say that a batch is settled before this daemon has seen the transaction.
    const isFinal = before?.state === 'final'
    if (isSame && (isFinal || before.state === state)) return
    const at = isFinal ? before.at : this.#clock.now()
    this.#tell({ batch, state: isFinal ? 'final' : state, transaction, gas, at })
  }

  #tell(status: BatchStatus): void {
    this.#batches.set(status.batch, status)
    this.#trim()
    for (const listener of this.#listeners) listener(status)
  }

  #trim(): void {
    const done = this.list().filter(isDone)
    for (const { batch } of done.slice(0, Math.max(0, done.length - KEPT))) {
      this.#batches.delete(batch)
    }
  }
}

function isDone({ state }: BatchStatus): boolean {
  return state === 'final' || state === 'reverted'
}
