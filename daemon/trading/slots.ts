// Ring slots of an account: the lowest free one is the cheapest on chain, since slot 0 shares the
// account's own storage word.

export class Slots {
  readonly #taken: Uint8Array
  #firstFree = 0

  constructor(count: number) {
    this.#taken = new Uint8Array(count)
  }

  /** The lowest free slot, now taken; null when all are. */
  take(): number | null {
    const slot = this.#taken.indexOf(0, this.#firstFree)
    if (slot < 0) return null
    this.#taken[slot] = 1
    this.#firstFree = slot + 1
    return slot
  }

  /** Marks a slot that an order from elsewhere holds. */
  hold(slot: number): void {
    this.#taken[slot] = 1
  }

  release(slot: number): void {
    this.#taken[slot] = 0
    if (slot < this.#firstFree) this.#firstFree = slot
  }
}
