// Signatures checked on the main thread, in between everything else: one queue, and only a few
// signatures in each turn of the event loop. However much waits to be checked, a vote or a block
// that comes meanwhile waits for those few alone.
import { setImmediate } from 'node:timers/promises'
import type { EntryClaim, Signers } from './block-signers.ts'
import type { Signing } from './signing.ts'
import type { Work } from './signer-jobs.ts'

/** What one turn may cost, some 0.6 ms: 8 entries of strangers, 24 of those whose keys are known. */
const TURN_COST = 24
const STRANGER_COST = 3
/** Hashing so many orders under one signature costs one more. */
const ORDERS_PER_COST = 8

type Task = {
  claims: Iterator<EntryClaim | null, undefined>
  signers: (Signers | null)[]
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
      const signers: (Signers | null)[] = []
      const claims = this.#signing.claims(work.lane, work.blocks, signers)
      this.#queue.push({ claims, signers, resolve, reject })
      if (this.#queue.length === 1) void this.#pump()
    })
  }

  async #pump(): Promise<void> {
    while (this.#queue.length > 0) {
      // First whatever came with the blocks: journaling them, answering, voting.
      await setImmediate()
      const turn: EntryClaim[] = []
      const read = this.#read(turn)
      try {
        this.#signing.answer(turn)
        for (const { resolve, signers } of read) resolve(signers)
      } catch (fault) {
        // The first of those that are left may have had a part in it.
        for (const { reject } of [...read, ...this.#queue.splice(0, 1)]) reject(fault)
      }
    }
  }

  /** Takes the claims of one turn out of the queue; returns the tasks that wait for no others. */
  #read(turn: EntryClaim[]): Task[] {
    const read: Task[] = []
    // Where the claims of the first task begin in this turn.
    let begin = 0
    for (let left = TURN_COST; left > 0 && this.#queue.length > 0;) {
      const [task] = this.#queue
      try {
        const { done, value } = task.claims.next()
        if (done === true) {
          if (turn.length > begin) read.push(task)
          else task.resolve(task.signers)
          begin = turn.length
          this.#queue.shift()
          continue
        }
        left -= value === null ? 1 : this.#costOf(value)
        if (value !== null) turn.push(value)
      } catch (fault) {
        task.reject(fault)
        begin = turn.length
        this.#queue.shift()
      }
    }
    return read
  }

  #costOf({ account, orders }: EntryClaim): number {
    const signature = this.#signing.isKnown(account) ? 1 : STRANGER_COST
    return signature + Math.floor(orders / ORDERS_PER_COST)
  }
}
