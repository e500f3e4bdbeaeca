// The primitives are compact-encoding's, read more strictly.
import test from 'brittle'
import c from 'compact-encoding'
import { addressAt, checksumAddress, isAddress, parseAddress } from '../../protocol/address.ts'
import { asciiBytes, asciiText, fromHex, toHex, toHex0x } from '../../protocol/bytes.ts'
import { readInt, Reader, Writer, writeInt } from '../../protocol/wire.ts'
import { loadKeccak } from '../../crypto/keccak.ts'
import { randomBytes, seededRandom } from '../helpers/random.ts'
import * as generate from './generate.ts'

test('wire - integers are what compact-encoding writes, and come back', (t) => {
  const random = seededRandom(1)
  const edges = [0, 1, 0xfc, 0xfd, 0xffff, 0x10000, 2 ** 32 - 1, 2 ** 32, 2 ** 40, 2 ** 53 - 1]
  const values = [
    ...edges,
    ...Array.from({ length: 2000 }, () => generate.integer(random, 0, 2 ** 53 - 1))
  ]
  for (const value of values) {
    const writer = new Writer(1)
    writer.uint('value', value, 0, Number.MAX_SAFE_INTEGER)
    const bytes = writer.take()
    if (toHex(bytes) !== toHex(c.encode(c.uint, value))) t.fail(`${value} is written otherwise`)
    const reader = new Reader(bytes)
    if (reader.uint(0, Number.MAX_SAFE_INTEGER) !== value) t.fail(`${value} comes back otherwise`)
    reader.finish()
  }
  t.pass()
})

test('wire - signed integers come back, and zero has one form', async (t) => {
  for (const value of [0, 1, -1, 2 ** 53 - 1, 1 - 2 ** 53]) {
    const writer = new Writer()
    writeInt(writer, 'value', value)
    t.is(readInt(new Reader(writer.take())), value)
  }
  await t.exception(() => readInt(new Reader(Uint8Array.of(1, 0))), /negative zero/)
  await t.exception(() => readInt(new Reader(Uint8Array.of(2, 0))), /not a boolean/)
})

test('wire - a range is kept both ways', async (t) => {
  await t.exception(() => new Reader(Uint8Array.of(9)).uint(1, 8), /out of range at byte 0/)
  await t.exception(() => new Reader(Uint8Array.of(0)).uint(1, 8), /out of range/)
  await t.exception(() => new Writer().uint('size', 9, 1, 8), /size must be a whole number from 1/)
  await t.exception(() => new Writer().fixed('key', new Uint8Array(31), 32), /must be 32 bytes/)
})

test('wire - fixed bytes never reach beyond the end', async (t) => {
  const held = new Uint8Array(100).subarray(10, 20)
  for (const read of ['fixed', 'address', 'signature'] as const) {
    const reader = new Reader(held)
    await t.exception(() => (read === 'fixed' ? reader.fixed(11) : reader[read]()), /ends early/)
  }
  t.is(new Reader(held).fixed(10).length, 10)
})

test('wire - what a writer has handed out stays as it was, whatever is written next', (t) => {
  const random = seededRandom(4)
  const sizes = [1, 4095, 4096, 4097, 9000, 65_535, 65_536, 65_537, 200_000]
  const kept = sizes.flatMap((size) =>
    [1, size, 2 * size].map((capacity) => {
      const bytes = randomBytes(random, size)
      const writer = new Writer(capacity)
      writer.fixed('first', bytes.subarray(0, size >>> 1), size >>> 1)
      writer.fixed('rest', bytes.subarray(size >>> 1), size - (size >>> 1))
      return { bytes, taken: writer.take() }
    })
  )
  for (const { bytes, taken } of kept) {
    if (Buffer.compare(bytes, taken) !== 0) t.fail(`${bytes.length} bytes`)
  }
  t.pass()
})

test('bytes - hex and ASCII, both ways', async (t) => {
  const random = seededRandom(2)
  for (let length = 0; length < 200; length++) {
    const bytes = randomBytes(random, length)
    if (toHex(bytes) !== Buffer.from(bytes).toString('hex')) t.fail(`hex of ${length} bytes`)
    t.alike(fromHex(toHex(bytes)), bytes)
    t.alike(fromHex(toHex0x(bytes).toUpperCase().replace('0X', '0x')), bytes)
  }
  for (const wrong of ['0', 'zz', '0x0g', '0x123']) t.is(fromHex(wrong), null)
  const text = 'curb '.repeat(2000)
  t.is(asciiText(asciiBytes(text)), text)
  t.is(asciiText(Uint8Array.of(65, 200)), null)
  await t.exception.all(() => asciiBytes('é'), /not ASCII/)
})

test('address - the table of recent addresses never mixes them up', (t) => {
  const random = seededRandom(3)
  const known = Array.from({ length: 60_000 }, () => randomBytes(random, 20))
  let wrong = 0
  for (let round = 0; round < 2; round++) {
    for (const bytes of known) if (addressAt(bytes, 0) !== toHex0x(bytes)) wrong++
  }
  t.is(wrong, 0)
  t.is(addressAt(new Uint8Array(20), 0), '0x' + '0'.repeat(40))
})

test('address - read strictly, with the checksum of EIP-55 when there is one', async (t) => {
  const keccak = await loadKeccak()
  // The examples of EIP-55.
  const examples = [
    '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed',
    '0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359',
    '0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB',
    '0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb'
  ]
  for (const text of examples) {
    const address = parseAddress(text, keccak)
    t.is(address, text.toLowerCase())
    t.is(checksumAddress(address, keccak), text)
    t.is(parseAddress(address, keccak), address)
    t.ok(isAddress(address))
    t.absent(isAddress(text))
  }
  const mistyped = examples[0].replace('e', 'E')
  await t.exception(() => parseAddress(mistyped, keccak), /a digit is mistyped/)
  await t.exception(() => parseAddress('0x12', keccak), /"0x12" is not an address/)
})

test('wire - what is read of one of Node’s buffers can be copied with slice', (t) => {
  const buffer = Buffer.from([1, 2, 3, 4])
  const bytes = new Reader(buffer).fixed(4)
  bytes.slice()[0] = 9
  t.alike([...buffer], [1, 2, 3, 4])
})
