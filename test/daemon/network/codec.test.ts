import test from 'brittle'
import b4a from 'b4a'
import { frameCodec, readFrame, type OutgoingMessage } from '../../../daemon/network/frames.ts'
import {
  encodeAnnouncement,
  encodeBye,
  encodeHello,
  readAnnouncement,
  readBye,
  readHello
} from '../../../daemon/network/hello.ts'
import type { Hello } from '../../../daemon/network/types.ts'
import { between, randomBytes, seededRandom } from '../../helpers/random.ts'

const random = seededRandom(1)

function encodeFrame(messages: readonly OutgoingMessage[]): Uint8Array {
  const state = { start: 0, end: 0, buffer: new Uint8Array(0) }
  frameCodec.preencode(state, messages)
  const out = { start: 0, end: state.end, buffer: new Uint8Array(state.end) }
  frameCodec.encode(out, messages)
  return out.buffer
}

function read(frame: Uint8Array): { messages: OutgoingMessage[]; wellFormed: boolean } {
  const messages: OutgoingMessage[] = []
  const wellFormed = readFrame(frame, (type, payload) => messages.push({ type, payload }) > 0)
  return { messages, wellFormed }
}

test('frames - come back as they went, payloads as views', (t) => {
  for (let round = 0; round < 200; round++) {
    const messages = Array.from({ length: between(random, 0, 20) }, () => ({
      type: between(random, 0, 127),
      payload: randomBytes(random, between(random, 0, random() < 0.1 ? 70_000 : 300))
    }))
    const frame = encodeFrame(messages)
    const back = read(frame)
    const same =
      back.wellFormed &&
      back.messages.length === messages.length &&
      messages.every(
        ({ type, payload }, at) =>
          back.messages[at].type === type &&
          b4a.equals(back.messages[at].payload, payload) &&
          back.messages[at].payload.buffer === frame.buffer
      )
    if (!same) t.fail(`round ${round}`)
  }
  t.pass('200 frames')
})

test('frames - a cut frame gives what is whole and says that it is malformed', (t) => {
  const messages = [1, 2, 3].map((type) => ({ type, payload: new Uint8Array(300).fill(type) }))
  const frame = encodeFrame(messages)
  const whole = frame.length / 3
  for (let length = 0; length < frame.length; length++) {
    const back = read(frame.subarray(0, length))
    const count = Math.floor(length / whole)
    if (back.messages.length !== count || back.wellFormed !== (length % whole === 0)) {
      t.fail(`cut at ${length}`)
    }
  }
  t.absent(read(Uint8Array.from([128, 0])).wellFormed, 'a type above 127')
  t.absent(read(Uint8Array.from([0, 0xff, 1, 0, 0, 0, 0, 0, 0, 1])).wellFormed, 'a huge length')
})

const HELLO: Hello = {
  version: 1,
  venue: randomBytes(random, 32),
  role: 'validator',
  lane: randomBytes(random, 32),
  link: randomBytes(random, 170),
  tapeLength: 2 ** 40
}

test('hello - comes back as it went', (t) => {
  const bare: Hello = { ...HELLO, role: 'daemon', lane: null, link: new Uint8Array(0) }
  for (const hello of [HELLO, bare]) {
    t.alike(readHello(encodeHello(hello)), { kind: 'hello', hello })
  }
  const newer = b4a.concat([encodeHello({ ...HELLO, version: 2 }), randomBytes(random, 9)])
  t.alike(readHello(newer), { kind: 'otherVersion', version: 2 })
})

test('hello - anything else is malformed, and nothing throws', (t) => {
  const bytes = encodeHello(HELLO)
  for (let length = 0; length < bytes.length; length++) {
    const { kind } = readHello(bytes.subarray(0, length))
    if (kind !== 'malformed') t.fail(`cut at ${length}: ${kind}`)
  }
  t.is(readHello(b4a.concat([bytes, new Uint8Array(1)])).kind, 'malformed')
  t.is(readHello(encodeHello({ ...HELLO, link: new Uint8Array(600) })).kind, 'malformed')
  const badRole = Uint8Array.from(bytes)
  badRole[33] = 2
  t.is(readHello(badRole).kind, 'malformed')
  for (let round = 0; round < 2_000; round++) {
    const noise = randomBytes(random, between(random, 0, 200))
    readHello(noise)
    readAnnouncement(noise)
    readBye(noise)
    read(noise)
  }
})

test('announcement - comes back as it went; flags, leftovers and huge numbers do not', (t) => {
  const snapshot = { index: 9, hash: randomBytes(random, 32) }
  for (const announcement of [
    { tapeLength: 0, snapshot: null },
    { tapeLength: 70_000, snapshot }
  ]) {
    t.alike(readAnnouncement(encodeAnnouncement(announcement)), announcement)
  }
  t.is(readAnnouncement(Uint8Array.from([1, 2])), null)
  t.is(readAnnouncement(Uint8Array.from([1, 0, 0])), null)
  t.is(readAnnouncement(new Uint8Array(10).fill(255)), null)
})

test('bye - only printable text gets through, and not too much', (t) => {
  t.alike(readBye(encodeBye({ code: 'X', message: 'a b' })), { code: 'X', message: 'a b' })
  const evil = readBye(b4a.from('CODE \u001b[31mred\n\u0000' + 'y'.repeat(1_000)))
  t.is(evil.code, 'CODE')
  t.ok(/^[\x20-\x7e]{200}$/.test(evil.message))
  t.is(readBye(b4a.from('z'.repeat(300))).code.length, 32)
})

test('wire - version 1, byte for byte', (t) => {
  const hello: Hello = {
    version: 1,
    venue: new Uint8Array(32).fill(0xaa),
    role: 'validator',
    lane: new Uint8Array(32).fill(0xbb),
    link: Uint8Array.from([1, 2, 3]),
    tapeLength: 1_000
  }
  const hex = (bytes: Uint8Array) => b4a.toString(bytes, 'hex')
  t.is(hex(encodeHello(hello)), '01' + 'aa'.repeat(32) + '01' + 'bb'.repeat(32) + '03010203fde803')
  const snapshot = { index: 5, hash: new Uint8Array(32).fill(0xcc) }
  t.is(hex(encodeAnnouncement({ tapeLength: 6, snapshot })), '060105' + 'cc'.repeat(32))
  t.is(hex(encodeAnnouncement({ tapeLength: 6, snapshot: null })), '0600')
  t.is(hex(encodeBye({ code: 'A', message: 'b' })), '412062')
  const frame = encodeFrame([
    { type: 2, payload: Uint8Array.from([9]) },
    { type: 0, payload: new Uint8Array(0) }
  ])
  t.is(hex(frame), '0201090000')
})
