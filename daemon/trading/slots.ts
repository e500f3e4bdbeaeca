// Ring slots of an account: the lowest free one is the cheapest on chain, since slot 0 shares the
// account's own storage word. An order that replaces another (amend, quote) takes over its slot, so
// for a while both hold it: holders are counted.

export class Slots {
  readonly #holders: Uint16Array
  #firstFree = 0

  constructor(count: number) {
    this.#holders = new Uint16Array(count)
  }

  /** The lowest free slot; null when all are held. The caller holds it. */
  free(): number | null {
    const slot = this.#holders.indexOf(0, this.#firstFree)
    if (slot < 0) return null
    this.#firstFree = slot
    return slot
  }

  hold(slot: number): void {
    // An order that was signed outside may name a slot that the venue lacks: the engine refuses it.
    if (slot < this.#holders.length) this.#holders[slot]++
  }

  release(slot: number): void {
    if (slot >= this.#holders.length || this.#holders[slot] === 0) return
    this.#holders[slot]--
    if (this.#holders[slot] === 0 && slot < this.#firstFree) this.#firstFree = slot
  }
}
