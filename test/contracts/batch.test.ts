import test from 'brittle'
import { compactSignature } from '../../contracts/batch.ts'

test('batch - a compact signature leaves the signature as it was', (t) => {
  const signature = new Uint8Array(65).fill(1)
  signature[64] = 28
  // As the network hands it over.
  const buffer = Buffer.from(signature)
  const compact = compactSignature(buffer)
  t.is(compact[32], 0x81)
  t.alike(new Uint8Array(buffer), signature)
})
