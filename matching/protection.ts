// Market-maker protection: lots of an account's quotes that traded within a window of tape time.
// All trades of a block share their time, so one count a block is kept; and because a protection
// fires at its lots, no more counts than lots are ever kept.

type Count = { time: number; lots: number }

export class Protection {
  lots = 0
  windowMs = 0
  fired = false
  counts: Count[] = []
  sum = 0

  /** Lots counted and still within the window. */
  counted(time: number): number {
    while (this.counts.length > 0 && time - this.counts[0].time >= this.windowMs) {
      this.sum -= this.counts[0].lots
      this.counts.shift()
    }
    return this.sum
  }

  /** Counts a trade; whether the protection fires by it. */
  count(time: number, lots: number): boolean {
    this.counted(time)
    const last = this.counts.length - 1
    if (last >= 0 && this.counts[last].time === time) this.counts[last].lots += lots
    else this.counts.push({ time, lots })
    this.sum += lots
    return this.sum >= this.lots
  }
}

export class Protections {
  readonly #byKey = new Map<number, Protection>()
  readonly #markets: number

  constructor(markets: number) {
    this.#markets = markets
  }

  find(account: number, market: number): Protection | undefined {
    return this.#byKey.get(account * this.#markets + market)
  }

  fired(account: number, market: number): boolean {
    return this.find(account, market)?.fired === true
  }

  set(account: number, market: number, lots: number, windowMs: number): Protection {
    const protection = new Protection()
    protection.lots = lots
    protection.windowMs = windowMs
    this.#byKey.set(account * this.#markets + market, protection)
    return protection
  }

  /** All of them by account and market. */
  list(): { account: number; market: number; protection: Protection }[] {
    const keys = [...this.#byKey.keys()].sort((a, b) => a - b)
    return keys.map((key) => {
      const market = key % this.#markets
      const protection = this.#byKey.get(key) ?? new Protection()
      return { account: (key - market) / this.#markets, market, protection }
    })
  }
}
