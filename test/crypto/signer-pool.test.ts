import test from 'brittle'
import { loadCrypto } from '../../crypto/crypto.ts'
import { SignerPool, startSignerWorker } from '../../crypto/signer-pool.ts'
import { typedHasher } from '../../protocol/eip712.ts'
import { encodeBlock } from '../../protocol/entries.ts'
import { signedPart } from '../../protocol/signed.ts'
import { between, randomBytes, seededRandom } from '../helpers/random.ts'
import * as generate from '../protocol/generate.ts'
import { until } from '../helpers/until.ts'
import type { Signers } from '../../crypto/block-signers.ts'
import type { SignerPoolOptions } from '../../crypto/signer-pool.ts'
import type { Worker } from 'node:worker_threads'
import type { Fault } from '../../protocol/faults.ts'
import type { Entry } from '../../protocol/types.ts'

const crypto = await loadCrypto()
const random = seededRandom(77)
const terms = generate.signingTerms(random)
const lane = randomBytes(random, 32)
const keys = Array.from({ length: 5 }, () => randomBytes(random, 32))

/** Blocks with entries of every kind, signed by known keys; one in ten does not decode. */
function work(count: number): { blocks: Uint8Array[]; expected: (Signers | null)[] } {
  const hasher = typedHasher(terms, crypto.keccak)
  const blocks: Uint8Array[] = []
  const expected: (Signers | null)[] = []
  for (let i = 0; i < count; i++) {
    if (i % 10 === 9) {
      blocks.push(randomBytes(random, 50))
      expected.push(null)
      continue
    }
    const entries: Entry[] = []
    const signers: Signers = []
    for (let j = between(random, 1, 5); j > 0; j--) {
      const entry = generate.entry(random)
      const signed = signedPart(hasher, entry, lane)
      if (signed === null || !('signature' in entry)) {
        entries.push(entry)
        signers.push(null)
        continue
      }
      const key = keys[between(random, 0, keys.length - 1)]
      entries.push({ ...entry, signature: crypto.sign(signed.digest, key) })
      signers.push(crypto.address(key))
    }
    blocks.push(encodeBlock(entries))
    expected.push(signers)
  }
  return { blocks, expected }
}

function pool(options: Partial<SignerPoolOptions>): {
  pool: SignerPool
  faults: Fault[]
  threads: Worker[]
} {
  const faults: Fault[] = []
  const threads: Worker[] = []
  const whole = { terms, backend: 'auto' as const, workers: 2, queueBytesMax: 1 << 24, ...options }
  const made = new SignerPool(whole, {
    onFault: (fault) => faults.push(fault),
    startWorker: (workerOptions) => {
      const worker = startSignerWorker(workerOptions)
      threads.push(worker)
      return worker
    }
  })
  return { pool: made, faults, threads }
}

for (const workers of [0, 1, 2]) {
  for (const backend of ['native', 'wasm'] as const) {
    test(`signer pool - ${workers} threads find every signer (${backend})`, async (t) => {
      const { pool: signers, faults } = pool({ workers, backend })
      t.teardown(() => signers.close())
      await signers.open()
      await signers.open()
      t.is(signers.workers, workers)
      const { blocks, expected } = work(40)
      const quarters = [0, 10, 20, 30].map((start) => blocks.slice(start, start + 10))
      const found = await Promise.all(quarters.map((part) => signers.blockSigners(lane, part)))
      t.alike(found.flat(), expected)
      t.is(signers.queuedBytes, 0)
      t.is(faults.length, 0)
    })
  }
}

test('signer pool - blocks that are views of a larger buffer are sent alone', async (t) => {
  const { pool: signers, faults } = pool({ workers: 1 })
  t.teardown(() => signers.close())
  await signers.open()
  const { blocks, expected } = work(5)
  const tape = new Uint8Array(1 << 20)
  let offset = 1000
  const views = blocks.map((block) => {
    tape.set(block, offset)
    offset += block.length
    return tape.subarray(offset - block.length, offset)
  })
  t.alike(await signers.blockSigners(lane, views), expected)
  t.is(tape.length, 1 << 20, 'and the buffer stays with its owner')
  t.is(faults.length, 0)
})

test('signer pool - bare digests', async (t) => {
  const { pool: signers, faults } = pool({ workers: 1 })
  t.teardown(() => signers.close())
  await signers.open()
  const digests = Array.from({ length: 20 }, () => randomBytes(random, 32))
  const signatures = digests.map((digest, i) => crypto.sign(digest, keys[i % keys.length]))
  signatures[3] = new Uint8Array(65)
  const expected = digests.map((_, i) => (i === 3 ? null : crypto.address(keys[i % keys.length])))
  t.alike(await signers.recover(digests, signatures), expected)
  t.is(faults.length, 0)
})

test('signer pool - a full queue refuses by name and works on', async (t) => {
  const { pool: signers } = pool({ workers: 1, queueBytesMax: 100 })
  t.teardown(() => signers.close())
  await signers.open()
  const { blocks, expected } = work(8)
  const first = signers.blockSigners(lane, blocks)
  await t.exception(signers.blockSigners(lane, blocks), { code: 'pool_busy' })
  t.alike(await first, expected)
  t.alike(await signers.blockSigners(lane, blocks), expected)
})

test('signer pool - jobs of a lost thread are done in place', async (t) => {
  const { pool: signers, faults, threads } = pool({ workers: 2 })
  t.teardown(() => signers.close())
  await signers.open()
  const { blocks, expected } = work(20)
  const jobs = blocks.map((block) => signers.blockSigners(lane, [block]))
  await Promise.all(threads.map((thread) => thread.terminate()))
  t.alike((await Promise.all(jobs)).flat(), expected)
  await until(() => faults.length === 2)
  t.is(faults[0].code, 'pool_failed')
  t.is(signers.workers, 0)
  t.alike(await signers.blockSigners(lane, blocks), expected, 'and later ones too')
})

test('signer pool - threads come while they are allowed and wanted, and go', async (t) => {
  const { pool: signers, faults } = pool({ workers: 0 })
  t.teardown(() => signers.close())
  await signers.open()
  const little = work(5)
  const much = work(2000)
  signers.allow(2)
  t.alike(await signers.blockSigners(lane, little.blocks), little.expected)
  t.is(signers.workers, 0, 'a little is done in place')
  const jobs = Array.from({ length: 20 }, (_, i) =>
    signers.blockSigners(lane, much.blocks.slice(100 * i, 100 * (i + 1)))
  )
  await until(() => signers.workers === 2)
  signers.allow(0)
  t.alike((await Promise.all(jobs)).flat(), much.expected)
  await until(() => signers.workers === 0)
  t.alike(await signers.blockSigners(lane, little.blocks), little.expected)
  signers.allow(2, 1)
  t.is(signers.workers, 1, 'or at once')
  t.alike(await signers.blockSigners(lane, little.blocks), little.expected)
  t.is(signers.queuedBytes, 0)
  t.is(faults.length, 0)
})

test('signer pool - closing refuses what is open, and twice is once', async (t) => {
  const { pool: signers } = pool({ workers: 1 })
  await t.exception(signers.blockSigners(lane, []), { code: 'pool_closed' }, 'not opened')
  await signers.open()
  const job = signers.blockSigners(lane, work(8).blocks)
  const refused = t.exception(job, { code: 'pool_closed' })
  await signers.close()
  await refused
  await signers.close()
  await t.exception(signers.blockSigners(lane, []), { code: 'pool_closed' })
})
