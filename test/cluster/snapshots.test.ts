import test, { type Assert } from 'brittle'
import { blake2b256 } from '../../crypto/blake2b.ts'
import { decodeSnapshot, encodeSnapshot } from '../../daemon/replica/snapshot-codec.ts'
import { decodeTapeMessage, PIECE_BYTES_MAX, TAPE_CHANNEL } from '../../daemon/tape/messages.ts'
import { send } from '../../daemon/tape/streamer.ts'
import type { Peer } from '../../daemon/network/types.ts'
import type { LocalDaemon } from '../helpers/test-daemon.ts'
import { until } from '../helpers/until.ts'
import { TestVenue } from '../helpers/venue.ts'

const PACE = {
  validators: 4,
  accounts: ['alice'],
  pacing: { snapshotCuts: 10, heartbeatMs: 50 },
  tuning: { snapshotLeadBlocks: 5 }
}

/** Whichever of them is asked first for a snapshot sends what `forge` makes of its own, under a
 * true signature of the tape, for as long as it is asked. */
function lies(daemons: LocalDaemon[], forge: (bytes: Uint8Array) => Uint8Array): () => string {
  let liar = ''
  for (const { name, daemon } of daemons) {
    const { snapshots } = daemon.parts
    const honest = snapshots.receive.bind(snapshots)
    const forged = new Map<number, Uint8Array>()
    /** Hears what the honest daemon would have sent. */
    const overhear = (peer: Peer, heard: (payload: Uint8Array, type: number) => void) => {
      const hear = (channel: string, type: number, payload: Uint8Array): boolean => {
        if (channel === TAPE_CHANNEL) heard(payload, type)
        return true
      }
      return new Proxy(peer, {
        get: (target, key) => (key === 'send' ? hear : Reflect.get(target, key, target))
      })
    }
    snapshots.receive = (peer, message) => {
      if (message.kind === 'snapshot' && liar === '') liar = name
      if (liar !== name || (message.kind !== 'snapshot' && message.kind !== 'piece')) {
        honest(peer, message)
      } else if (message.kind === 'piece') {
        const bytes = forged.get(message.index)?.subarray(message.offset).slice(0, PIECE_BYTES_MAX)
        if (bytes !== undefined) send(peer, { ...message, kind: 'bytes', bytes })
      } else {
        const told = (payload: Uint8Array, type: number): void => {
          const answer = decodeTapeMessage(type, payload)
          if (answer.kind !== 'base' || answer.base === null) return
          const { base } = answer
          const read = (piece: Uint8Array, kind: number): void => {
            const part = decodeTapeMessage(kind, piece)
            if (part.kind !== 'bytes') return
            const bytes = forge(part.bytes.slice())
            forged.set(base.index, bytes)
            const made = { ...base, hash: blake2b256(bytes), bytes: bytes.length }
            send(peer, { kind: 'base', base: made })
          }
          honest(overhear(peer, read), { kind: 'piece', index: base.index, offset: 0 })
        }
        honest(overhear(peer, told), message)
      }
    }
  }
  return () => liar
}

async function joins(t: Assert, forge: (bytes: Uint8Array) => Uint8Array): Promise<void> {
  const venue = await TestVenue.create(t, PACE)
  const validators = await venue.validators()
  for (const { name, daemon } of validators) {
    const { snapshots } = daemon.parts
    await until(() => (snapshots.offer?.index ?? 0) > 10, `${name} to offer a snapshot`)
  }
  const liar = lies(validators, forge)
  const late = await venue.follower('late')
  t.not(liar(), '', 'it was asked, and lied')
  await venue.agrees()
  const [first] = late.daemon.parts.replica.log.roots()
  t.ok(first, 'it follows')
  t.alike(late.faults, [], 'no fault of its own')
  t.is(late.daemon.status().synced, true)
}

test('cluster - bytes that are no snapshot end nobody: another peer is asked', async (t) => {
  await joins(t, () => new Uint8Array(1000).fill(7))
})

test('cluster - a snapshot with one word changed is not believed', async (t) => {
  await joins(t, (bytes) => {
    const snapshot = decodeSnapshot(bytes)
    return encodeSnapshot({ ...snapshot, head: { ...snapshot.head, time: 1 } })
  })
})
