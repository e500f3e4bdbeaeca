// Signatures checked by tables of known keys: the same answers as recovery gives, whatever comes.
import test from 'brittle'
import { loadCrypto } from '../../crypto/crypto.ts'
import { BATCH_MAX, KeyTables } from '../../crypto/curve/key-tables.ts'
import { KnownKeys } from '../../crypto/known-keys.ts'
import { loadSecp256k1 } from '../../crypto/secp256k1.ts'
import { equalBytes, fromHex } from '../../protocol/bytes.ts'
import { between, pick, randomBytes, seededRandom } from '../helpers/random.ts'
import type { Claim } from '../../crypto/known-keys.ts'
import type { TabledSignature } from '../../crypto/curve/key-tables.ts'

const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n
const secp = await loadSecp256k1()
const crypto = await loadCrypto()
const tables = await KeyTables.load(4)

function word(value: bigint): Uint8Array {
  return fromHex(value.toString(16).padStart(64, '0')) ?? new Uint8Array()
}

function numberOf(bytes: Uint8Array): bigint {
  return bytes.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n)
}

/** Modulo the order, by Fermat. */
function inverse(value: bigint): bigint {
  let result = 1n
  let power = value
  for (let exponent = ORDER - 2n; exponent > 0n; exponent >>= 1n) {
    if (exponent & 1n) result = (result * power) % ORDER
    power = (power * power) % ORDER
  }
  return result
}

/** One that the library would not make, but for the last of those that it gives back as it was. */
function spoiled(random: () => number, signature: Uint8Array): Uint8Array {
  const other = new Uint8Array(signature)
  const kind = between(random, 0, 5)
  if (kind === 0) other[64] = 55 - other[64]
  if (kind === 1) other[between(random, 0, 31)] ^= 1 << between(random, 0, 7)
  if (kind === 2) other[between(random, 33, 63)] ^= 1 << between(random, 0, 7)
  if (kind === 3) other.set(randomBytes(random, 32), 0)
  if (kind === 4) other.set(word(pick(random, [0n, 1n, ORDER, ORDER - 1n, 2n ** 256n - 1n])), 0)
  if (kind === 5) other.set(word(pick(random, [0n, 1n, 2n, ORDER / 2n])), 32)
  return other
}

test('key tables - confirm what the library recovers, and nothing else', (t) => {
  const random = seededRandom(5)
  const keys = Array.from({ length: tables.size }, () => randomBytes(random, 32))
  const publicKeys = keys.map((key) => secp.publicKey(key))
  publicKeys.forEach((key, table) => tables.make(table, key))
  const digests = [word(0n), word(ORDER), word(ORDER - 1n), word(2n ** 256n - 1n), word(1n)]
  let confirmed = 0
  let denied = 0
  for (let round = 0; round < 250; round++) {
    const count = between(random, 1, BATCH_MAX)
    const signatures = Array.from({ length: count }, (): TabledSignature => {
      const table = between(random, 0, keys.length - 1)
      const digest = between(random, 0, 9) === 0 ? pick(random, digests) : randomBytes(random, 32)
      const signature = secp.sign(digest, keys[table])
      if (between(random, 0, 1) === 0) return { digest, signature, table }
      return between(random, 0, 4) === 0
        ? { digest, signature, table: (table + 1) % keys.length }
        : { digest, signature: spoiled(random, signature), table }
    })
    const made = tables.check(signatures)
    signatures.forEach(({ digest, signature, table }, i) => {
      const key = secp.recover(digest, signature)
      const expected = key !== null && equalBytes(key, publicKeys[table])
      if (made[i] !== expected) t.fail(`${round}: ${made[i]} for signature ${i}`)
      if (expected) confirmed++
      else denied++
    })
  }
  t.ok(confirmed > 1000 && denied > 1000, `${confirmed} confirmed, ${denied} denied`)
})

test('key tables - every multiple of a table is right', (t) => {
  // Each of the 4,096 multiples of the key, and of the generator, is in one of these sums or more.
  const random = seededRandom(6)
  const key = randomBytes(random, 32)
  tables.make(0, secp.publicKey(key))
  for (let round = 0; round < 64; round++) {
    const signatures = Array.from({ length: BATCH_MAX }, (): TabledSignature => {
      const digest = randomBytes(random, 32)
      return { digest, signature: secp.sign(digest, key), table: 0 }
    })
    const made = tables.check(signatures)
    if (made.includes(false)) t.fail(`round ${round}`)
  }
  t.pass()
})

/** u1 (or u2) of a signature whose sums of even and of odd windows are alike: the digits of n, the
 * odd ones with the other sign. Forged without the key, r and s make the last two points meet. */
function meetingScalar(): bigint {
  const digits = (ORDER >> 1n) | (1n << 255n)
  let scalar = 0n
  for (let window = 0n; window < 32n; window++) {
    const digit = 2n * ((digits >> (8n * window)) & 0xffn) - 255n
    scalar += (window % 2n === 0n ? digit : -digit) << (8n * window)
  }
  return ((scalar % ORDER) + ORDER) % ORDER
}

test('key tables - points that meet are left to the library, and spoil no signature beside', (t) => {
  const random = seededRandom(7)
  const honest = randomBytes(random, 32)
  tables.make(1, secp.publicKey(honest))
  const scalar = meetingScalar()
  let left = 0
  for (const secret of [1n, 2n, 3n, ORDER - 1n, 2n ** 8n, 2n ** 128n, ORDER - 2n ** 8n]) {
    const publicKey = secp.publicKey(word(secret))
    tables.make(0, publicKey)
    for (let round = 0; round < 30; round++) {
      const signatures = Array.from({ length: BATCH_MAX }, (_, i): TabledSignature => {
        const digest = randomBytes(random, 32)
        if (i % 3 === 0) return { digest, signature: secp.sign(digest, honest), table: 1 }
        const signature = secp.sign(digest, word(secret))
        if (i % 3 === 1) return { digest, signature, table: 0 }
        const s = (numberOf(digest) * inverse(scalar)) % ORDER
        const low = s > ORDER / 2n ? ORDER - s : s
        const forged = new Uint8Array(65).fill(27)
        forged.set(word((scalar * low) % ORDER), 0)
        forged.set(word(low), 32)
        return { digest, signature: i % 2 === 0 ? spoiled(random, signature) : forged, table: 0 }
      })
      const made = tables.check(signatures)
      signatures.forEach(({ digest, signature, table }, i) => {
        const key = secp.recover(digest, signature)
        const expected =
          key !== null && equalBytes(key, secp.publicKey(table === 1 ? honest : word(secret)))
        if (table === 1 && !made[i]) t.fail('an honest one was spoiled')
        if (made[i] && !expected) t.fail(`${secret}: confirmed a forgery`)
        if (!made[i] && expected) left++
      })
    }
  }
  t.ok(left > 100, `${left} left to the library`)
})

test('key tables - whatever signatures there are in a batch, each is answered by itself', (t) => {
  const random = seededRandom(12)
  const key = randomBytes(random, 32)
  tables.make(0, secp.publicKey(key))
  const digest = randomBytes(random, 32)
  const signature = secp.sign(digest, key)
  const good = { digest, signature, table: 0 }
  const scalar = meetingScalar()
  const s = (numberOf(digest) * inverse(scalar)) % ORDER
  const meeting = new Uint8Array(65).fill(27)
  meeting.set(word((scalar * s) % ORDER), 0)
  meeting.set(word(s), 32)
  const broken = [
    meeting,
    new Uint8Array(65),
    new Uint8Array(65).fill(255),
    new Uint8Array(64),
    new Uint8Array(0),
    Uint8Array.from(signature, (byte, i) => (i < 32 ? 0 : byte)),
    Uint8Array.from(signature, (byte, i) => (i < 32 ? 255 : byte)),
    Uint8Array.from(signature, (byte, i) => (i >= 32 && i < 64 ? 0 : byte))
  ]
  for (const each of broken) {
    t.alike(tables.check([good, { ...good, signature: each }, good]), [true, false, true])
    t.alike(tables.check([{ ...good, signature: each }]), [false])
  }
  t.alike(tables.check([good, { ...good, digest: new Uint8Array(31) }]), [true, false])
})

type Trader = { key: Uint8Array; account: string }

function traders(random: () => number, count: number): Trader[] {
  return Array.from({ length: count }, () => {
    const key = randomBytes(random, 32)
    return { key, account: crypto.address(key) }
  })
}

function claimOf(random: () => number, { key, account }: Trader): Claim {
  const digest = randomBytes(random, 32)
  return { digest, signature: crypto.sign(digest, key), account }
}

test('known keys - find whom recovery finds, known or not', async (t) => {
  const random = seededRandom(8)
  const keys = await KnownKeys.load(crypto)
  const all = traders(random, 6)
  let answers = 0
  for (let round = 0; round < 60; round++) {
    const claims = Array.from({ length: between(random, 1, 50) }, (): Claim => {
      const claim = claimOf(random, pick(random, all))
      const kind = between(random, 0, 9)
      if (kind === 0) return { ...claim, signature: spoiled(random, claim.signature) }
      if (kind === 1) return { ...claim, account: pick(random, all).account }
      return kind === 2 ? { ...claim, account: null } : claim
    })
    const signers = keys.signers(claims)
    claims.forEach(({ digest, signature }, i) => {
      answers++
      if (signers[i] !== crypto.recover(digest, signature)) t.fail(`round ${round}`)
    })
  }
  t.ok(answers > 1000)
  t.ok(all.every(({ account }) => keys.has(account)))
})

test('known keys - an account is known by signatures of its own, not by those of others', async (t) => {
  const random = seededRandom(9)
  const keys = await KnownKeys.load(crypto)
  const [victim, stranger, trader] = traders(random, 3)
  for (let i = 0; i < 200; i++) {
    keys.signers([
      { ...claimOf(random, stranger), account: victim.account },
      { ...claimOf(random, stranger), account: null }
    ])
  }
  t.absent(keys.has(victim.account))
  t.absent(keys.has(stranger.account))
  t.absent(keys.has(null))
  for (let i = 0; i < 63; i++) keys.signers([claimOf(random, trader)])
  t.absent(keys.has(trader.account))
  keys.signers([claimOf(random, trader)])
  t.ok(keys.has(trader.account))
})

test('known keys - however many sign once, who signs often becomes known', async (t) => {
  const random = seededRandom(11)
  const keys = await KnownKeys.load(crypto)
  const [early, late] = traders(random, 2)
  for (let i = 0; i < 32; i++) keys.signers([claimOf(random, early)])
  // More than are counted; the early one signs now and then.
  for (let i = 0; i < 5000; i++) {
    keys.signers([claimOf(random, traders(random, 1)[0])])
    if (i % 1000 === 0) keys.signers([claimOf(random, early)])
  }
  for (let i = 0; i < 27; i++) keys.signers([claimOf(random, early)])
  t.ok(keys.has(early.account), 'its count was kept')
  for (let i = 0; i < 64; i++) keys.signers([claimOf(random, late)])
  t.ok(keys.has(late.account))
})

test('known keys - who signs more takes the place of who signs least', async (t) => {
  const random = seededRandom(10)
  const keys = await KnownKeys.load(crypto)
  const [quiet, ...others] = traders(random, 65)
  const sign = (trader: Trader, count: number): unknown =>
    keys.signers(Array.from({ length: count }, () => claimOf(random, trader)))
  sign(quiet, 64)
  for (const trader of others.slice(0, 63)) sign(trader, 80)
  const latest = others[63]
  sign(latest, 127)
  t.ok(keys.has(quiet.account))
  t.absent(keys.has(latest.account), 'not twice as many')
  sign(latest, 1)
  t.absent(keys.has(quiet.account))
  t.ok(keys.has(latest.account))
  t.ok(others.every(({ account }) => keys.has(account)))
  const claims = [quiet, ...others].map((trader) => claimOf(random, trader))
  t.alike(
    keys.signers(claims),
    claims.map(({ account }) => account)
  )
})
