import test from 'brittle'
import { compareBytes, equalBytes, toHex } from '../../protocol/bytes.ts'
import {
  decodeChainEvent,
  encodeChainEvent,
  CHAIN_EVENT_KINDS
} from '../../protocol/chain-events.ts'
import {
  decodeBlock,
  decodeEntry,
  encodeBlock,
  encodeEntry,
  ENTRY_KINDS,
  joinBlock
} from '../../protocol/entries.ts'
import { DecodeFault, EncodeFault } from '../../protocol/faults.ts'
import { BLOCK_BYTES_MAX, BLOCK_ENTRIES_MAX } from '../../protocol/limits.ts'
import { between, randomBytes, seededRandom } from '../helpers/random.ts'
import { fuzz } from './fuzz-decoders.ts'
import * as generate from './generate.ts'
import type { Entry, Order } from '../../protocol/types.ts'

test('entries - every kind comes back as it went in', (t) => {
  const random = seededRandom(1)
  const seen = new Set<string>()
  for (let i = 0; i < 5000; i++) {
    const entry = generate.entry(random)
    const bytes = encodeEntry(entry)
    const back = decodeEntry(bytes)
    seen.add(back.kind)
    if (JSON.stringify(plain(back)) !== JSON.stringify(plain(entry))) {
      t.alike(back, entry, 'differs')
      return
    }
    if (!equalBytes(encodeEntry(back), bytes)) t.fail('another encoding')
  }
  t.is(seen.size, ENTRY_KINDS.length)
})

/** Bytes as hex, so that views and arrays compare by content. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return toHex(value)
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .map(([key, field]) => ({ key, field: plain(field) }))
      .sort((a, b) => (a.key < b.key ? -1 : 1))
      .map(({ key, field }) => [key, field])
  )
}

test('entries - a block holds its entries, joined or encoded at once', (t) => {
  const random = seededRandom(2)
  for (let i = 0; i < 200; i++) {
    const entries = Array.from({ length: between(random, 1, 8) }, () => generate.entry(random))
    const block = encodeBlock(entries)
    t.alike(plain(decodeBlock(block)), plain(entries))
    t.ok(equalBytes(joinBlock(entries.map(encodeEntry)), block))
  }
})

test('entries - a block is bounded', async (t) => {
  const lease: Entry = { kind: 'lease', ttlMs: 5 }
  const most = Array.from({ length: BLOCK_ENTRIES_MAX }, () => lease)
  t.is(decodeBlock(encodeBlock(most)).length, BLOCK_ENTRIES_MAX)
  await t.exception(() => encodeBlock([...most, lease]), EncodeFault)
  await t.exception(() => encodeBlock([]), EncodeFault)
  await t.exception(() => decodeBlock(Uint8Array.of(1, 0)), DecodeFault)
  await t.exception(() => decodeBlock(new Uint8Array(BLOCK_BYTES_MAX + 1)), /too large/)
  const random = seededRandom(3)
  const quote = bigQuote(random())
  const quotes = Array.from({ length: 20 }, () => quote)
  await t.exception(() => encodeBlock(quotes), /more than 65536/)
})

function bigQuote(seed: number): Entry {
  const random = seededRandom(seed)
  const account = generate.address(random)
  const orders = Array.from({ length: 256 }, (_, i) =>
    generate.order(random, { account, market: 1, quote: true, nonce: i + 1 })
  )
  return { kind: 'quote', account, market: 1, orders, signature: generate.signature(random) }
}

test('entries - every cut-off block and every byte left over is refused', (t) => {
  const random = seededRandom(4)
  const block = encodeBlock(generate.everyEntry(random))
  for (let length = 0; length < block.length; length++) {
    if (!refused(() => decodeBlock(block.subarray(0, length)))) t.fail(`taken at ${length}`)
  }
  t.ok(refused(() => decodeBlock(Uint8Array.of(...block, 0))))
})

function refused(run: () => unknown): boolean {
  try {
    run()
    return false
  } catch (fault) {
    if (fault instanceof DecodeFault) return true
    throw fault
  }
}

test('entries - each broken form is refused with its reason', async (t) => {
  const random = seededRandom(5)
  const lease = encodeEntry({ kind: 'lease', ttlMs: 5 })
  const cases: [string, Uint8Array, RegExp][] = [
    ['unknown kind 0', Uint8Array.of(0), /unknown entry kind at byte 0/],
    ['unknown kind 13', Uint8Array.of(13), /unknown entry kind/],
    ['a small integer in three bytes', Uint8Array.of(9, 0xfd, 5, 0), /longer than it needs/],
    ['in five', Uint8Array.of(9, 0xfe, 5, 1, 0, 0), /longer than it needs/],
    ['in nine', Uint8Array.of(9, 0xff, 5, 0, 0, 0, 0, 0, 0, 0), /longer than it needs/],
    ['above 32 bits', Uint8Array.of(9, 0xff, 0, 0, 0, 0, 1, 0, 0, 0), /out of range/],
    ['above 2^53', Uint8Array.of(9, 0xff, 0, 0, 0, 0, 0, 0, 0x20, 0), /above 2\^53/],
    ['cut integer', Uint8Array.of(9, 0xfe, 5, 1), /ends early/],
    ['left over', Uint8Array.of(...lease, 0), /left over/]
  ]
  for (const [name, bytes, reason] of cases) {
    await t.exception(() => decodeEntry(bytes), reason, name)
  }
  const order = generate.order(random, { market: 0, trigger: null })
  const signed = encodeEntry({
    kind: 'place',
    order,
    proof: null,
    signature: generate.signature(random)
  })
  const flags = 1 + 1 + 20
  const changed = (at: number, value: number): Uint8Array => {
    const bytes = new Uint8Array(signed)
    bytes[at] = value
    return bytes
  }
  for (const [at, value] of [
    [flags, 0x80],
    [flags, 0x06],
    [flags, 0x18],
    [flags + 1, 0x10],
    [flags + 1, 0x0c]
  ]) {
    await t.exception(() => decodeEntry(changed(at, value)), /unknown order flag/)
  }
  const v = signed.length - 1
  for (const value of [0, 1, 26, 29, 255]) {
    await t.exception(() => decodeEntry(changed(v, value)), /v not 27 or 28/)
  }
  await t.exception(() => decodeEntry(changed(v - 32, 0x80)), /s too high/)
})

test('entries - s is low up to half the group order and no further', (t) => {
  const half = '7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0'
  const random = seededRandom(6)
  const entry = (s: string): Uint8Array => {
    const bytes = encodeEntry({
      kind: 'link',
      account: generate.address(random),
      nonce: 1,
      expiry: 1,
      signature: generate.signature(random)
    })
    const at = bytes.length - 33
    for (let i = 0; i < 32; i++) bytes[at + i] = parseInt(s.slice(2 * i, 2 * i + 2), 16)
    return bytes
  }
  const value = BigInt('0x' + half)
  for (const [s, fine] of [
    [value, true],
    [value - 1n, true],
    [value - 2n ** 128n, true],
    [value + 1n, false],
    [value + 2n ** 200n, false],
    [2n ** 256n - 1n, false]
  ] as const) {
    const bytes = entry(s.toString(16).padStart(64, '0'))
    t.is(
      refused(() => decodeEntry(bytes)),
      !fine,
      s.toString(16)
    )
  }
})

test('entries - what has no encoding is refused before it is sent', async (t) => {
  const random = seededRandom(7)
  const order = (fixed: Partial<Order>): Entry => ({
    kind: 'place',
    order: generate.order(random, fixed),
    proof: null,
    signature: generate.signature(random)
  })
  const account = generate.address(random)
  const bad: [Entry, RegExp][] = [
    [order({ price: 0 }), /price must be a whole number/],
    [order({ price: 1.5 }), /price must be/],
    [order({ quantity: 2 ** 30 }), /quantity must be a whole number from 1 to 1073741823/],
    [order({ nonce: 2 ** 40 }), /nonce must be/],
    [order({ feeMax: 2 ** 53 }), /feeMax must be/],
    [order({ slot: 65_536 }), /slot must be/],
    [order({ account: account.toUpperCase() }), /lower-case 0x address/],
    [{ kind: 'cancel', account, nonces: [], expiry: 0 }, /nonces must hold 1 to 256, holds 0/],
    [
      {
        kind: 'quote',
        account,
        market: 0,
        orders: [generate.order(random, { market: 0, quote: true })],
        signature: generate.signature(random)
      },
      /quotes of the entry's account and market/
    ],
    [
      {
        kind: 'cosign',
        ...generate.netDelta(random),
        deltas: [1, 0],
        signature: generate.signature(random)
      },
      /must not end in a zero/
    ],
    [{ kind: 'link', account, nonce: 1, expiry: 1, signature: new Uint8Array(65) }, /v not 27/]
  ]
  for (const [entry, reason] of bad) await t.exception(() => encodeEntry(entry), reason)
  t.is(encodeEntry({ kind: 'lease', ttlMs: 5 }).length, 2, 'a fault leaves nothing behind')
})

test('entries - quotes must ascend in nonce', async (t) => {
  const random = seededRandom(8)
  const account = generate.address(random)
  const at = (nonce: number): Order =>
    generate.order(random, { account, market: 2, quote: true, nonce })
  const quote = (orders: Order[]): Entry => ({
    kind: 'quote',
    account,
    market: 2,
    orders,
    signature: generate.signature(random)
  })
  await t.exception(() => encodeEntry(quote([at(5), at(5)])), EncodeFault)
  await t.exception(() => encodeEntry(quote([at(5), at(4)])), EncodeFault)
  const most = quote([at(2 ** 40 - 2), at(2 ** 40 - 1)])
  t.alike(plain(decodeEntry(encodeEntry(most))), plain(most))
})

test('entries - decoded bytes are views of the block, addresses are shared', (t) => {
  const random = seededRandom(9)
  const account = generate.address(random)
  const entries = Array.from({ length: 3 }, (): Entry => ({
    kind: 'link',
    account,
    nonce: 1,
    expiry: 1,
    signature: generate.signature(random)
  }))
  const block = encodeBlock(entries)
  for (const entry of decodeBlock(block)) {
    if (entry.kind !== 'link') return
    t.is(entry.signature.buffer, block.buffer)
    t.is(entry.account, account)
  }
})

test('chain events - every kind comes back as it went in', (t) => {
  const random = seededRandom(10)
  const seen = new Set<string>()
  for (let i = 0; i < 3000; i++) {
    const event = generate.chainEvent(random)
    const bytes = encodeChainEvent(event)
    const back = decodeChainEvent(bytes)
    seen.add(back.kind)
    if (JSON.stringify(plain(back)) !== JSON.stringify(plain(event))) {
      t.alike(back, event, 'differs')
      return
    }
  }
  t.is(seen.size, CHAIN_EVENT_KINDS.length)
})

test('codecs - mutated bytes are refused by name or taken for what they are', (t) => {
  const { failure, accepted } = fuzz(20_000, 20)
  t.is(failure, null)
  t.ok(accepted > 400, 'some cases are whole values')
  t.ok(accepted < 10_000, 'most are not')
})

test('codecs - pure noise is refused by name', (t) => {
  const random = seededRandom(11)
  for (let i = 0; i < 5000; i++) {
    const bytes = randomBytes(random, between(random, 0, 80))
    for (const decode of [decodeBlock, decodeEntry, decodeChainEvent]) {
      try {
        decode(bytes)
      } catch (fault) {
        if (!(fault instanceof DecodeFault)) t.fail(`${String(fault)} for ${toHex(bytes)}`)
      }
    }
  }
  t.pass()
})

test('bytes - keys compare bytewise, a prefix first', (t) => {
  const keys = [[2], [1, 2], [1], [255], [], [1, 1, 9]].map((key) => Uint8Array.from(key))
  t.alike(
    keys.sort(compareBytes).map((key) => [...key]),
    [[], [1], [1, 1, 9], [1, 2], [2], [255]]
  )
})
