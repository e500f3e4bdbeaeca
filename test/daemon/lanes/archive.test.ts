import test from 'brittle'
import type { Assert } from 'brittle'
import Corestore from 'corestore'
import { blake2b256Parts } from '../../../crypto/blake2b.ts'
import { ed25519KeyPair, ed25519Sign } from '../../../crypto/ed25519.ts'
import { LaneArchive, laneArchiveDefaults } from '../../../daemon/lanes/archive.ts'
import { laneKey, signHead } from '../../../daemon/lanes/lane-key.ts'
import type { LaneFault } from '../../../daemon/lanes/lane-faults.ts'
import type { FinalSlice } from '../../../daemon/lanes/types.ts'
import { encodeEntry, joinBlock } from '../../../protocol/entries.ts'
import { equalBytes } from '../../../protocol/bytes.ts'
import { MerkleLog } from '../../../protocol/merkle-log.ts'
import { VirtualClock } from '../../helpers/clock.ts'
import type { Cut } from '../../../protocol/tape-block.ts'
import { tapeHistory } from '../../../daemon/lanes/tape-slices.ts'
import { temporaryFolder } from '../../helpers/tmp.ts'
import { until } from '../../helpers/until.ts'
import { VENUE, entry } from './world.ts'

const keys = ed25519KeyPair(new Uint8Array(32).fill(77))
const lane = laneKey(blake2b256Parts, keys.publicKey, VENUE)

/** Final slices of the lane, `blocks` blocks each; `twist` makes another history. */
function history(slices: number, blocks: number, twist = 0, named = true): FinalSlice[] {
  let log = MerkleLog.empty(blake2b256Parts)
  const made: FinalSlice[] = []
  for (let i = 0; i < slices; i++) {
    const from = log.length
    const list: Uint8Array[] = []
    for (let j = 0; j < blocks; j++) {
      const open = encodeEntry({
        kind: 'open',
        venue: VENUE,
        daemon: new Uint8Array(32),
        incarnation: 0,
        laneKey: keys.publicKey
      })
      const body = entry(twist + i * blocks + j)
      const block = joinBlock(log.length === 0 && named ? [open, body] : [body])
      log = log.append(block)
      list.push(block)
    }
    const treeHash = log.treeHash()
    const sign = (message: Uint8Array) => ed25519Sign(message, keys.secretKey)
    const signature = signHead(sign, lane, log.length, treeHash)
    made.push({ lane, from, length: log.length, treeHash, signature, blocks: list })
  }
  return made
}

async function store(t: Assert, folder: string): Promise<Corestore> {
  const made = new Corestore(folder)
  t.teardown(() => made.close())
  await made.ready()
  return made
}

function archive(t: Assert, corestore: Corestore, tape: FinalSlice[], faults: LaneFault[] = []) {
  const clock = new VirtualClock()
  let asked = 0
  /** Slices that the tape here begins with. */
  const window = { first: 0 }
  const made = new LaneArchive(
    { venue: VENUE, ...laneArchiveDefaults },
    {
      store: corestore,
      hash: blake2b256Parts,
      clock,
      history: {
        get first() {
          return window.first
        },
        async *slices(of, from, to) {
          asked++
          for (const slice of tape.slice(window.first)) {
            const inside = equalBytes(slice.lane, of) && slice.length > from && slice.from < to
            if (inside) yield slice
          }
        }
      },
      onfault: (fault) => faults.push(fault)
    }
  )
  t.teardown(() => made.close(), { order: -1 })
  return { archive: made, clock, window, asked: () => asked }
}

test('lane archive - is filled in bulk from final cuts, as a real Hypercore', async (t) => {
  const corestore = await store(t, await temporaryFolder(t))
  const tape = history(20, 3)
  const { archive: lanes, clock } = archive(t, corestore, tape)
  await lanes.open([])
  for (const slice of tape) lanes.final([slice])
  t.is(await lanes.length(lane), 0, 'nothing is written before its time')
  clock.advance(laneArchiveDefaults.flushMs)
  t.is(await lanes.length(lane), 60)
  const core = corestore.get({ key: lane })
  t.teardown(() => core.close(), { order: -2 })
  await core.ready()
  const last = tape[tape.length - 1]
  t.alike(Buffer.from(await core.treeHash()), Buffer.from(last.treeHash))
  for (const index of [0, 31, 59]) {
    const block = await core.get(index)
    t.alike(
      Buffer.from(block ?? []),
      Buffer.from(tape[Math.floor(index / 3)].blocks[index % 3]),
      `block ${index}`
    )
  }
})

test('lane archive - takes what it missed from the tape', async (t) => {
  const folder = await temporaryFolder(t)
  const tape = history(10, 4)
  const first = new Corestore(folder)
  const before = archive(t, first, tape)
  await before.archive.open([])
  before.archive.final(tape.slice(0, 3))
  await before.archive.close()
  await first.close()
  const { archive: lanes, asked } = archive(t, await store(t, folder), tape)
  await lanes.open([lane])
  lanes.final(tape.slice(2, 4))
  await lanes.flush()
  t.is(await lanes.length(lane), 16, 'what it had already is skipped')
  lanes.final(tape.slice(8, 9))
  await lanes.flush()
  t.is(await lanes.length(lane), 36)
  t.ok(asked() >= 1, 'slices 4 to 7 came from the tape')
})

test('lane archive - that turns out wrong is emptied and refilled from the tape', async (t) => {
  const folder = await temporaryFolder(t)
  const tape = history(6, 2)
  const fork = history(4, 2, 1000)
  const first = new Corestore(folder)
  const before = archive(t, first, fork)
  await before.archive.open([])
  before.archive.final(fork)
  await before.archive.close()
  await first.close()
  const faults: LaneFault[] = []
  const corestore = await store(t, folder)
  const { archive: lanes } = archive(t, corestore, tape, faults)
  await lanes.open([lane])
  lanes.final(tape.slice(5))
  await lanes.flush()
  t.is(await lanes.length(lane), 12)
  const core = corestore.get({ key: lane })
  t.teardown(() => core.close(), { order: -2 })
  await core.ready()
  t.alike(Buffer.from(await core.treeHash()), Buffer.from(tape[5].treeHash))
  t.alike(Buffer.from((await core.get(0)) ?? []), Buffer.from(tape[0].blocks[0]))
  t.is(core.fork, 0)
  t.alike(faults, [])
})

test('lane archive - is ahead of the blocks that a restart applies again', async (t) => {
  const corestore = await store(t, await temporaryFolder(t))
  const tape = history(7, 1)
  const before = archive(t, corestore, tape)
  await before.archive.open([])
  before.archive.final(tape)
  await before.archive.flush()
  await before.archive.close()
  const faults: LaneFault[] = []
  const after = archive(t, corestore, tape, faults)
  await after.archive.open([lane])
  after.archive.final(tape.slice(0, 4))
  await after.archive.flush()
  t.alike(faults, [])
  t.is(await after.archive.length(lane), 7)
})

test('lane archive - a fork of equal length is found when the lane grows', async (t) => {
  const folder = await temporaryFolder(t)
  const tape = history(3, 2)
  const first = new Corestore(folder)
  const before = archive(t, first, [])
  await before.archive.open([])
  before.archive.final(history(2, 2, 500))
  await before.archive.close()
  await first.close()
  const { archive: lanes } = archive(t, await store(t, folder), tape)
  await lanes.open([lane])
  lanes.final(tape.slice(1, 2))
  await lanes.flush()
  t.is(await lanes.length(lane), 4)
  lanes.final(tape.slice(2))
  await lanes.flush()
  t.is(await lanes.length(lane), 6)
})

test('lane archive - a lane that does not name itself is left out, and reported once', async (t) => {
  const faults: LaneFault[] = []
  const tape = history(4, 1, 0, false)
  const { archive: lanes } = archive(t, await store(t, await temporaryFolder(t)), tape, faults)
  await lanes.open([])
  for (const slice of tape) {
    lanes.final([slice])
    await lanes.flush()
  }
  t.is(faults.length, 1)
  t.is(faults[0].code, 'archive_wrong')
})

test('lane archive - waits for a tape that reaches back far enough', async (t) => {
  const faults: LaneFault[] = []
  const tape = history(8, 2)
  const corestore = await store(t, await temporaryFolder(t))
  const { archive: lanes, window, asked } = archive(t, corestore, tape, faults)
  window.first = 3
  await lanes.open([])
  for (const slice of tape.slice(4, 6)) {
    lanes.final([slice])
    await lanes.flush()
  }
  t.is(await lanes.length(lane), 0)
  const before = asked()
  lanes.final(tape.slice(6, 7))
  await lanes.flush()
  t.is(asked(), before, 'the tape is not searched again in vain')
  window.first = 0
  lanes.final(tape.slice(7))
  await lanes.flush()
  t.is(await lanes.length(lane), 16)
  t.alike(faults, [], 'this is not an error')
})

test('lane archive - finds a lane on the tape from its end', async (t) => {
  const mine = history(5, 2)
  const other = { ...mine[0], lane: new Uint8Array(32).fill(9) }
  const cuts = [[mine[0]], [other], [mine[1], other], [mine[2]], [other], [mine[3]], [mine[4]]]
  const reads: number[] = []
  const tape = {
    first: 0,
    length: cuts.length,
    async read(index: number) {
      reads.push(index)
      const slices = cuts[index].map((slice) => ({ ...slice, to: slice.length }))
      const cut: Cut = {
        index,
        height: index,
        time: index,
        cursor: null,
        executed: null,
        snapshot: null,
        events: [],
        slices
      }
      return {
        index,
        bytes: new Uint8Array(0),
        block: { cut, blocks: slices.map(({ blocks }) => [...blocks]) }
      }
    }
  }
  const take = async (from: number, to: number) => {
    const found: number[][] = []
    for await (const part of tapeHistory(tape).slices(lane, from, to)) {
      found.push([part.from, part.length])
    }
    return found
  }
  t.alike(await take(7, 10), [
    [6, 8],
    [8, 10]
  ])
  t.ok(Math.min(...reads) >= 5, 'no further than needed')
  t.alike(await take(0, 6), [
    [0, 2],
    [2, 4],
    [4, 6]
  ])
  t.alike(await take(10, 12), [])
})

test('lane archive - is served on demand, and pulls nothing itself', async (t) => {
  const tape = history(4, 5)
  const corestore = await store(t, await temporaryFolder(t))
  const { archive: lanes } = archive(t, corestore, tape)
  await lanes.open([])
  lanes.final(tape.slice(0, 3))
  await lanes.flush()
  // A peer has five blocks more than are final, and one has none.
  const ahead = await store(t, await temporaryFolder(t))
  const aheadArchive = archive(t, ahead, tape)
  await aheadArchive.archive.open([])
  aheadArchive.archive.final(tape)
  await aheadArchive.archive.flush()
  const reader = await store(t, await temporaryFolder(t))
  const link = (one: Corestore, two: Corestore) => {
    const [from, to] = [one.replicate(true), two.replicate(false)]
    from.pipe(to).pipe(from)
    t.teardown(() => from.destroy(), { order: -3 })
  }
  link(ahead, corestore)
  const core = reader.get({ key: lane })
  t.teardown(() => core.close(), { order: -2 })
  await core.ready()
  link(corestore, reader)
  await until(() => core.length > 0, 'the reader to hear of the lane')
  t.alike(Buffer.from((await core.get(7)) ?? []), Buffer.from(tape[1].blocks[2]))
  t.is(core.length, 15)
  t.is(await lanes.length(lane), 15, 'what is not final did not get in')
})
