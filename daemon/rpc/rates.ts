// A bucket of each kind for each token: a bot that floods one kind of call keeps its cancels.
import { RateLimiterMemory } from 'rate-limiter-flexible'
import type { Bucket } from './registry.ts'

export class Rates {
  readonly #limiters: Record<Bucket, RateLimiterMemory>

  /** Calls a second by bucket. */
  constructor(perSecond: Record<Bucket, number>) {
    const limiter = (points: number) => new RateLimiterMemory({ points, duration: 1 })
    this.#limiters = {
      reads: limiter(perSecond.reads),
      orders: limiter(perSecond.orders),
      cancels: limiter(perSecond.cancels)
    }
  }

  /** Takes one from the token's bucket; false when it is empty. */
  async spend(token: string, bucket: Bucket): Promise<boolean> {
    try {
      await this.#limiters[bucket].consume(token)
      return true
    } catch (refused) {
      if (refused instanceof Error) throw refused
      return false
    }
  }
}
