// What happens over time, on a clock that the test moves.

import test from 'brittle'
import { Dialer } from '../../../daemon/network/dialer.ts'
import { REPUTATION_DEFAULTS, Reputation } from '../../../daemon/network/reputation.ts'
import { Throttle } from '../../../daemon/network/throttle.ts'
import { TokenBucket } from '../../../daemon/network/token-bucket.ts'
import { VirtualClock } from '../../helpers/clock.ts'
import { seededRandom } from '../../helpers/random.ts'

test('token bucket - a burst, then a rate, debts are waited for', (t) => {
  const bucket = new TokenBucket({ perSecond: 100, burst: 50 }, 0)
  t.is(bucket.spend(50, 0), 0)
  t.is(bucket.spend(10, 0), 100)
  t.is(bucket.spend(0, 50), 50)
  t.is(bucket.spend(0, 100), 0)
  t.is(bucket.spend(50, 10_000), 0, 'never more than the burst')
  t.is(bucket.spend(1, 10_000), 10)
  t.is(bucket.spend(0, 9_000), 10, 'a clock that goes back gives nothing')
})

const RATES = {
  bytesPerSecond: 1_000,
  bytesBurst: 1_000,
  unitsPerSecond: 1e9,
  unitsBurst: 1e9,
  inboxBytesMax: 200_000
}

function throttled() {
  const clock = new VirtualClock()
  const state = { paused: false, received: 0, read: 0, flooded: 0 }
  const throttle = new Throttle(RATES, {
    clock,
    stream: {
      pause: () => (state.paused = true),
      resume: () => (state.paused = false),
      receivedBytes: () => state.received,
      readBytes: () => state.read
    },
    onflood: (bytes) => (state.flooded = bytes)
  })
  return { clock, state, throttle }
}

test('throttle - reading stops while a peer is over its rate', (t) => {
  const { clock, state, throttle } = throttled()
  throttle.spend(1_000, 1)
  t.absent(state.paused)
  throttle.spend(500, 1)
  t.ok(state.paused)
  clock.advance(499)
  t.ok(state.paused)
  clock.advance(30)
  t.absent(state.paused)
  t.is(throttle.times, 1)
  t.is(clock.pending, 0, 'no timer is left over')
})

test('throttle - what piles up is measured from when the peer was even', (t) => {
  const { clock, state, throttle } = throttled()
  state.received = 50_000 // headers: the two counts never agree
  throttle.spend(1_200, 1)
  state.received += 190_000
  clock.advance(100)
  t.is(state.flooded, 0)
  state.received += 20_000
  clock.advance(100)
  t.is(state.flooded, 210_000)
  t.is(clock.pending, 0)
  throttle.close()
  throttle.spend(1e9, 1)
  t.is(clock.pending, 0, 'nothing after close')
})

function reputation(validators: string[] = [], recordsMax = 100) {
  const clock = new VirtualClock()
  const unbanned: string[] = []
  const standing = new Reputation(
    { ...REPUTATION_DEFAULTS, recordsMax },
    { clock, isValidator: (id) => validators.includes(id), onunban: (id) => unbanned.push(id) }
  )
  return { clock, unbanned, standing }
}

test('reputation - slips are forgiven, malice is not', (t) => {
  const { clock, standing } = reputation()
  for (let slip = 0; slip < 500; slip++) {
    if (standing.misbehaved('honest', 'a slip', 1)) t.fail('an honest peer was banned')
    clock.advance(10_000)
    standing.expire()
  }
  t.is(standing.score('honest'), 0)
  t.absent(standing.misbehaved('rogue', 'bad', 60))
  t.ok(standing.misbehaved('rogue', 'worse', 60))
  t.ok(standing.isBanned('rogue'))
  t.alike(
    standing.bans().map(({ id, reason }) => ({ id, reason })),
    [{ id: 'rogue', reason: 'worse' }]
  )
})

test('reputation - bans end, grow, and are told', (t) => {
  const { clock, unbanned, standing } = reputation()
  const banMs = () => {
    standing.misbehaved('rogue', 'bad', 100)
    const from = clock.now()
    while (standing.isBanned('rogue')) clock.advance(1_000)
    standing.expire()
    return clock.now() - from
  }
  t.alike([banMs(), banMs(), banMs()], [60_000, 240_000, 960_000])
  t.is(unbanned.length, 3)
  for (let times = 0; times < 5; times++) banMs()
  t.is(banMs(), REPUTATION_DEFAULTS.banMaxMs)
})

test('reputation - a validator is away for a short time only', (t) => {
  const { clock, standing } = reputation(['validator'])
  for (let times = 0; times < 20; times++) standing.misbehaved('validator', 'bad', 100)
  standing.avoid('validator', 'other version', 1e9)
  t.ok(standing.isBanned('validator'))
  clock.advance(REPUTATION_DEFAULTS.validatorBanMaxMs)
  t.absent(standing.isBanned('validator'))
})

test('reputation - a crowd of strangers does not fill the memory', (t) => {
  const { clock, unbanned, standing } = reputation([], 10)
  for (let number = 0; number < 1_000; number++) standing.misbehaved(`${number}`, 'bad', 100)
  t.is(standing.bans().length, 10)
  t.is(unbanned.length, 990, 'whoever is forgotten is let in again')
  clock.advance(REPUTATION_DEFAULTS.banMaxMs * 3)
  standing.expire()
  standing.expire()
  t.is(standing.bans().length, 0)
})

const key = (number: number) => new Uint8Array(32).fill(number)

function dialer(ownId: string) {
  const clock = new VirtualClock()
  const dials: { at: number; to: number }[] = []
  const start = clock.now()
  const made = new Dialer(
    {
      ownId,
      wanted: [
        { id: 'a', key: key(1), role: 'validator' },
        { id: 'z', key: key(2), role: 'daemon' },
        { id: ownId, key: key(3), role: 'validator' }
      ],
      dialMinMs: 100,
      dialMaxMs: 1_000,
      refusedMs: 30_000,
      secondMs: 500
    },
    {
      clock,
      random: seededRandom(4),
      dial: (to) => dials.push({ at: clock.now() - start, to: to[0] })
    }
  )
  return { clock, dials, dialer: made, start }
}

test('dialer - the smaller key dials first, the greater a little later', (t) => {
  const { clock, dials, dialer: made } = dialer('m')
  made.open()
  clock.advance(0)
  t.alike(dials, [{ at: 0, to: 2 }])
  clock.advance(500)
  t.ok(dials.some(({ at, to }) => at === 500 && to === 1))
  t.is(made.missing().length, 2)
  made.close()
  t.is(clock.pending, 0)
})

test('dialer - waits longer each time, up to a bound, and begins anew when accepted', (t) => {
  const { clock, dials, dialer: made, start } = dialer('m')
  made.open()
  clock.advance(20_000)
  const times = dials.filter(({ to }) => to === 2).map(({ at }) => at)
  const waits = times.slice(1).map((at, index) => at - times[index])
  t.ok(waits[0] <= 200 && waits[0] >= 100)
  t.ok(waits.slice(5).every((wait) => wait >= 500 && wait <= 1_000))
  made.connected('z')
  const before = dials.length
  clock.advance(10_000)
  t.absent(
    dials.slice(before).some(({ to }) => to === 2),
    'not while connected'
  )
  made.accepted('z')
  made.disconnected('z', 'lost', false)
  const lostAt = clock.now() - start
  clock.advance(100)
  t.ok(dials.some(({ at, to }) => to === 2 && at > lostAt && at <= lostAt + 100))
  t.is(made.missing().find(({ id }) => id === 'z')?.lastError, 'lost')
})

test('dialer - a refusal is not answered with haste', (t) => {
  const { clock, dials, dialer: made } = dialer('m')
  made.open()
  clock.advance(0)
  made.connected('z')
  made.disconnected('z', 'VERSION_MISMATCH', true)
  const before = dials.filter(({ to }) => to === 2).length
  clock.advance(29_999)
  t.is(dials.filter(({ to }) => to === 2).length, before)
  clock.advance(1)
  t.is(dials.filter(({ to }) => to === 2).length, before + 1)
})
