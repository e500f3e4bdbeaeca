// Signatures checked on the main thread, in between everything else: one queue, and only a few
// signatures in each turn of the event loop. However much waits to be checked, a vote or a block
// that comes meanwhile waits for those few alone.
import { setImmediate } from 'node:timers/promises'
import type { Signers } from './block-signers.ts'
import type { Signing } from './signing.ts'
import type { Work } from './signer-jobs.ts'

/** About half a millisecond of work. */
const TURN_SIGNATURES = 8

type Task = {
  steps: Iterator<void, (Signers | null)[]>
  resolve: (signers: (Signers | null)[]) => void
  reject: (fault: unknown) => void
}

export class Turns {
  readonly #signing: Signing
  readonly #queue: Task[] = []

  constructor(signing: Signing) {
    this.#signing = signing
  }

  /** Blocks of lanes: first come, first done. Bare digests are done at once: somebody waits for an
   * answer. Rejects with what the work throws. */
  async run(work: Work): Promise<(Signers | null)[]> {
    if (work.kind === 'digests') return this.#signing.run(work)
    return new Promise((resolve, reject) => {
      this.#queue.push({ steps: this.#signing.steps(work.lane, work.blocks), resolve, reject })
      if (this.#queue.length === 1) void this.#pump()
    })
  }

  async #pump(): Promise<void> {
    while (this.#queue.length > 0) {
      // First whatever came with the blocks: journaling them, answering, voting.
      await setImmediate()
      for (let left = TURN_SIGNATURES; left > 0 && this.#queue.length > 0; left--) this.#step()
    }
  }

  #step(): void {
    const [{ steps, resolve, reject }] = this.#queue
    try {
      const { done, value } = steps.next()
      if (done !== true) return
      resolve(value)
    } catch (fault) {
      reject(fault)
    }
    this.#queue.shift()
  }
}
