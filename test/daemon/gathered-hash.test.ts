import test from 'brittle'
import { blake2b256 } from '../../crypto/blake2b.ts'
import { gatheredHash } from '../../daemon/gathered-hash.ts'
import { concatBytes } from '../../protocol/bytes.ts'
import { randomBytes, seededRandom } from '../helpers/random.ts'

test('gathered hash - the hash of the parts as if they were one', (t) => {
  const random = seededRandom(1)
  const lengths = [
    [],
    [0],
    [9, 32, 32],
    [9, 1200],
    [16_384],
    [9, 16_375],
    [9, 16_376],
    [9, 100_000]
  ]
  for (const each of lengths) {
    const parts = each.map((length) => randomBytes(random, length))
    t.alike(gatheredHash(parts), blake2b256(concatBytes(...parts)), each.join(' + '))
  }
})

test('gathered hash - a result is its own', (t) => {
  const first = gatheredHash([Uint8Array.of(1)])
  const before = first.slice()
  gatheredHash([Uint8Array.of(2)])
  t.alike(first, before)
})
