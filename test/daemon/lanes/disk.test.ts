// Lanes over the real network, journal and store, in one process.
import test from 'brittle'
import type { Assert } from 'brittle'
import Corestore from 'corestore'
import fs from 'node:fs/promises'
import path from 'node:path'
import { blake2b256Parts } from '../../../crypto/blake2b.ts'
import { ed25519Verify } from '../../../crypto/ed25519.ts'
import { systemClock } from '../../../daemon/clock.ts'
import { identityOf, signerOf } from '../../../daemon/identity.ts'
import { disk } from '../../../daemon/journal/file-system.ts'
import { FileJournal } from '../../../daemon/journal/journal.ts'
import { LaneArchive, laneArchiveDefaults } from '../../../daemon/lanes/archive.ts'
import { Lanes } from '../../../daemon/lanes/lanes.ts'
import type { Evidence, FinalSlice, LaneKey } from '../../../daemon/lanes/types.ts'
import { encodeEntry } from '../../../protocol/entries.ts'
import { type LocalDht, localDht } from '../../helpers/dht.ts'
import { temporaryFolder } from '../../helpers/tmp.ts'
import { until } from '../../helpers/until.ts'
import { VENUE, createNetwork } from '../network/helpers.ts'
import { entry } from './world.ts'

const VALIDATORS = 4
const identities = Array.from({ length: VALIDATORS }, (_, i) =>
  identityOf(new Uint8Array(32).fill(60 + i))
)
const ANY = { bytes: Number.POSITIVE_INFINITY, entries: Number.POSITIVE_INFINITY }

type Running = {
  lanes: Lanes
  evidence: Evidence[]
  stop(): Promise<void>
}

async function start(t: Assert, dht: LocalDht, folder: string, index: number): Promise<Running> {
  const identity = identities[index]
  const faults: unknown[] = []
  const evidence: Evidence[] = []
  const journal = new FileJournal(
    { folder: path.join(folder, `journal-${index}`) },
    {
      files: disk,
      randomBytes: (length) => new Uint8Array(length).fill(index),
      onFault: (fault) => faults.push(fault)
    }
  )
  const { network } = await createNetwork(t, dht, {
    keyPair: identity.keyPair,
    validators: identities.map(({ keyPair }) => keyPair)
  })
  const lanes = new Lanes(
    {
      venue: VENUE,
      validators: identities.map(({ keyPair }) => keyPair.publicKey),
      quorum: 3,
      self: identity.keyPair.publicKey,
      secret: identity.laneSecret,
      runEntriesMax: 512
    },
    {
      journal,
      network,
      clock: systemClock,
      hash: blake2b256Parts,
      verify: ed25519Verify,
      sign: identity.sign,
      keyPair: signerOf,
      encodeOpen: encodeEntry,
      admits: () => true,
      onarrived: () => undefined,
      onevidence: (_lane, found) => evidence.push(found),
      onlane: () => undefined
    }
  )
  await journal.open((kind, payload) => lanes.restore(kind, payload))
  lanes.open()
  await network.open()
  let stopped: Promise<void> | null = null
  const stop = (): Promise<void> => {
    stopped ??= (async () => {
      await lanes.close()
      await network.close()
      await journal.close()
      if (faults.length > 0) t.fail(`faults: ${faults.join()}`)
    })()
    return stopped
  }
  t.teardown(stop, { order: -1 })
  return { lanes, evidence, stop }
}

function length(daemon: Running, key: LaneKey): number {
  const status = daemon.lanes.reads.lanes().find((lane) => lane.key === key)
  return status?.durableLength ?? 0
}

function slice({ lanes }: Running, key: LaneKey): FinalSlice {
  const status = lanes.reads.lanes().find((lane) => lane.key === key)
  if (status === undefined) throw new Error('an unknown lane')
  const { finalLength: from, finalHash } = status
  const head = lanes.reads.best(key, from, finalHash, ANY)
  const blocks = head && lanes.reads.blocks(key, from, head.length, head.treeHash)
  if (!head || !blocks) throw new Error('nothing to take')
  return { ...head, from, blocks }
}

test('lanes on disk - submitted, acknowledged, restarted, lost and archived', async (t) => {
  const folder = await temporaryFolder(t)
  const dht = await localDht(t)
  const daemons = await Promise.all(identities.map((_, i) => start(t, dht, folder, i)))
  const [a, b, c] = daemons
  const { key } = a.lanes.name
  const sent = Array.from({ length: 500 }, (_, n) => a.lanes.submit(entry(n)))
  const placed = await Promise.all(sent)
  t.ok(placed.every(({ lane }) => lane === key))
  const first = placed[499].laneIndex + 1
  t.ok(first < 20, `500 entries in ${first} blocks`)
  for (const daemon of daemons) await until(() => length(daemon, key) === first, 'the pushes')
  await until(() => b.lanes.reads.certified(key, 0)[0]?.length === first, 'a certificate')

  const taken = slice(b, key)
  for (const daemon of daemons) t.alike(daemon.lanes.final([taken]), [])
  t.is(a.lanes.backlog, 0)

  await a.stop()
  const again = await start(t, dht, folder, 0)
  t.is(again.lanes.name.key, key, 'the same lane after a restart')
  await again.lanes.submit(entry(500))
  for (const daemon of [b, c]) await until(() => length(daemon, key) === first + 1, 'the next')

  await again.stop()
  await fs.rm(path.join(folder, 'journal-0'), { recursive: true })
  const lost = await start(t, dht, folder, 0)
  await until(() => lost.lanes.ready && lost.lanes.name.incarnation === 1, 'another incarnation')
  t.not(lost.lanes.name.key, key)
  await lost.lanes.submit(entry(501))
  await until(() => length(b, lost.lanes.name.key) === 1, 'its first block')
  for (const { evidence } of [...daemons, lost]) t.is(evidence.length, 0, 'no lane forked')

  const tape = [taken, slice(b, key)]
  const store = new Corestore(path.join(folder, 'store'))
  t.teardown(() => store.close())
  const archive = new LaneArchive(
    { venue: VENUE, ...laneArchiveDefaults },
    {
      store,
      hash: blake2b256Parts,
      clock: systemClock,
      history: {
        first: 0,
        async *slices(_lane, from, to) {
          for (const part of tape) if (part.length > from && part.from < to) yield part
        }
      },
      onfault: (fault) => t.fail(fault.message)
    }
  )
  t.teardown(() => archive.close(), { order: -1 })
  await archive.open([])
  archive.final(tape.slice(1))
  await archive.flush()
  t.is(await archive.length(taken.lane), first + 1)
})
