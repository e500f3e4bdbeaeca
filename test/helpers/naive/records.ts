// The records of section 12 as bytes: as readers get them, and as the hash does.
import { kinds } from './reasons.ts'
import type { Record32 } from './world.ts'

/** Section 12: what the hash says of a record in the code of the one before it. */
function fold(records: Record32[]): Record32[] {
  const folded: Record32[] = []
  records.forEach((record, place) => {
    const before = records[place - 1]
    const rested =
      record.kind === 'rested' &&
      before?.kind === 'accepted' &&
      before.x === record.x &&
      before.b === record.b &&
      before.c === record.c
    const charged =
      record.kind === 'charged' &&
      before?.kind === 'traded' &&
      before.y === record.x &&
      record.whole
    if (rested || charged) folded[folded.length - 1] = { ...before, code: before.code + 2 }
    else folded.push(record)
  })
  return folded
}

/** Section 12: what is hashed leaves out what follows from the records before. */
export function pack(all: Record32[]): Uint8Array {
  const bytes: number[] = []
  let accepted = 0
  const owner = ({ a, market }: Record32): number => a * 256 + market
  const put = (record: Record32, code: number, high: number, words: number[]): void => {
    bytes.push(kinds[record.kind], code, high & 0xff, high >>> 8)
    for (const word of words) bytes.push(...u64(word).subarray(0, 4))
  }
  for (const record of fold(all)) {
    const { kind, code, b, c, x, y } = record
    const [low, high] = [x % 2 ** 32, Math.floor(x / 2 ** 32)]
    if (kind === 'accepted') {
      put(record, code, 0, [owner(record), b, c])
      accepted = x
    } else if (kind === 'cancelled') {
      put(record, code, high, [low, b, owner(record)])
    } else if (kind === 'traded') {
      put(record, y === accepted ? code : code + 4, high, [low, b, c])
      if (y !== accepted) bytes.push(...u64(y), ...u64(0))
    } else {
      bytes.push(...encode([record]))
    }
  }
  return Uint8Array.from(bytes)
}

/** Section 12: 32 bytes a record, little-endian. */
export function encode(records: Record32[]): Uint8Array {
  const bytes = new Uint8Array(records.length * 32)
  const view = new DataView(bytes.buffer)
  records.forEach((record, place) => {
    const at = place * 32
    view.setUint8(at, kinds[record.kind])
    view.setUint8(at + 1, record.code)
    view.setUint16(at + 2, record.market, true)
    view.setUint32(at + 4, record.a, true)
    view.setUint32(at + 8, record.b, true)
    view.setUint32(at + 12, record.c, true)
    view.setBigUint64(at + 16, BigInt(record.x), true)
    view.setBigUint64(at + 24, BigInt(record.y), true)
  })
  return bytes
}

export function u64(value: number): Uint8Array {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value), true)
  return bytes
}
