import { SignerPool } from '../../../crypto/signer-pool.ts'
import { blake2b256 } from '../../../crypto/blake2b.ts'
import { loadCrypto } from '../../../crypto/crypto.ts'
import { systemClock } from '../../../daemon/clock.ts'
import { laneKey } from '../../../daemon/lanes/lane-key.ts'
import { engineConfig } from '../../../daemon/replica/engine-config.ts'
import { Intake } from '../../../daemon/replica/intake.ts'
import { LaneLedger } from '../../../daemon/replica/lane-ledger.ts'
import { type MadeSnapshot, Replica } from '../../../daemon/replica/replica.ts'
import type { Applied } from '../../../daemon/replica/types.ts'
import { VenueTape } from '../../../daemon/tape/tape.ts'
import { equalBytes } from '../../../protocol/bytes.ts'
import { typedHasher } from '../../../protocol/eip712.ts'
import type { Manifest } from '../../../protocol/manifest.ts'
import type { LinkEntry, OpenEntry, PlaceEntry, Side } from '../../../protocol/types.ts'
import { signingTerms } from '../../../protocol/venue.ts'
import { EntrySigner } from '../../helpers/accounts.ts'
import { type LaneMaker, TapeMaker, hash, verify } from '../../helpers/tape-maker.ts'
import { venueManifest } from '../../helpers/venue.ts'

export const SNAPSHOT_CUTS = 4
export const RESTART_ENTRIES = 5

export type Bench = {
  manifest: Manifest
  maker: TapeMaker
  signer: EntrySigner
  make(): Promise<Made>
}

export type Made = {
  tape: VenueTape
  replica: Replica
  ledger: LaneLedger
  applied: Applied[]
  snapshots: MadeSnapshot[]
  /** For the own restart. */
  points: MadeSnapshot[]
  /** Lanes, one for each block that did not decode. */
  undecodable: Uint8Array[]
}

/** A venue whose tape the test writes itself, and as many replicas of it as it likes. */
export async function createBench(accounts: readonly string[]): Promise<Bench> {
  const manifest = await venueManifest({ validators: 4, accounts })
  const crypto = await loadCrypto()
  const terms = signingTerms(manifest, { keccak: crypto.keccak, blake2b: blake2b256 })
  const { venue } = terms
  const maker = new TapeMaker({ validators: 4, venue })
  const opens = (entry: OpenEntry, lane: Uint8Array): boolean =>
    equalBytes(entry.venue, venue) && equalBytes(laneKey(hash, entry.laneKey, venue), lane)
  const make = async (): Promise<Made> => {
    const tape = new VenueTape(
      { archiveMs: 1, retainBlocks: 10_000, retainBytes: 2 ** 30, snapshotCuts: SNAPSHOT_CUTS },
      {
        key: maker.key,
        hash,
        clock: systemClock,
        journal: { append: () => Promise.resolve() },
        archive: null,
        onfault: (fault) => {
          throw fault
        }
      }
    )
    const pool = new SignerPool(
      { terms, backend: 'auto', workers: 0, queueBytesMax: 2 ** 20 },
      { onFault: () => undefined }
    )
    await pool.open()
    const undecodable: Uint8Array[] = []
    const intake = new Intake({
      context: { hasher: typedHasher(terms, crypto.keccak), opens },
      signers: (lane, blocks) => pool.blockSigners(lane, blocks),
      onundecodable: (lane) => undecodable.push(lane)
    })
    const ledger = new LaneLedger({ hash, verify, opens })
    const replica = new Replica(
      { venue, snapshotCuts: SNAPSHOT_CUTS, aheadBlocks: 4, restartEntries: RESTART_ENTRIES },
      {
        config: engineConfig(manifest, terms),
        hash,
        tape,
        intake,
        ledger,
        clock: systemClock,
        stopwatch: () => performance.now()
      }
    )
    const applied: Applied[] = []
    const snapshots: MadeSnapshot[] = []
    const points: MadeSnapshot[] = []
    replica.onapplied((each) => applied.push(each))
    replica.onsnapshot((each) => snapshots.push(each))
    replica.onpoint((each) => points.push(each))
    await tape.open([], null)
    replica.open()
    return { tape, replica, ledger, applied, snapshots, points, undecodable }
  }
  return { manifest, maker, signer: await EntrySigner.load(manifest), make }
}

const FAR = 1_700_000_000 + 86_400
const UNSIGNED = new Uint8Array(65)

export function linkEntry(
  { signer }: Bench,
  name: string,
  lane: LaneMaker,
  nonce: number
): LinkEntry {
  const entry: LinkEntry = {
    kind: 'link',
    account: signer.address(name),
    nonce,
    expiry: FAR,
    signature: UNSIGNED
  }
  return signer.sign(entry, name, lane.lane)
}

export function placeEntry(
  { signer }: Bench,
  name: string,
  side: Side,
  price: number,
  nonce: number
): PlaceEntry {
  const entry: PlaceEntry = {
    kind: 'place',
    order: {
      market: 0,
      account: signer.address(name),
      side,
      price,
      quantity: 2,
      timeInForce: 'gtc',
      postOnly: 'no',
      quote: false,
      leased: false,
      selfTradePrevention: 'cancelNewest',
      trigger: null,
      expiry: FAR,
      feeMax: 1_000_000,
      nonce,
      slot: nonce
    },
    proof: null,
    signature: UNSIGNED
  }
  return signer.sign(entry, name)
}
