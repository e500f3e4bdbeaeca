// Little-endian bytes of a snapshot. Integers have fixed widths; a safe integer takes eight bytes,
// as its two's complement.

import { assert } from './stop.ts'

const HIGH_WORD = 4294967296

export class ByteWriter {
  #bytes = new Uint8Array(4096)
  #view = new DataView(this.#bytes.buffer)
  #length = 0

  u8(value: number): void {
    const at = this.#room(1)
    this.#view.setUint8(at, value)
  }

  u16(value: number): void {
    const at = this.#room(2)
    this.#view.setUint16(at, value, true)
  }

  u32(value: number): void {
    const at = this.#room(4)
    this.#view.setUint32(at, value, true)
  }

  /** A safe integer, negative ones included. */
  integer(value: number): void {
    const at = this.#room(8)
    this.#view.setInt32(at, value | 0, true)
    this.#view.setInt32(at + 4, Math.floor(value / HIGH_WORD), true)
  }

  raw(bytes: Uint8Array): void {
    const at = this.#room(bytes.length)
    this.#bytes.set(bytes, at)
  }

  /** Hex digits, an even number of them; their bytes' count goes before. */
  hex(digits: string): void {
    this.u8(digits.length / 2)
    for (let i = 0; i < digits.length; i += 2) this.u8(parseInt(digits.slice(i, i + 2), 16))
  }

  optionalHex(digits: string | null): void {
    this.hex(digits ?? '')
  }

  list<T>(items: readonly T[], write: (item: T) => void): void {
    this.u32(items.length)
    for (const item of items) write(item)
  }

  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length)
  }

  /** Makes room; the views may be new afterwards. */
  #room(size: number): number {
    const at = this.#length
    this.#length += size
    if (this.#length > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length))
      grown.set(this.#bytes)
      this.#bytes = grown
      this.#view = new DataView(grown.buffer)
    }
    return at
  }
}

export class ByteReader {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  u8(): number {
    return this.#view.getUint8(this.#take(1))
  }

  u16(): number {
    return this.#view.getUint16(this.#take(2), true)
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4), true)
  }

  integer(): number {
    const at = this.#take(8)
    const value = this.#view.getInt32(at + 4, true) * HIGH_WORD + this.#view.getUint32(at, true)
    assert(Number.isSafeInteger(value), 'the snapshot has an integer that is not safe')
    return value
  }

  raw(length: number): Uint8Array {
    const at = this.#take(length)
    return this.#bytes.slice(at, at + length)
  }

  hex(): string {
    let digits = ''
    for (const byte of this.raw(this.u8())) digits += byte.toString(16).padStart(2, '0')
    return digits
  }

  optionalHex(): string | null {
    const digits = this.hex()
    return digits === '' ? null : digits
  }

  list<T>(read: () => T): T[] {
    const count = this.u32()
    // Every item takes a byte at least: a length that the rest cannot hold is refused at once.
    assert(count <= this.#bytes.length - this.#at, 'the snapshot ends too early')
    const items: T[] = []
    for (let i = 0; i < count; i++) items.push(read())
    return items
  }

  finish(): void {
    assert(this.#at === this.#bytes.length, 'the snapshot has bytes to spare')
  }

  #take(size: number): number {
    const at = this.#at
    assert(at + size <= this.#bytes.length, 'the snapshot ends too early')
    this.#at += size
    return at
  }
}
