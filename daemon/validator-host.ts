// What makes a daemon a validator: consensus, joined to the journal, the lanes, the tape and the
// engine.
import { toHex } from '../protocol/bytes.ts'
import {
  CUT_BYTES_MAX,
  CUT_ENTRIES_MAX,
  LANES_PER_CUT_MAX,
  VENUE_LANES_MAX
} from '../protocol/limits.ts'
import type { Manifest } from '../protocol/manifest.ts'
import { blake2b256 } from '../crypto/blake2b.ts'
import type { TapeState } from './consensus/core/chain.ts'
import type { ChainView, ConsensusPacing, Crypto } from './consensus/core/types.ts'
import type { FinalRun } from './consensus/core/validator.ts'
import { ConsensusDriver } from './consensus/driver.ts'
import type { ConsensusStatus } from './consensus/types.ts'
import type { JournalRecord } from './journal/types.ts'
import type { DaemonDependencies, DaemonOptions } from './options.ts'
import type { Parts } from './parts.ts'
import type { Applied } from './replica/types.ts'
import type { FinalBlock } from './tape/types.ts'

/** Pacing that a manifest does not choose: nobody else's votes depend on it. */
const PACE = {
  relayMs: 40,
  cutLightMs: 5,
  cutBusyMs: 20,
  busyEntries: 16,
  executedEvery: 32,
  forwardMs: 60
}

const NO_CHAIN: ChainView = { next: () => null, check: () => 'unknown' }

export type ValidatorHostDependencies = Pick<
  DaemonDependencies,
  'clock' | 'random' | 'log' | 'chain'
> & {
  parts: Parts
  onfault: (fault: unknown) => void
}

export class ValidatorHost {
  readonly #dependencies: ValidatorHostDependencies
  readonly #driver: ConsensusDriver

  constructor(options: Pick<DaemonOptions, 'manifest'>, dependencies: ValidatorHostDependencies) {
    const { clock: wall, random, log, chain, parts, onfault } = dependencies
    const { manifest } = options
    const { venue, validators, quorum, index, steady, journal, network, lanes, follower } = parts
    this.#dependencies = dependencies
    this.#driver = new ConsensusDriver(
      {
        venue,
        validators,
        quorum,
        self: index,
        pacing: pacingOf(manifest),
        limits: {
          bytesMax: CUT_BYTES_MAX,
          entriesMax: CUT_ENTRIES_MAX,
          lanesMax: LANES_PER_CUT_MAX,
          venueLanesMax: VENUE_LANES_MAX,
          laneEntriesMax: manifest.limits.entriesPerLanePerCut
        }
      },
      {
        clock: steady,
        wall,
        random,
        journal,
        network,
        crypto: cryptoOf(parts),
        lanes: lanes.reads,
        chain: chain ?? NO_CHAIN,
        timeDueAt: (tipTime) =>
          Math.max(tipTime + manifest.pacing.batchHeartbeatMs, parts.replica.engine.batchDueAt),
        host: {
          onfinal: (run) => this.#final(run),
          onbehind: ({ length }) => follower.behind(length),
          onevidence: ({ offence }) => log.error({ offence }, 'a validator contradicts itself'),
          ondiverged: ({ index: at }) =>
            log.error({ index: at }, 'validators computed different results: the venue stops'),
          onentitled: (from) => log.info({ from }, 'this validator votes from this height on'),
          onfault
        }
      }
    )
  }

  /** Before the network opens. */
  register(): void {
    this.#driver.register()
  }

  restore(kind: number, payload: Uint8Array): boolean {
    return this.#driver.restore(kind, payload)
  }

  /** Takes part from here on: on top of the tape as far as it is applied. */
  open(): void {
    const { ledger, replica, snapshots } = this.#dependencies.parts
    const from = Math.max(0, ledger.head.executed?.index ?? 0)
    this.#driver.start(this.#state())
    const { length } = replica
    if (length > 0 && this.#driver.status().abstains) {
      this.#dependencies.log.warn(
        { length },
        'nothing is known of what this validator voted before: it abstains until that is final'
      )
    }
    // Others may name it in a cut: it was made before the restart, and would be refused as unknown.
    if (snapshots.newest !== null) this.#driver.snapshot(snapshots.newest)
    for (let index = from; index < replica.length; index++) {
      const eventHash = replica.eventHash(index)
      if (eventHash !== null) this.#driver.executed(index, eventHash)
    }
  }

  #state(): TapeState {
    const { ledger, replica } = this.#dependencies.parts
    const { height, time, cursor, executed, snapshotIndex } = ledger.head
    const taken: TapeState['taken'] = new Map()
    for (const { lane, log, takenAt } of ledger.lanes()) {
      taken.set(toHex(lane), { length: log.length, treeHash: log.treeHash(), index: takenAt })
    }
    const { log } = replica
    const id = { height, length: log.length, treeHash: log.treeHash() }
    return { id, log, time, cursor, executed, snapshotIndex, taken }
  }

  close(): void {
    this.#driver.close()
  }

  status(): ConsensusStatus {
    return this.#driver.status()
  }

  checkpoint(): JournalRecord[] {
    return this.#driver.checkpoint()
  }

  /** A block is on the tape. */
  adopted(final: FinalBlock): void {
    this.#driver.adopted(final.index, final.bytes)
  }

  executed({ index, result, snapshot }: Applied): void {
    if (snapshot !== null) this.#driver.snapshot(snapshot)
    this.#driver.executed(index, result.eventHash)
  }

  lane(key: string): void {
    this.#driver.lane(key)
  }

  chain(): void {
    this.#driver.chain()
  }

  #final({ tips, certificate }: FinalRun): void {
    const blocks = tips.flatMap(({ block, log }) => {
      if (block === null) return []
      const { cut, bytes, laneBlocks } = block
      return [{ index: cut.index, bytes, cut, laneBlocks, log }]
    })
    const partials = certificate.partials.map(({ validator, signature }) => {
      return { signer: validator, signature }
    })
    const { parts, onfault } = this.#dependencies
    const { length } = certificate.notarization.block
    parts.tape
      .appendOwn({ blocks, partials })
      .then((isTaken) => {
        if (!isTaken) parts.follower.behind(length)
      })
      .catch(onfault)
  }
}

function cryptoOf({ identity, tapeKey, validators, verify }: Parts): Crypto {
  return {
    hash: blake2b256,
    sign: identity.sign,
    verify: (validator, bytes, signature) =>
      validator < validators.length && verify(signature, bytes, validators[validator]),
    signHead: (length, treeHash) => identity.sign(tapeKey.signable(length, treeHash)),
    verifyHead: (validator, length, treeHash, signature) =>
      tapeKey.verifyPartial(validator, length, treeHash, signature)
  }
}

function pacingOf({ pacing }: Manifest): ConsensusPacing {
  const { heartbeatMs, roundMs, absentLeaderMs, standstillMs } = pacing
  const { clockDriftMaxMs, inclusionMaxMs } = pacing
  return {
    heartbeatMs,
    roundMs,
    absentLeaderMs,
    standstillMs,
    clockDriftMaxMs,
    inclusionMaxMs,
    ...PACE
  }
}
