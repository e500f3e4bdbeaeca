// What accounts let delegates sign: by account and delegate, then by market id ('' for all).

export type Grant = { cosign: boolean; from: number; until: number }

export class Grants {
  readonly #byPair = new Map<string, Map<string, Grant>>()

  #pair(account: number, delegate: number): Map<string, Grant> | undefined {
    return this.#byPair.get(`${account}/${delegate}`)
  }

  /** Latest end, whole seconds, of the grants that hold now for a market; 0 when none does. */
  until(account: number, delegate: number, market: string, time: number): number {
    const pair = this.#pair(account, delegate)
    if (pair === undefined) return 0
    let until = 0
    for (const key of [market, '']) {
      const grant = pair.get(key)
      if (grant !== undefined && holds(grant, time)) until = Math.max(until, grant.until)
    }
    return until
  }

  mayCosign(account: number, delegate: number, time: number): boolean {
    const pair = this.#pair(account, delegate)
    if (pair === undefined) return false
    // Only whether there is one: the order of the map does not matter.
    for (const grant of pair.values()) if (grant.cosign && holds(grant, time)) return true
    return false
  }

  /** Replaces a grant; whether that ends an earlier, longer one (which ends at once). */
  set(account: number, delegate: number, market: string, grant: Grant): boolean {
    const name = `${account}/${delegate}`
    let pair = this.#byPair.get(name)
    if (pair === undefined) {
      pair = new Map()
      this.#byPair.set(name, pair)
    }
    const old = pair.get(market)
    const ends = old !== undefined && grant.until < old.until
    if (ends) pair.delete(market)
    else pair.set(market, grant)
    return ends
  }

  /** All of them, sorted. */
  list(): { account: number; delegate: number; market: string; grant: Grant }[] {
    const all: { account: number; delegate: number; market: string; grant: Grant }[] = []
    for (const [name, pair] of this.#byPair) {
      const [account, delegate] = name.split('/').map(Number)
      for (const [market, grant] of pair) all.push({ account, delegate, market, grant })
    }
    return all.sort(
      (a, b) =>
        a.account - b.account ||
        a.delegate - b.delegate ||
        (a.market < b.market ? -1 : a.market > b.market ? 1 : 0)
    )
  }
}

function holds(grant: Grant, time: number): boolean {
  return grant.from * 1000 <= time && time < grant.until * 1000
}
