// The network between peers: late, out of order, twice, or not at all.
import type { World } from './world.ts'
import type { Coverage } from './coverage.ts'

export type Weather = {
  /** Shortest delay, and the mean of what comes on top, milliseconds. */
  delayMs: number
  jitterMs: number
  /** Probabilities of a message. */
  loss: number
  duplication: number
  /** A delay ten times as long. */
  straggling: number
}

export const fairWeather: Weather = {
  delayMs: 0.5,
  jitterMs: 1,
  loss: 0,
  duplication: 0,
  straggling: 0
}

export class Links {
  readonly #world: World
  readonly #coverage: Coverage
  weather: Weather = fairWeather
  /** A message did not arrive: what stands for a broken connection. */
  onlost: (from: string, to: string) => void = () => undefined
  /** Sides of a partition by peer; peers without a side reach everyone. */
  #sides = new Map<string, number>()

  constructor(world: World, coverage: Coverage) {
    this.#world = world
    this.#coverage = coverage
  }

  partition(sides: Map<string, number>): void {
    this.#sides = sides
  }

  heal(): void {
    this.#sides = new Map()
    this.weather = fairWeather
  }

  isApart(a: string, b: string): boolean {
    const left = this.#sides.get(a)
    const right = this.#sides.get(b)
    return left !== undefined && right !== undefined && left !== right
  }

  carry(from: string, to: string, deliver: () => void): void {
    const { loss, duplication } = this.weather
    if (this.isApart(from, to)) return this.#lose('message cut off', from, to)
    if (loss > 0 && this.#world.chance(loss)) return this.#lose('message lost', from, to)
    this.#world.after(this.#delayMs(), deliver)
    if (duplication > 0 && this.#world.chance(duplication)) {
      this.#coverage.count('message duplicated')
      this.#world.after(this.#delayMs(), deliver)
    }
  }

  #lose(how: string, from: string, to: string): void {
    this.#coverage.count(how)
    this.onlost(from, to)
  }

  #delayMs(): number {
    const { delayMs, jitterMs, straggling } = this.weather
    const delay = delayMs + 2 * jitterMs * this.#world.random()
    if (straggling > 0 && this.#world.chance(straggling)) {
      this.#coverage.count('message late')
      return 10 * delay
    }
    return delay
  }
}
