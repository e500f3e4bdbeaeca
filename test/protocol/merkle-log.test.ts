import test from 'brittle'
import * as fc from 'fast-check'
import Hypercore from 'hypercore'
import crypto from 'hypercore-crypto'
import caps from 'hypercore/lib/caps.js'
import multisig from 'hypercore/lib/multisig.js'
import Verifier from 'hypercore/lib/verifier.js'
import { blake2b256Parts } from '../../crypto/blake2b.ts'
import { ed25519KeyPair, ed25519Sign } from '../../crypto/ed25519.ts'
import {
  type LogManifest,
  decodeHeadSignature,
  encodeHeadSignature,
  encodeManifest,
  headSignable,
  manifestKey
} from '../../protocol/log-manifest.ts'
import { MerkleLog, leafHash } from '../../protocol/merkle-log.ts'

const seed = (fill: number): Uint8Array => new Uint8Array(32).fill(fill)
const keyPair = (fill: number) => ed25519KeyPair(seed(fill))
const log = (blocks: readonly Uint8Array[]): MerkleLog =>
  blocks.reduce((so, block) => so.append(block), MerkleLog.empty(blake2b256Parts))
const hypercoreManifest = (manifest: LogManifest) =>
  Verifier.createManifest({
    version: manifest.version,
    quorum: manifest.quorum,
    signers: manifest.signers.map((publicKey) => ({ publicKey: Buffer.from(publicKey) })),
    prologue: manifest.prologue && {
      hash: Buffer.from(manifest.prologue.hash),
      length: manifest.prologue.length
    },
    userData: manifest.userData && Buffer.from(manifest.userData)
  })

test('merkle log - has the tree hash, byte length and roots of a Hypercore at every length', async (t) => {
  const core = new Hypercore(await t.tmp())
  t.teardown(() => core.close())
  await core.ready()
  let own = MerkleLog.empty(blake2b256Parts)
  for (let i = 0; i < 70; i++) {
    const block = crypto.randomBytes(i * 7)
    await core.append(block)
    own = own.append(block)
    if (!Buffer.from(own.treeHash()).equals(core.core.state.hash())) t.fail(`differs at ${i + 1}`)
    if (own.byteLength !== core.byteLength) t.fail(`byte length differs at ${i + 1}`)
  }
  t.is(own.length, core.length)
  t.alike(
    own.roots().map(({ size, hash }) => ({ size, hash: Buffer.from(hash) })),
    core.core.state.roots.map(({ size, hash }) => ({ size, hash }))
  )
})

test('merkle log - a branch leaves the log that it left as it was', (t) => {
  const blocks = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 40 })
  fc.assert(
    fc.property(blocks, blocks, blocks, (trunk, left, right) => {
      const base = log(trunk)
      const before = base.treeHash()
      const a = left.reduce((so, block) => so.append(block), base)
      const b = right.reduce((so, block) => so.append(block), base)
      t.alike(base.treeHash(), before, 'the trunk keeps its hash')
      t.alike(a.treeHash(), log([...trunk, ...left]).treeHash(), 'a branch hashes as the whole')
      t.alike(b.treeHash(), log([...trunk, ...right]).treeHash(), 'so does the other')
    }),
    { numRuns: 60 }
  )
})

test('merkle log - goes on from its roots, and from leaves alone', (t) => {
  const blocks = Array.from({ length: 37 }, (_, i) => seed(i).subarray(i % 9))
  const whole = log(blocks)
  const half = log(blocks.slice(0, 21))
  const restored = MerkleLog.from(blake2b256Parts, 21, half.roots())
  const grown = blocks
    .slice(21)
    .reduce(
      (so, block) => so?.appendLeaf(block.length, leafHash(blake2b256Parts, block)) ?? null,
      restored
    )
  t.alike(grown?.treeHash(), whole.treeHash())
  t.is(grown?.byteLength, whole.byteLength)
  t.is(MerkleLog.from(blake2b256Parts, 21, half.roots().slice(1)), null, 'a root too few')
  t.is(MerkleLog.from(blake2b256Parts, 20, half.roots()), null, 'a root too many')
})

const manifests: [string, LogManifest][] = [
  ['one signer', manifest([1], 1, null, seed(9))],
  ['one signer, version 1', { ...manifest([1], 1, null, null), version: 1 }],
  ['three of four signers', manifest([1, 2, 3, 4], 3, null, seed(8))],
  ['long user data', manifest([1, 2], 2, null, new Uint8Array(300).fill(5))],
  ['a prologue', manifest([1], 1, { hash: seed(7), length: 1000 }, seed(9))],
  ['a long prologue', manifest([1], 1, { hash: seed(7), length: 2 ** 40 + 3 }, null)]
]

function manifest(
  signers: number[],
  quorum: number,
  prologue: LogManifest['prologue'],
  userData: Uint8Array | null
): LogManifest {
  return {
    version: 2,
    quorum,
    signers: signers.map((fill) => keyPair(fill).publicKey),
    prologue,
    userData
  }
}

for (const [name, own] of manifests) {
  test(`log manifest - encodes and hashes as Hypercore does: ${name}`, (t) => {
    const theirs = hypercoreManifest(own)
    t.alike(Buffer.from(encodeManifest(own)), Verifier.encodeManifest(theirs))
    t.alike(Buffer.from(manifestKey(blake2b256Parts, own)), Verifier.manifestHash(theirs))
    t.alike(Buffer.from(manifestKey(blake2b256Parts, own)), Hypercore.key(theirs))
  })
}

test('log manifest - a head signable is the bytes that Hypercore signs', (t) => {
  const lengths = [0, 1, 252, 2 ** 32 - 1, 2 ** 32, 2 ** 52 + 1]
  for (const length of lengths) {
    for (const fork of [0, 3]) {
      const own = headSignable(seed(1), seed(2), length, fork)
      const theirs = caps.treeSignable(seed(1), seed(2), length, fork)
      t.alike(Buffer.from(own), Buffer.from(theirs), `length ${length}, fork ${fork}`)
    }
  }
})

test('log manifest - a real Hypercore takes a head that one signer signed without opening it', async (t) => {
  const signer = keyPair(1)
  const own = manifest([1], 1, null, seed(9))
  const core = new Hypercore(await t.tmp(), { manifest: hypercoreManifest(own) })
  t.teardown(() => core.close())
  await core.ready()
  const key = manifestKey(blake2b256Parts, own)
  t.alike(core.key, Buffer.from(key))
  const blocks = [seed(1), seed(2), seed(3)]
  const head = log(blocks)
  const partial = ed25519Sign(headSignable(key, head.treeHash(), 3, 0), signer.secretKey)
  const signature = encodeHeadSignature([{ signer: 0, signature: partial }])
  t.is(signature.length, 68)
  await core.append(blocks, { signature })
  t.is(core.length, 3)
  t.alike(Buffer.from(signature), Buffer.from(core.core.state.signature ?? []))
  const wrong = encodeHeadSignature([{ signer: 0, signature: partial.map((byte) => byte ^ 1) }])
  await t.exception(core.append([seed(4)], { signature: wrong }), 'a false one is refused')
})

test('log manifest - a real Hypercore takes a head that a quorum signed, and no fewer', async (t) => {
  const own = manifest([1, 2, 3, 4], 3, null, seed(9))
  const core = new Hypercore(await t.tmp(), { manifest: hypercoreManifest(own) })
  t.teardown(() => core.close())
  await core.ready()
  const key = manifestKey(blake2b256Parts, own)
  const head = log([seed(1), seed(2)])
  const signable = headSignable(key, head.treeHash(), 2, 0)
  const partials = [0, 2, 3].map((signer) => ({
    signer,
    signature: ed25519Sign(signable, keyPair(signer + 1).secretKey)
  }))
  const signature = encodeHeadSignature(partials)
  const theirs = multisig.assemble(
    partials.map(({ signer, signature: bytes }) => ({
      signer,
      signature: Buffer.from(bytes),
      patch: 0,
      nodes: null
    }))
  )
  t.alike(Buffer.from(signature), theirs, 'the bytes are those that Hypercore assembles')
  await t.exception(
    core.append([seed(1), seed(2)], { signature: encodeHeadSignature(partials.slice(1)) })
  )
  await core.append([seed(1), seed(2)], { signature })
  t.is(core.length, 2)
})

test('log manifest - a head signature has one form', (t) => {
  const proof = (signer: number) => ({ signer, signature: new Uint8Array(64).fill(signer) })
  const bytes = encodeHeadSignature([proof(0), proof(2), proof(3)])
  t.alike(decodeHeadSignature(bytes, 3), [proof(0), proof(2), proof(3)])
  t.is(decodeHeadSignature(bytes, 2), null, 'more proofs than the quorum')
  t.is(decodeHeadSignature(bytes, 4), null, 'fewer')
  t.is(decodeHeadSignature(new Uint8Array([...bytes, 0]), 3), null, 'a byte too many')
  t.is(decodeHeadSignature(bytes.slice(0, -1), 3), null, 'a byte too few')
  const bad = (...signers: number[]) => encodeHeadSignature(signers.map(proof))
  t.is(decodeHeadSignature(bad(2, 0, 3), 3), null, 'not ascending')
  t.is(decodeHeadSignature(bad(0, 0, 3), 3), null, 'one signer twice')
  for (const at of [66, bytes.length - 1]) {
    const patched = bytes.slice()
    patched[at] = 1
    t.is(decodeHeadSignature(patched, 3), null, `a patch at byte ${at}`)
  }
})
