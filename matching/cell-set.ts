// A set of small integers that is read in order and then emptied: a bitmap, and over its words a second
// one, so that what is empty is passed by a thousand at a time.

export class CellSet {
  #bits = new Int32Array(32)
  /** Which words of the bits are not 0. */
  #words = new Int32Array(1)

  /** Makes room for integers below the count. */
  reserve(count: number): void {
    const length = Math.ceil(count / 1024)
    if (length <= this.#words.length) return
    const words = new Int32Array(length)
    words.set(this.#words)
    this.#words = words
    const bits = new Int32Array(length * 32)
    bits.set(this.#bits)
    this.#bits = bits
  }

  add(value: number): void {
    this.#bits[value >> 5] |= 1 << (value & 31)
    this.#words[value >> 10] |= 1 << ((value >> 5) & 31)
  }

  clear(): void {
    this.#bits.fill(0)
    this.#words.fill(0)
  }

  /** Writes them to the beginning of a list, in order, and empties the set. */
  drain(into: Int32Array): void {
    const bits = this.#bits
    let count = 0
    for (let top = 0; top < this.#words.length; top++) {
      for (let words = this.#words[top]; words !== 0; words &= words - 1) {
        const word = (top << 5) | (31 - Math.clz32(words & -words))
        for (let rest = bits[word]; rest !== 0; rest &= rest - 1) {
          into[count++] = (word << 5) | (31 - Math.clz32(rest & -rest))
        }
        bits[word] = 0
      }
      this.#words[top] = 0
    }
  }
}
