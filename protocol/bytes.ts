// Bytes, hex and ASCII without Buffer or TextEncoder, which a pure folder does not have.

const DIGITS = '0123456789abcdef'
const CODES: readonly number[] = Array.from(DIGITS, (digit) => digit.charCodeAt(0))

/** Bytes whose text is made in one piece: keys, hashes and signatures. */
const PIECE_BYTES = 65
/** Character codes, for each length of a piece. Used again: nothing in here calls out. */
const pieces: (number[] | undefined)[] = []

/** Lower-case hex without `0x`. */
export function toHex(bytes: Uint8Array): string {
  if (bytes.length <= PIECE_BYTES) return pieceHex(bytes)
  let text = ''
  for (let i = 0; i < bytes.length; i += PIECE_BYTES) {
    text += pieceHex(bytes.subarray(i, i + PIECE_BYTES))
  }
  return text
}

/** A text put together from pairs is a tree of strings, and whoever looks it up in a map has to
 * flatten it first: from all its codes at once it is flat. */
function pieceHex(bytes: Uint8Array): string {
  const codes = (pieces[bytes.length] ??= Array.from({ length: 2 * bytes.length }, () => 0))
  for (let i = 0; i < bytes.length; i++) {
    codes[2 * i] = CODES[bytes[i] >>> 4]
    codes[2 * i + 1] = CODES[bytes[i] & 15]
  }
  return String.fromCharCode(...codes)
}

/** Lower-case hex with `0x`. */
export function toHex0x(bytes: Uint8Array): string {
  return '0x' + toHex(bytes)
}

/** Bytes of hex, with or without `0x`, in either case; null when it is not hex. */
export function fromHex(text: string): Uint8Array | null {
  const start = text.startsWith('0x') ? 2 : 0
  const length = (text.length - start) / 2
  if (!Number.isInteger(length)) return null
  const bytes = new Uint8Array(length)
  for (let i = 0; i < length; i++) {
    const high = digit(text.charCodeAt(start + 2 * i))
    const low = digit(text.charCodeAt(start + 2 * i + 1))
    if (high < 0 || low < 0) return null
    bytes[i] = high * 16 + low
  }
  return bytes
}

function digit(code: number): number {
  if (code >= 48 && code <= 57) return code - 48
  if (code >= 97 && code <= 102) return code - 87
  if (code >= 65 && code <= 70) return code - 55
  return -1
}

/** Bytes of a text whose characters are all below 128.
 * @throws RangeError on any other character: only constants and checked text come here. */
export function asciiBytes(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length)
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code > 127) throw new RangeError(`not ASCII at ${i}`)
    bytes[i] = code
  }
  return bytes
}

/** The text of ASCII bytes; null when one is above 127. */
export function asciiText(bytes: Uint8Array): string | null {
  const parts: string[] = []
  for (let start = 0; start < bytes.length; start += 4096) {
    const part = bytes.subarray(start, start + 4096)
    for (let i = 0; i < part.length; i++) if (part[i] > 127) return null
    parts.push(String.fromCharCode(...part))
  }
  return parts.join('')
}

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

/** Negative, zero or positive: the order of keys everywhere (bytewise, a prefix first). */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) if (a[i] !== b[i]) return a[i] - b[i]
  return a.length - b.length
}

export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0))
  let offset = 0
  for (const part of parts) {
    whole.set(part, offset)
    offset += part.length
  }
  return whole
}
