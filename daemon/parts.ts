// The parts of a daemon, made and joined, nothing started: who holds what of whom is decided here
// and nowhere else.
import Corestore from 'corestore'
import path from 'node:path'
import { performance } from 'node:perf_hooks'
import sodium from 'sodium-native'
import { equalBytes, fromHex, toHex } from '../protocol/bytes.ts'
import { typedHasher } from '../protocol/eip712.ts'
import { encodeEntry } from '../protocol/entries.ts'
import type { OpenEntry } from '../protocol/types.ts'
import { quorumOf, signingTerms } from '../protocol/venue.ts'
import { blake2b256, blake2b256Parts } from '../crypto/blake2b.ts'
import { entrySigner } from '../crypto/block-signers.ts'
import type { Crypto } from '../crypto/crypto.ts'
import { ed25519Verify } from '../crypto/ed25519.ts'
import { SignerPool } from '../crypto/signer-pool.ts'
import { Door } from './door.ts'
import { steadyClock } from './clock.ts'
import { DaemonFault } from './errors.ts'
import { identityOf, signerOf } from './identity.ts'
import { disk } from './journal/file-system.ts'
import { FileJournal } from './journal/journal.ts'
import { LaneArchive, laneArchiveDefaults } from './lanes/archive.ts'
import { laneKey } from './lanes/lane-key.ts'
import { Lanes, type LanesDependencies } from './lanes/lanes.ts'
import { laneLimitDefaults } from './lanes/options.ts'
import { tapeHistory } from './lanes/tape-slices.ts'
import { SwarmNetwork } from './network/network.ts'
import type { DaemonDependencies, DaemonOptions } from './options.ts'
import { engineConfig } from './replica/engine-config.ts'
import { Intake } from './replica/intake.ts'
import { LaneLedger } from './replica/lane-ledger.ts'
import { Replica } from './replica/replica.ts'
import { SnapshotFetch } from './replica/snapshot-fetch.ts'
import { SnapshotStore } from './replica/snapshot-store.ts'
import { Snapshots } from './replica/snapshots.ts'
import { TapeArchive } from './tape/archive.ts'
import { tapeChannel } from './tape/channel.ts'
import { faultsOf } from './consensus/core/quorum.ts'
import { TapeFollower } from './tape/follower.ts'
import { TapeStreamer } from './tape/streamer.ts'
import { TapeKey } from './tape/tape-key.ts'
import { VenueTape } from './tape/tape.ts'

/** How often a follower looks whether it is behind. */
const CHECK_MS = 100
const AVOID_MS = 5000
const PIECE_MS = 10_000
const SNAPSHOT_BYTES_MAX = 2 ** 31
/** A slow line's; what a peer sends more slowly is asked of another. */
const SNAPSHOT_BYTES_PER_SECOND_MIN = 128 * 1024
const SIGNER_QUEUE_BYTES = 64 * 1024 * 1024
const AHEAD_BLOCKS = 16

export type PartHooks = Pick<LanesDependencies, 'onevidence' | 'onlane'> & {
  onfault: (fault: unknown) => void
}

export type Parts = ReturnType<typeof createParts>

export function createParts(
  options: DaemonOptions,
  dependencies: DaemonDependencies,
  crypto: Crypto,
  hooks: PartHooks
) {
  const { manifest, folder, tuning, p2p } = options
  const { clock, random, log } = dependencies
  const stopwatch = (): number => performance.now()
  const steady = steadyClock(clock, stopwatch)
  const hash = blake2b256Parts
  const verify = ed25519Verify
  const identity = identityOf(options.seed)
  const self = identity.keyPair.publicKey
  const terms = signingTerms(manifest, { keccak: crypto.keccak, blake2b: blake2b256 })
  const { venue } = terms
  const validators = manifest.validators.map(({ peer }) => keyOf(peer))
  const { quorum } = quorumOf(validators.length)
  const index = validators.findIndex((key) => equalBytes(key, self))
  const isValidator = index >= 0
  const keepsArchive = tuning.archive || isValidator
  const { snapshotCuts } = manifest.pacing

  const signers = new SignerPool(
    { terms, backend: 'auto', workers: tuning.signerThreads, queueBytesMax: SIGNER_QUEUE_BYTES },
    { onFault: (fault) => log.warn({ code: fault.code }, fault.message) }
  )
  const journal = new FileJournal(
    { folder: path.join(folder, 'journal') },
    { files: disk, randomBytes, onFault: hooks.onfault }
  )
  const store = new Corestore(path.join(folder, 'store'))
  const network = new SwarmNetwork(
    {
      keyPair: identity.keyPair,
      bootstrap: p2p.bootstrap,
      host: p2p.host,
      port: p2p.port,
      firewalled: p2p.firewalled,
      venue,
      role: isValidator ? 'validator' : 'daemon',
      validators,
      dial: p2p.peers,
      limits: p2p.limits
    },
    { clock, random, log, replicate: (stream) => void (keepsArchive && store.replicate(stream)) }
  )

  const tapeKey = new TapeKey({ venue, signers: validators, quorum }, { hash, verify })
  const archive = keepsArchive
    ? new TapeArchive({ snapshotCuts }, { store, key: tapeKey, hash })
    : null
  const { archiveMs, retainBlocks, retainBytes } = tuning
  const tape = new VenueTape(
    { archiveMs, retainBlocks, retainBytes, snapshotCuts },
    { key: tapeKey, hash, clock, journal, archive, onfault: hooks.onfault }
  )

  const laneArchive = keepsArchive
    ? new LaneArchive(
        { venue, ...laneArchiveDefaults },
        {
          store,
          hash,
          clock,
          history: tapeHistory(tape),
          onfault: ({ code, message, cause }) => {
            log.error({ code, cause: String(cause) }, message)
          }
        }
      )
    : null

  const hasher = typedHasher(terms, crypto.keccak)
  const opens = (entry: OpenEntry, lane: Uint8Array): boolean =>
    equalBytes(entry.venue, venue) && equalBytes(laneKey(hash, entry.laneKey, venue), lane)
  const intake = new Intake({
    context: { hasher, opens },
    signers: (lane, blocks) => signers.blockSigners(lane, blocks),
    onundecodable: (lane) => door.spoiled(toHex(lane))
  })
  const ledger = new LaneLedger({ hash, verify, opens })
  const config = engineConfig(manifest, terms)
  const replica = new Replica(
    { venue, snapshotCuts, aheadBlocks: AHEAD_BLOCKS, restartEntries: tuning.restartEntries },
    { config, hash, tape, intake, ledger, clock: steady, stopwatch }
  )
  const door = new Door(
    { bond: config.bond, laneEntries: manifest.limits.entriesPerLanePerCut },
    {
      engine: () => replica.engine,
      signer: (lane, entry) => entrySigner(hasher, crypto.recover, lane, entry)
    }
  )
  replica.onapplied((applied) => door.applied(applied))

  const lanes = new Lanes(
    {
      venue,
      validators,
      quorum,
      self,
      secret: identity.laneSecret,
      runEntriesMax: manifest.limits.entriesPerLanePerCut,
      limits: {
        // A lane that is left out has its right at most twice as late, whatever the venue's pace.
        ackMaxMs: Math.min(laneLimitDefaults.ackMaxMs, manifest.pacing.inclusionMaxMs)
      }
    },
    {
      journal,
      network,
      clock: steady,
      hash,
      verify,
      sign: identity.sign,
      keyPair: signerOf,
      encodeOpen: encodeEntry,
      admits: (key, size) => door.admits(key, size),
      onarrived: (lane, _from, blocks) => {
        door.arrived(lane, blocks)
        // Signatures cost: a stranger's are looked at when the tape has taken them.
        if (lanes.welcomes(toHex(lane))) intake.arrived(lane, blocks)
      },
      onevidence: hooks.onevidence,
      onlane: hooks.onlane
    }
  )

  const peers = () => channel.peers
  const streamer = new TapeStreamer({ subscribersMax: tuning.subscribersMax }, { tape })
  const follower = new TapeFollower(
    {
      always: !isValidator,
      faulty: faultsOf(validators.length),
      stallMs: tuning.stallMs,
      checkMs: CHECK_MS,
      avoidMs: AVOID_MS
    },
    { tape, clock: steady, random, peers }
  )
  const snapshots = new Snapshots({
    tape,
    replica,
    store: new SnapshotStore(
      { folder: path.join(folder, 'snapshots'), keep: tuning.snapshotsKept },
      { hash: blake2b256 }
    ),
    points: new SnapshotStore(
      { folder: path.join(folder, 'restart'), keep: 2 },
      { hash: blake2b256 }
    ),
    settle: async () => dependencies.tenant?.settle(),
    fetch: new SnapshotFetch(
      {
        pieceMs: PIECE_MS,
        bytesMax: SNAPSHOT_BYTES_MAX,
        bytesPerSecondMin: SNAPSHOT_BYTES_PER_SECOND_MIN,
        snapshotCuts
      },
      { key: tapeKey, hash, clock: steady, peers }
    ),
    log,
    onoffer: (snapshot) => network.announce({ tapeLength: tape.length, snapshot }),
    onfault: hooks.onfault
  })
  const channel = network.channel(tapeChannel({ streamer, follower, snapshots }))

  return {
    identity,
    terms,
    venue,
    validators,
    quorum,
    index,
    isValidator,
    hash,
    verify,
    hasher,
    steady,
    signers,
    journal,
    store,
    network,
    tapeKey,
    archive,
    laneArchive,
    tape,
    intake,
    ledger,
    replica,
    lanes,
    streamer,
    follower,
    snapshots
  }
}

/** The manifest was checked: its keys are 64 hex digits. */
function keyOf(hex: string): Uint8Array {
  const key = fromHex(hex)
  if (key === null) throw new DaemonFault('manifest_unchecked', `a validator's key is ${hex}`)
  return key
}

function randomBytes(length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  sodium.randombytes_buf(bytes)
  return bytes
}
