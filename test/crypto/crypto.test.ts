import test from 'brittle'
import { getAddress, keccak256, Signature as EthersSignature, SigningKey, Wallet } from 'ethers'
import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import sodium from 'sodium-native'
import { blake2b256, blake2b256Parts } from '../../crypto/blake2b.ts'
import { loadCrypto } from '../../crypto/crypto.ts'
import { ed25519KeyPair, ed25519Sign, ed25519Verify } from '../../crypto/ed25519.ts'
import { loadSecp256k1 } from '../../crypto/secp256k1.ts'
import { checksumAddress } from '../../protocol/address.ts'
import { asciiBytes, concatBytes, fromHex, toHex, toHex0x } from '../../protocol/bytes.ts'
import { between, randomBytes, seededRandom } from '../helpers/random.ts'
import type { Crypto } from '../../crypto/crypto.ts'

const native = await loadCrypto('native')
const wasm = await loadCrypto('wasm')
const backends: Crypto[] = [native, wasm]

const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n

function hex(text: string): Uint8Array {
  const bytes = fromHex(text)
  if (bytes === null) throw new Error(`not hex: ${text}`)
  return bytes
}

function word(value: bigint): Uint8Array {
  return hex(value.toString(16).padStart(64, '0'))
}

/** BLAKE2b-256 of the parts put together, by the library alone. */
function whole(...parts: Uint8Array[]): Uint8Array {
  const output = new Uint8Array(32)
  sodium.crypto_generichash(output, concatBytes(...parts))
  return output
}

/** Vectors of ethers' own test suite. */
function ethersVectors(name: string): Record<string, string>[] {
  const folder = '../../node_modules/@ethersproject/testcases/testcases/'
  const file = new URL(`${folder}${name}.json.gz`, import.meta.url)
  return JSON.parse(gunzipSync(readFileSync(file)).toString())
}

test('crypto - both backends are what they are called', (t) => {
  t.is(native.backend, 'native')
  t.is(wasm.backend, 'wasm')
})

test('crypto - keccak of the public vectors', (t) => {
  const vectors = ethersVectors('hashes')
  t.ok(vectors.length > 500)
  for (const { data, keccak256: expected } of vectors) {
    if (toHex0x(native.keccak(hex(data))) !== expected) t.fail(data)
  }
})

test('crypto - checksummed addresses of the public vectors', (t) => {
  const vectors = ethersVectors('accounts')
  t.ok(vectors.length > 1000)
  for (const { address, checksumAddress: expected } of vectors) {
    const shown = checksumAddress(address.toLowerCase(), native.keccak)
    if (shown !== expected || shown !== getAddress(address)) t.fail(address)
  }
})

test('crypto - private keys of the public vectors have their accounts and signatures', (t) => {
  const signed = ethersVectors('eip712').filter((each) => each.privateKey && each.signature)
  t.ok(signed.length > 0)
  for (const { privateKey, digest, signature } of signed) {
    for (const crypto of backends) {
      const account = crypto.address(hex(privateKey))
      t.is(toHex0x(crypto.sign(hex(digest), hex(privateKey))), signature)
      t.is(crypto.recover(hex(digest), hex(signature)), account)
    }
  }
})

test('crypto - keccak handles input of any length', (t) => {
  const random = seededRandom(1)
  for (const length of [0, 1, 135, 136, 137, 271, 272, 16_383, 16_384, 16_385, 100_000]) {
    const data = randomBytes(random, length)
    t.is(toHex0x(native.keccak(data)), keccak256(data), `${length} bytes`)
  }
})

test('crypto - BLAKE2b-256 is the real one, whole or in parts', (t) => {
  // The digest of the empty message, and of "abc" from an independent implementation (b2sum).
  t.is(
    toHex(blake2b256(new Uint8Array(0))),
    '0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8'
  )
  t.is(
    toHex(blake2b256(asciiBytes('abc'))),
    'bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319'
  )
  const random = seededRandom(2)
  for (let i = 0; i < 100; i++) {
    const parts = Array.from({ length: between(random, 1, 5) }, () =>
      randomBytes(random, between(random, 0, 300))
    )
    t.alike(blake2b256Parts(parts), whole(...parts))
  }
  // On both sides of what is gathered before it is hashed.
  for (const lengths of [[], [0], [16_384], [9, 16_375], [9, 16_376], [9, 100_000]]) {
    const parts = lengths.map((length) => randomBytes(random, length))
    t.alike(blake2b256Parts(parts), whole(...parts), lengths.join(' + '))
  }
})

test('crypto - a hash is its own, whatever is hashed after it', (t) => {
  const first = blake2b256(Uint8Array.of(1))
  const before = first.slice()
  blake2b256(Uint8Array.of(2))
  t.alike(first, before)
})

test('crypto - both backends sign as ethers does and recover what ethers signed', (t) => {
  const random = seededRandom(3)
  for (let i = 0; i < 200; i++) {
    const key = randomBytes(random, 32)
    const digest = randomBytes(random, 32)
    const expected = new SigningKey(toHex0x(key)).sign(digest).serialized
    const account = new Wallet(toHex0x(key)).address.toLowerCase()
    for (const crypto of backends) {
      const signature = crypto.sign(digest, key)
      if (toHex0x(signature) !== expected) t.fail(`${crypto.backend} signs otherwise`)
      if (crypto.recover(digest, signature) !== account) t.fail(`${crypto.backend} recovers other`)
      if (crypto.address(key) !== account) t.fail(`${crypto.backend} has another address`)
    }
  }
  t.pass()
})

test('crypto - recovery takes low s and v of 27 or 28 only, as ethers and the vault do', (t) => {
  const random = seededRandom(4)
  for (let i = 0; i < 50; i++) {
    const key = randomBytes(random, 32)
    const digest = randomBytes(random, 32)
    const good = native.sign(digest, key)
    const s = BigInt(toHex0x(good.subarray(32, 64)))
    const flipped = good[64] === 27 ? 28 : 27
    const high = concatBytes(good.subarray(0, 32), word(ORDER - s), Uint8Array.of(flipped))
    for (const crypto of backends) {
      t.is(crypto.recover(digest, high), null, 'the same signature with a high s')
      for (const v of [0, 1, 2, 3, 26, 29, 30, 255]) {
        const other = concatBytes(good.subarray(0, 64), Uint8Array.of(v))
        t.is(crypto.recover(digest, other), null, `v ${v}`)
      }
      t.unlike(
        crypto.recover(digest, concatBytes(good.subarray(0, 64), Uint8Array.of(flipped))),
        crypto.address(key),
        'the other v is another key'
      )
    }
  }
})

test('crypto - edges of r and s: both backends and ethers agree', (t) => {
  const half = ORDER / 2n
  const digest = new Uint8Array(32).fill(7)
  const edges = [0n, 1n, 2n, 3n, 5n, half - 1n, half, half + 1n, ORDER - 1n, ORDER, ORDER + 1n]
  let recovered = 0
  for (const r of [...edges, 2n ** 256n - 1n]) {
    for (const s of edges) {
      for (const v of [27, 28]) {
        const signature = concatBytes(word(r), word(s), Uint8Array.of(v))
        const [a, b] = backends.map((crypto) => crypto.recover(digest, signature))
        const expected = s > half ? null : ethersRecover(digest, signature)
        if (a !== b || a !== expected) t.fail(`r ${r} s ${s} v ${v}: ${a} ${b} ${expected}`)
        if (a !== null) recovered++
      }
    }
  }
  t.ok(recovered > 0, 'some of them are signatures of some key')
})

function ethersRecover(digest: Uint8Array, signature: Uint8Array): string | null {
  try {
    const point = SigningKey.recoverPublicKey(digest, EthersSignature.from(toHex0x(signature)))
    return '0x' + keccak256('0x' + point.slice(4)).slice(-40)
  } catch {
    return null
  }
}

test('crypto - random bytes as signatures: both backends agree', (t) => {
  const random = seededRandom(5)
  let recovered = 0
  for (let i = 0; i < 1000; i++) {
    const signature = randomBytes(random, 65)
    signature[32] &= 0x7f
    signature[64] = between(random, 27, 28)
    const digest = randomBytes(random, 32)
    const [a, b] = backends.map((crypto) => crypto.recover(digest, signature))
    if (a !== b) t.fail(toHex(signature))
    if (a !== null) recovered++
  }
  t.ok(recovered > 300 && recovered < 700, `${recovered} of 1000 have a key`)
})

test('crypto - wrong lengths are no signature, wrong keys are a fault', async (t) => {
  for (const backend of ['native', 'wasm'] as const) {
    const secp256k1 = await loadSecp256k1(backend)
    t.is(secp256k1.recover(new Uint8Array(31), new Uint8Array(65)), null)
    t.is(secp256k1.recover(new Uint8Array(32), new Uint8Array(64)), null)
    const keys = [new Uint8Array(31), new Uint8Array(32), word(ORDER), new Uint8Array(33)]
    for (const key of keys) {
      await t.exception(() => secp256k1.publicKey(key), { code: 'key_invalid' })
      await t.exception(() => secp256k1.sign(new Uint8Array(32), key), { code: 'key_invalid' })
    }
  }
})

test('crypto - ed25519 of RFC 8032, and nothing else', async (t) => {
  // RFC 8032, section 7.1, test 2.
  const pair = ed25519KeyPair(
    hex('4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb')
  )
  t.is(toHex(pair.publicKey), '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c')
  const message = Uint8Array.of(0x72)
  const signature = ed25519Sign(message, pair.secretKey)
  t.is(
    toHex(signature),
    '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da' +
      '085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00'
  )
  t.ok(ed25519Verify(signature, message, pair.publicKey))
  t.absent(ed25519Verify(signature, Uint8Array.of(0x73), pair.publicKey))
  for (let i = 0; i < 64; i++) {
    const broken = new Uint8Array(signature)
    broken[i] ^= 1
    t.absent(ed25519Verify(broken, message, pair.publicKey))
  }
  t.absent(ed25519Verify(signature.subarray(1), message, pair.publicKey))
  t.absent(ed25519Verify(signature, message, new Uint8Array(31)))
  await t.exception(() => ed25519KeyPair(new Uint8Array(31)), { code: 'key_invalid' })
  await t.exception(() => ed25519Sign(message, new Uint8Array(32)), { code: 'key_invalid' })
})
