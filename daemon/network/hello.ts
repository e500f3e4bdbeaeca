// The messages of the channel `curb/1`.
//
//   hello         the channel's handshake: version uint, venue 32, role u8 (0 daemon,
//                 1 validator), lane 32 or zeros, link (length uint, at most 512 bytes),
//                 tape length uint
//   announcement  tape length uint, has snapshot u8, [index uint, hash 32]
//   bye           code string, message string: why the sender ends the connection
//
// The version stands first, and what follows it is read only when it is ours: that is how two
// versions can tell each other apart. Integers above 2^53-1 or longer than they need to be, trailing
// bytes and unknown flags are malformed.

import b4a from 'b4a'
import c from 'compact-encoding'
import type { CodecState } from 'protomux'
import { PROTOCOL_VERSION, type Announcement, type Hello } from './types.ts'

export const ANNOUNCEMENT_BYTES_MAX = 64
export const BYE_BYTES_MAX = 512
const LINK_BYTES_MAX = 512
const CODE_LENGTH_MAX = 32
const MESSAGE_LENGTH_MAX = 200
const NO_LANE = new Uint8Array(32)

export type Bye = { code: string; message: string }

export type ReadHello =
  | { kind: 'hello'; hello: Hello }
  | { kind: 'otherVersion'; version: number }
  | { kind: 'malformed' }

export function encodeHello(hello: Hello): Uint8Array {
  const state = c.state()
  c.uint.preencode(state, hello.version)
  state.end += 65
  c.uint8array.preencode(state, hello.link)
  c.uint.preencode(state, hello.tapeLength)
  const bytes = new Uint8Array(state.end)
  const out = { start: 0, end: bytes.length, buffer: bytes }
  c.uint.encode(out, hello.version)
  c.fixed32.encode(out, hello.venue)
  c.uint8.encode(out, hello.role === 'validator' ? 1 : 0)
  c.fixed32.encode(out, hello.lane ?? NO_LANE)
  c.uint8array.encode(out, hello.link)
  c.uint.encode(out, hello.tapeLength)
  return bytes
}

export function readHello(bytes: Uint8Array): ReadHello {
  return reading<ReadHello>(bytes, { kind: 'malformed' }, (state) => {
    const version = decodeInteger(state)
    if (version !== PROTOCOL_VERSION) {
      state.start = state.end
      return { kind: 'otherVersion', version }
    }
    const venue = copyOf(c.fixed32.decode(state))
    const roleCode = c.uint8.decode(state)
    const lane = copyOf(c.fixed32.decode(state))
    const link = copyOf(takeBytes(state, LINK_BYTES_MAX))
    const tapeLength = decodeInteger(state)
    if (roleCode > 1) return null
    const role = roleCode === 1 ? 'validator' : 'daemon'
    const hasLane = !b4a.equals(lane, NO_LANE)
    const hello: Hello = { version, venue, role, lane: hasLane ? lane : null, link, tapeLength }
    return { kind: 'hello', hello }
  })
}

export function encodeAnnouncement(announcement: Announcement): Uint8Array {
  const { tapeLength, snapshot } = announcement
  const state = c.state()
  c.uint.preencode(state, tapeLength)
  state.end++
  if (snapshot !== null) {
    c.uint.preencode(state, snapshot.index)
    state.end += 32
  }
  const bytes = new Uint8Array(state.end)
  const out = { start: 0, end: bytes.length, buffer: bytes }
  c.uint.encode(out, tapeLength)
  c.uint8.encode(out, snapshot === null ? 0 : 1)
  if (snapshot !== null) {
    c.uint.encode(out, snapshot.index)
    c.fixed32.encode(out, snapshot.hash)
  }
  return bytes
}

/** Null when malformed. */
export function readAnnouncement(bytes: Uint8Array): Announcement | null {
  return reading<Announcement | null>(bytes, null, (state) => {
    const tapeLength = decodeInteger(state)
    const flag = c.uint8.decode(state)
    if (flag > 1) return null
    if (flag === 0) return { tapeLength, snapshot: null }
    const index = decodeInteger(state)
    return { tapeLength, snapshot: { index, hash: copyOf(c.fixed32.decode(state)) } }
  })
}

export function encodeBye(bye: Bye): Uint8Array {
  return b4a.from(
    `${bye.code.slice(0, CODE_LENGTH_MAX)} ${bye.message.slice(0, MESSAGE_LENGTH_MAX)}`
  )
}

/** Only printable ASCII of it is kept: the text is a stranger's, and goes to logs and terminals. */
export function readBye(bytes: Uint8Array): Bye {
  const text = b4a.toString(bytes, 'latin1').replace(/[^\x20-\x7e]/g, '?')
  const space = text.indexOf(' ')
  const code = space === -1 ? text : text.slice(0, space)
  return {
    code: code.slice(0, CODE_LENGTH_MAX),
    message: space === -1 ? '' : text.slice(space + 1, space + 1 + MESSAGE_LENGTH_MAX)
  }
}

/** `malformed` when the reader throws or gives null, or bytes are left over. */
function reading<T>(bytes: Uint8Array, malformed: T, read: (state: CodecState) => T | null): T {
  const state = { start: 0, end: bytes.length, buffer: bytes }
  try {
    const value = read(state)
    return value === null || state.start !== state.end ? malformed : value
  } catch {
    return malformed // too short: compact-encoding throws
  }
}

function decodeInteger(state: CodecState): number {
  const { start } = state
  const value = c.uint.decode(state)
  if (!Number.isSafeInteger(value)) throw new RangeError('not a safe integer')
  const least = c.state()
  c.uint.preencode(least, value)
  if (state.start - start !== least.end) throw new RangeError('longer than it needs to be')
  return value
}

function takeBytes(state: CodecState, bytesMax: number): Uint8Array {
  const length = decodeInteger(state)
  if (length > bytesMax || length > state.end - state.start) throw new RangeError('too long')
  state.start += length
  return state.buffer.subarray(state.start - length, state.start)
}

/** What is kept must not pin the frame that it came in. */
function copyOf(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes)
}
