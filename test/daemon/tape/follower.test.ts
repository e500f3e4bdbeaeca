import test from 'brittle'
import { type FollowedTape, TapeFollower } from '../../../daemon/tape/follower.ts'
import type { Peer } from '../../../daemon/network/types.ts'
import { VirtualClock } from '../../helpers/clock.ts'

const STALL_MS = 2000

/** A daemon far behind: two peers claim a long tape, one claims an endless
 * one, and blocks come as the test says. */
function behind() {
  const clock = new VirtualClock()
  const listeners: Parameters<FollowedTape['onfinal']>[0][] = []
  let taken = 0
  const asked: string[] = []
  const peer = (id: string): Peer => ({
    id,
    key: new Uint8Array(32),
    role: 'validator',
    hello: { tapeLength: 10_000 } as Peer['hello'],
    announced: { tapeLength: 10_000 } as Peer['announced'],
    closed: false,
    send: () => {
      asked.push(id)
      return true
    },
    has: () => true,
    misbehaved: () => undefined,
    close: () => undefined
  })
  const liar = { ...peer('liar'), hello: { tapeLength: 2 ** 40 } as Peer['hello'] }
  const peers = [peer('first'), peer('second'), liar]
  const follower = new TapeFollower(
    { always: true, faulty: 1, stallMs: STALL_MS, checkMs: 500, avoidMs: 1000 },
    {
      clock,
      random: () => 0,
      peers: () => peers,
      tape: {
        get taken() {
          return taken
        },
        missing: null,
        onfinal: (listener) => void listeners.push(listener),
        appendRun: () => 'gap',
        backfill: () => Promise.resolve('gap')
      }
    }
  )
  follower.open()
  /** So many blocks come from the peer that is followed, and the others' tapes grow by as many as
   * said. */
  const come = (blocks: number, grown: number): void => {
    taken += blocks
    for (const each of peers) each.announced.tapeLength += grown
    for (const listener of listeners) listener({ source: 'peer' } as Parameters<typeof listener>[0])
  }
  return { clock, follower, come, asked, peers }
}

test('tape follower - a peer that lets blocks drip is left, whatever it calls progress', (t) => {
  const { clock, follower, come } = behind()
  t.is(follower.state.peer, 'first')
  for (let i = 0; i < 8 && follower.state.peer === 'first'; i++) {
    clock.advance(STALL_MS - 100)
    come(1, 20)
  }
  t.is(follower.state.peer, 'second')
  follower.close()
})

test('tape follower - a peer by which the daemon comes nearer is kept, however slowly', (t) => {
  const { clock, follower, come } = behind()
  for (let i = 0; i < 20; i++) {
    clock.advance(STALL_MS - 100)
    come(21, 20)
  }
  t.is(follower.state.peer, 'first')
  follower.close()
})

test('tape follower - a peer that began from a snapshot just above is left, not asked in a circle', (t) => {
  const { clock, follower, come, asked, peers } = behind()
  const [first] = peers
  come(9_999, 0)
  asked.length = 0
  for (let i = 0; i < 10; i++) {
    follower.onbehind(first)
    follower.onmissing(first, 9_999, 10_000, 10_000)
  }
  // The fetch, and the good-bye if it is still subscribed.
  t.ok(asked.length <= 2, `${asked.length} messages`)
  clock.advance(500)
  t.is(follower.state.peer, 'second')
  follower.close()
})

test('tape follower - a peer that has history and nothing newer is followed live', (t) => {
  const { follower, come, asked, peers } = behind()
  const [first] = peers
  come(10_000, 0)
  follower.onbehind(first)
  asked.length = 0
  follower.onmissing(first, 10_000, 0, 10_000)
  t.alike(asked, ['first'])
  t.alike(follower.state, { mode: 'subscribed', peer: 'first' })
  follower.close()
})
