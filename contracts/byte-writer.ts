// Big-endian numbers of fixed width, one behind the other, in a buffer that grows.

export class ByteWriter {
  #buffer = new Uint8Array(1024)
  #length = 0

  /** A whole number of 1 to 7 bytes.
   * @throws RangeError when it is not whole, negative, or does not fit. */
  uint(value: number, size: number): void {
    if (!Number.isSafeInteger(value) || value < 0 || value >= 2 ** (8 * size)) {
      throw new RangeError(`${value} does not fit ${size} unsigned bytes`)
    }
    const at = this.#grow(size)
    let rest = value
    for (let index = size - 1; index >= 0; index--) {
      this.#buffer[at + index] = rest % 256
      rest = Math.floor(rest / 256)
    }
  }

  /** A safe integer in eight bytes, two's complement. */
  int64(value: number): void {
    if (!Number.isSafeInteger(value)) throw new RangeError(`${value} is not a safe integer`)
    this.bigUint(BigInt.asUintN(64, BigInt(value)), 8)
  }

  bigUint(value: bigint, size: number): void {
    if (value < 0n || value >> BigInt(8 * size) !== 0n) {
      throw new RangeError(`${value} does not fit ${size} unsigned bytes`)
    }
    const at = this.#grow(size)
    let rest = value
    for (let index = size - 1; index >= 0; index--) {
      this.#buffer[at + index] = Number(rest & 255n)
      rest >>= 8n
    }
  }

  bytes(value: Uint8Array): void {
    const at = this.#grow(value.length)
    this.#buffer.set(value, at)
  }

  /** `0x` and forty lower-case hex digits, as 20 bytes. */
  address(value: string): void {
    if (!/^0x[0-9a-f]{40}$/.test(value)) throw new RangeError(`${value} is not an address`)
    this.bigUint(BigInt(value), 20)
  }

  /** A copy of all that was written. */
  end(): Uint8Array {
    return this.#buffer.slice(0, this.#length)
  }

  #grow(size: number): number {
    const at = this.#length
    this.#length += size
    if (this.#length > this.#buffer.length) {
      const larger = new Uint8Array(Math.max(this.#length, this.#buffer.length * 2))
      larger.set(this.#buffer.subarray(0, at))
      this.#buffer = larger
    }
    return at
  }
}
