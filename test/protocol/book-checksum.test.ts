import test from 'brittle'
import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import { bookChecksum } from '../../protocol/book-checksum.ts'

test('book checksum - an empty book is 0', (t) => {
  t.is(bookChecksum([], []), 0)
})

test('book checksum - CRC-32 of the best ten asks, then the best ten bids', (t) => {
  const level = fc.tuple(fc.stringMatching(/^[0-9.]{1,12}$/), fc.stringMatching(/^[0-9.]{1,12}$/))
  const side = fc.array(level, { maxLength: 15 })
  fc.assert(
    fc.property(side, side, (asks, bids) => {
      const text = [...asks.slice(0, 10), ...bids.slice(0, 10)]
        .map(([p, a]) => `${p}:${a};`)
        .join('')
      t.is(bookChecksum(asks, bids), crc32(text))
    }),
    { numRuns: 50 }
  )
})
