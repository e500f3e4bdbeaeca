/** What every engine's trades add up to; equal hashes mean the same trades in the same order. */
export class Tally {
  trades = 0
  volume = 0
  notional = 0
  #hash = 0x811c9dc5 | 0

  add(taker: number, maker: number, price: number, quantity: number): void {
    this.trades++
    this.volume += quantity
    this.notional += price * quantity
    // FNV-1a over 32-bit integers in place of bytes
    let hash = Math.imul(this.#hash ^ taker, 16777619)
    hash = Math.imul(hash ^ maker, 16777619)
    hash = Math.imul(hash ^ price, 16777619)
    this.#hash = Math.imul(hash ^ quantity, 16777619)
  }

  get hash(): number {
    return this.#hash >>> 0
  }
}

/** An engine under a bench. It is driven row by row; a batch of rows ends with `flush`. */
export type Contestant = {
  readonly tally: Tally
  apply(row: number): void
  /** Ends what is buffered (event hashes, trades that were not counted yet). */
  flush(): void
  /** Ticks, 0 for none. */
  bestBid(): number
  bestAsk(): number
  /** Resting orders. */
  resting(): number
}
