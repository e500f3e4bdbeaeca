/** Wall and timer behind one seam, so that a simulator can stand in for both. */
export type Clock = {
  /** Milliseconds since 1970. */
  now(): number
  /** Runs `fn` once after `delayMs`; the returned function cancels it. */
  after(delayMs: number, fn: () => void): () => void
}

/** The same timers, with a time that only grows, however the wall clock is set meanwhile: what waits
 * are measured by. `stopwatch`: milliseconds that only grow. */
export function steadyClock(clock: Clock, stopwatch: () => number): Clock {
  const zero = clock.now() - stopwatch()
  return {
    now: () => Math.floor(zero + stopwatch()),
    after: (delayMs, fn) => clock.after(delayMs, fn)
  }
}

/** A number in [0, 1). */
export type Random = () => number

export const systemClock: Clock = {
  now: () => Date.now(),
  after: (delayMs, fn) => {
    const timer = setTimeout(fn, delayMs)
    return () => clearTimeout(timer)
  }
}

export const systemRandom: Random = () => Math.random()
