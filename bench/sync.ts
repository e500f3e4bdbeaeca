// A new daemon joins a tape of a million singly signed orders: from a snapshot, and by replaying
// all of it, every signature checked.
//
//   npm run bench:sync [-- --json --entries 1000000 --threads 2]
//
// The tape is made here, by the validators' keys but without their consensus, and served by one
// real daemon, which takes the signers to be known. The newcomers, which check everything, are
// real daemons in processes of their own. A time runs from the start of the newcomer's process
// until it has applied the whole tape.
import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import createTestnet from '@hyperswarm/testnet'
import { ed25519KeyPair } from '../crypto/ed25519.ts'
import { systemClock } from '../daemon/clock.ts'
import { Daemon } from '../daemon/daemon.ts'
import { NETWORK_LIMITS } from '../daemon/network/limits.ts'
import { defaultTuning } from '../daemon/options.ts'
import type { SnapshotMark } from '../protocol/tape-block.ts'
import { freePort } from '../test/helpers/dht.ts'
import { LaneMaker, TapeMaker } from '../test/helpers/tape-maker.ts'
import { OrderBook } from './finality-orders.ts'
import { nowMs } from './finality-types.ts'
import { BenchDaemon, accountsOf, benchManifest, seedOf, waitFor } from './finality-venue.ts'
import { leaveSignatures } from './known-signers.ts'
import { type Row, report, say } from './report.ts'

const { values: flags } = parseArgs({
  options: {
    json: { type: 'boolean' },
    entries: { type: 'string', default: '1000000' },
    threads: { type: 'string', default: '2' }
  }
})
const entries = Number(flags.entries)
const threads = Number(flags.threads)

const VALIDATORS = 4
const LANES = 4
/** Of one lane in one cut. */
const BLOCK_ENTRIES = 128
const SNAPSHOT_CUTS = 100
/** How far ahead of a newcomer a snapshot is that it begins from. */
const SNAPSHOT_LEAD_BLOCKS = 50
const RUN_CUTS = 20
const PATIENCE_MS = 600_000

type Served = { daemon: Daemon; port: number; key: Uint8Array }

const folder = await fs.mkdtemp(path.join(os.tmpdir(), 'curb-sync-'))
const testnet = await createTestnet(3, { host: '127.0.0.1' })
const manifest = await benchManifest(
  { validators: VALIDATORS, snapshotCuts: SNAPSHOT_CUTS },
  VALIDATORS + LANES
)

async function serve(): Promise<Served> {
  leaveSignatures()
  const seed = seedOf(100)
  const port = await freePort()
  const silent = (): void => undefined
  const daemon = new Daemon(
    {
      manifest,
      folder: path.join(folder, 'server'),
      seed,
      p2p: {
        bootstrap: testnet.bootstrap,
        host: '127.0.0.1',
        port,
        firewalled: false,
        peers: [],
        limits: NETWORK_LIMITS
      },
      tuning: { ...defaultTuning, snapshotLeadBlocks: null, signerThreads: threads }
    },
    {
      clock: systemClock,
      random: Math.random,
      log: { debug: silent, info: silent, warn: silent, error: (_fields, text) => say(text) },
      chain: null,
      onfault: (fault) => {
        throw fault
      }
    }
  )
  await daemon.open()
  return { daemon, port, key: ed25519KeyPair(seed).publicKey }
}

/** Makes the tape block by block and gives it to the server as a peer would. */
async function write({ daemon }: Served): Promise<void> {
  const { tape, replica, venue } = daemon.parts
  const maker = new TapeMaker({ validators: VALIDATORS, venue })
  const lanes = await Promise.all(
    Array.from({ length: LANES }, async (_, i) => {
      const lane = new LaneMaker(venue, 200 + i)
      return { lane, orders: await OrderBook.load(manifest, accountsOf(VALIDATORS + i)) }
    })
  )
  let mark: SnapshotMark | null = null
  replica.onsnapshot((made) => {
    mark = made.mark
  })
  const grow = () => lanes.map(({ lane, orders }) => lane.growRaw(orders.block(BLOCK_ENTRIES)))
  const applied = async () => replica.length === maker.log.length
  let written = 0
  const opening = lanes.map(({ lane, orders }) => lane.grow(orders.links(lane.lane)))
  let blocks = [maker.next(opening)]
  while (written < entries) {
    written += LANES * BLOCK_ENTRIES
    blocks.push(maker.next(grow(), { snapshot: mark }))
    mark = null
    if (blocks.length < RUN_CUTS && written < entries) continue
    if (tape.appendRun(maker.run(blocks)) !== 'ok') throw new Error('the run was refused')
    await waitFor(applied, 'the replica', PATIENCE_MS)
    if (written % (RUN_CUTS * BLOCK_ENTRIES * LANES * 10) === 0) say(`${written} entries`)
    blocks = []
  }
  say(`${written} entries in ${maker.log.length} tape blocks`)
}

async function join(server: Served, snapshotLeadBlocks: number | null, number: number) {
  const newcomer = new BenchDaemon({
    name: `newcomer ${number}`,
    manifest,
    seed: seedOf(110 + number),
    folder: path.join(folder, `newcomer-${number}`),
    bootstrap: testnet.bootstrap,
    port: await freePort(),
    verify: true,
    archive: true,
    snapshotLeadBlocks,
    signerThreads: threads,
    counts: false,
    dial: [server.key],
    accounts: []
  })
  const length = server.daemon.parts.tape.length
  const began = nowMs()
  await newcomer.open()
  await waitFor(
    async () => (await newcomer.state()).applied === length,
    'the newcomer',
    PATIENCE_MS
  )
  const seconds = (nowMs() - began) / 1000
  const hash = await newcomer.hash(length - 1)
  const own = Buffer.from(server.daemon.engine.eventHash).toString('hex')
  if (hash !== own) throw new Error('the newcomer computed something else')
  await newcomer.close()
  return seconds
}

try {
  const server = await serve()
  const began = nowMs()
  await write(server)
  say(`written and applied in ${((nowMs() - began) / 1000).toFixed(1)} s`)
  const { snapshots, replica } = server.daemon.parts
  const rows: Row[] = []
  if (snapshots.offer === null) throw new Error('too few entries for a snapshot')
  rows.push({
    name: 'sync.snapshot.seconds',
    value: await join(server, SNAPSHOT_LEAD_BLOCKS, 1),
    unit: 's'
  })
  rows.push({ name: 'sync.replay.seconds', value: await join(server, null, 2), unit: 's' })
  rows.push({ name: 'sync.entries', value: replica.entries, unit: 'entries' })
  await server.daemon.close()
  report('sync', rows)
} finally {
  await testnet.destroy()
  await fs.rm(folder, { recursive: true, force: true })
}
