// The checksum that goes with each picture of a book, so that a reader knows that his own is the
// same: CRC-32 (IEEE 802.3, as in zip and PNG) over the ASCII text of the best ten asks, best
// first, then the best ten bids, best first, each level as `price:amount;` in the very strings of
// the message. Of single orders it is over the first ten asks and the first ten bids, in the order in
// which they would trade, each as `sequence:price:amount;`. An empty book is the CRC-32 of nothing: 0.

/** Levels, or orders, of each side that the checksum is over. */
export const checksumDepth = 10

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte
  for (let bit = 0; bit < 8; bit++) {
    value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1
  }
  return value >>> 0
})

/** Unsigned 32 bits. Levels are [price, amount], best first. */
export function bookChecksum(
  asks: readonly (readonly [string, string])[],
  bids: readonly (readonly [string, string])[]
): number {
  let crc = 0xffffffff
  for (const side of [asks, bids]) {
    const depth = side.length < checksumDepth ? side.length : checksumDepth
    for (let i = 0; i < depth; i++) {
      crc = update(crc, side[i][0])
      crc = step(crc, 0x3a)
      crc = update(crc, side[i][1])
      crc = step(crc, 0x3b)
    }
  }
  return (crc ^ 0xffffffff) >>> 0
}

type Queued = { readonly sequence: number; readonly price: string; readonly amount: string }

/** The same of single orders, in the order in which they would trade. */
export function ordersChecksum(asks: readonly Queued[], bids: readonly Queued[]): number {
  let crc = 0xffffffff
  for (const side of [asks, bids]) {
    const depth = side.length < checksumDepth ? side.length : checksumDepth
    for (let i = 0; i < depth; i++) {
      const { sequence, price, amount } = side[i]
      crc = update(crc, `${sequence}:${price}:${amount};`)
    }
  }
  return (crc ^ 0xffffffff) >>> 0
}

function update(crc: number, text: string): number {
  let value = crc
  for (let i = 0; i < text.length; i++) value = step(value, text.charCodeAt(i))
  return value
}

function step(crc: number, byte: number): number {
  return table[(crc ^ byte) & 0xff] ^ (crc >>> 8)
}
