// A frame is what one turn of the event loop sends on one channel: messages, each as type (one
// byte), length (compact-encoding's uint) and payload. A frame is one Protomux message and so one
// encrypted write. Payloads are copied once, into the buffer that is then encrypted in place; the
// receiver gets views of what was decrypted in place.

import c from 'compact-encoding'
import type { Codec, CodecState } from 'protomux'

export type OutgoingMessage = { type: number; payload: Uint8Array }

/** Message types are 0 to 127. */
export const TYPE_MAX = 127

/** Overhead of a message within a frame, at most. */
export const MESSAGE_OVERHEAD_BYTES = 6

/** Encodes a list of messages. Decoding only takes the frame as it is: `readFrame` looks into it,
 * so that a malformed one does not throw within Protomux. */
export const frameCodec: Codec<readonly OutgoingMessage[], Uint8Array> = {
  preencode(state, messages) {
    for (const { payload } of messages) {
      state.end++
      c.uint.preencode(state, payload.length)
      state.end += payload.length
    }
  },
  encode(state, messages) {
    for (const { type, payload } of messages) {
      state.buffer[state.start++] = type
      c.uint.encode(state, payload.length)
      state.buffer.set(payload, state.start)
      state.start += payload.length
    }
  },
  decode(state) {
    const frame = state.buffer.subarray(state.start, state.end)
    state.start = state.end
    return frame
  }
}

/** Gives each message to `onmessage`, in order, until it returns false. Returns false when the
 * frame is malformed from some place on; the messages before it have been given. */
export function readFrame(
  frame: Uint8Array,
  onmessage: (type: number, payload: Uint8Array) => boolean
): boolean {
  const state: CodecState = { start: 0, end: frame.length, buffer: frame }
  while (state.start < state.end) {
    const type = frame[state.start++]
    const length = readLength(state)
    if (type > TYPE_MAX || length === null || length > state.end - state.start) return false
    const payload = frame.subarray(state.start, state.start + length)
    state.start += length
    if (!onmessage(type, payload)) return true
  }
  return true
}

function readLength(state: CodecState): number | null {
  try {
    return c.uint.decode(state)
  } catch {
    return null // the frame ends within the number
  }
}
