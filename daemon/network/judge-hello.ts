import b4a from 'b4a'
import type { Bye, ReadHello } from './hello.ts'
import { PROTOCOL_VERSION, type Hello, type Role } from './types.ts'

/** Why a peer's hello does not fit ours, in words for both sides; null when it does. `role` is
 * what the manifest says of the peer's key. */
export function judgeHello(read: ReadHello, own: Hello, role: Role): Bye | null {
  if (read.kind === 'malformed') {
    return { code: 'HELLO_MALFORMED', message: 'the hello could not be read' }
  }
  if (read.kind === 'otherVersion') {
    const message = `curb/1 version ${read.version} meets version ${PROTOCOL_VERSION}: update the older daemon`
    return { code: 'VERSION_MISMATCH', message }
  }
  if (!b4a.equals(read.hello.venue, own.venue)) {
    const message = `venue ${short(read.hello.venue)} meets venue ${short(own.venue)}: the manifests differ`
    return { code: 'VENUE_MISMATCH', message }
  }
  if (read.hello.role !== role) {
    const message = `called itself ${read.hello.role}, by its key and the manifest it is ${role}`
    return { code: 'ROLE_MISMATCH', message }
  }
  return null
}

function short(key: Uint8Array): string {
  return b4a.toString(key, 'hex').slice(0, 12)
}
