// What reading lane blocks is counted as, entry by entry.
import test from 'brittle'
import { blockClaims } from '../../crypto/block-signers.ts'
import { loadCrypto } from '../../crypto/crypto.ts'
import { typedHasher } from '../../protocol/eip712.ts'
import { encodeBlock } from '../../protocol/entries.ts'
import { seededRandom, randomBytes } from '../helpers/random.ts'
import * as generate from '../protocol/generate.ts'
import type { EntryClaim, Signers } from '../../crypto/block-signers.ts'
import type { CosignEntry, QuoteEntry } from '../../protocol/types.ts'

const crypto = await loadCrypto()
const random = seededRandom(41)
const hasher = typedHasher(generate.signingTerms(random), crypto.keccak)

function read(...blocks: Uint8Array[]): {
  steps: (EntryClaim | null)[]
  signers: (Signers | null)[]
} {
  const signers: (Signers | null)[] = []
  const steps = [...blockClaims(hasher, randomBytes(random, 32), blocks, signers)]
  return { steps, signers }
}

test('block signers - a block that does not decode takes steps by its size', (t) => {
  const bad = new Uint8Array(64 * 1024)
  const { steps, signers } = read(bad, new Uint8Array(1), bad)
  t.alike(signers, [null, null, null])
  t.is(steps.length, 16 + 1 + 16)
  t.ok(steps.every((step) => step === null))
})

test('block signers - all that is hashed for a signature counts', (t) => {
  const signature = generate.signature(random)
  const account = generate.address(random)
  const quote = (count: number): QuoteEntry => {
    const orders = Array.from({ length: count }, (_, i) =>
      generate.order(random, { account, market: 1, quote: true, nonce: i + 1 })
    )
    return { kind: 'quote', account, market: 1, orders, signature }
  }
  const cosign = (count: number): CosignEntry => {
    const marks = Array.from({ length: count }, (_, slot) => ({ slot, nonce: 1, filled: 1 }))
    return { kind: 'cosign', ...generate.netDelta(random), marks, signature }
  }
  const { steps } = read(encodeBlock([quote(1), quote(256), cosign(0), cosign(60), cosign(61)]))
  t.alike(
    steps.map((step) => step?.orders),
    [1, 256, 0, 10, 11]
  )
})
