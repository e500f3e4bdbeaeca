// What the rest of the daemon sees of consensus, and what consensus asks of it. The pure core is in
// core/; the driver beside this file carries out its effects.
import type { SnapshotMark } from '../../protocol/tape-block.ts'
import type { Bytes32 } from '../../protocol/types.ts'
import type { Clock, Random } from '../clock.ts'
import type { Journal, JournalRecord } from '../journal/types.ts'
import type { Channel, ChannelOptions } from '../network/types.ts'
import type { TapeState } from './core/chain.ts'
import type { Divergence } from './core/executed.ts'
import type {
  BlockId,
  ChainView,
  ConsensusPacing,
  Crypto,
  CutLimits,
  Evidence,
  ExecutedNote,
  LaneView
} from './core/types.ts'
import type { FinalRun } from './core/validator.ts'

export const CONSENSUS_CHANNEL = 'curb/consensus/1'

/** The journal's kind of consensus records: ballots, proposals, certificates. */
export const CONSENSUS_RECORD = 32

export type ConsensusOptions = {
  venue: Bytes32
  /** The validators' swarm keys, by index. */
  validators: readonly Bytes32[]
  quorum: number
  /** This validator's index. */
  self: number
  pacing: ConsensusPacing
  limits: CutLimits
}

export type ConsensusDependencies = {
  /** Steady: what waits are measured by, the lanes' as well. */
  clock: Clock
  /** The time that the tape is given. */
  wall: Pick<Clock, 'now'>
  random: Random
  journal: Pick<Journal, 'appendAll'>
  network: { channel(options: ChannelOptions): Channel }
  crypto: Crypto
  lanes: LaneView
  chain: ChainView
  /** When a block on top of one of this time is due for the engine's sake; Infinity for never. */
  timeDueAt?(tipTime: number): number
  host: ConsensusHost
}

/** What consensus tells the daemon. None of these may call back into consensus at once, except
 * through the methods of `ConsensusInputs`, which queue. */
export type ConsensusHost = {
  /** Blocks became final: the tape takes them. Those that it has already are among them at times. */
  onfinal(run: FinalRun): void
  /** A block is final whose content is not here: the tape has to be got from peers. */
  onbehind(final: BlockId): void
  onevidence(evidence: Evidence): void
  /** No quorum of engines agrees on an index: this validator has stopped voting. */
  ondiverged(divergence: Divergence): void
  /** It had abstained, and votes from this height on. */
  onentitled(from: number): void
  /** A journal that failed: the daemon ends. */
  onfault(fault: unknown): void
}

/** What happened elsewhere in the daemon. */
export type ConsensusInputs = {
  /** The tape has announced a final block, wherever it came from. In order. */
  adopted(index: number, bytes: Uint8Array): void
  /** The engine has applied a final block. */
  executed(index: number, eventHash: Bytes32): void
  /** A snapshot was made. Before `executed` of the same index, so that both are announced as one. */
  snapshot(mark: SnapshotMark): void
  /** A lane's journaled data reaches further. */
  lane(key: string): void
  /** The chain source has moved. */
  chain(): void
}

export type ConsensusStatus = {
  height: number
  /** Of the last final block whose content is here. */
  finalHeight: number
  leader: number
  /** It votes no more: see `ondiverged`. */
  halted: boolean
  /** It has no journal of what it voted before, and does not vote in this height yet. */
  abstains: boolean
  /** Indexes of the validators to which the channel is open. */
  connected: number[]
  evidence: readonly Evidence[]
  /** Signed announcements of execution that differ: at which index, and whose. */
  differing: readonly ExecutedNote[]
}

export type Consensus = ConsensusInputs & {
  /** Opens the channel. Before the network opens. */
  register(): void
  /** Takes back a record of the journal; before `start`. False for a kind that is not its own. */
  restore(kind: number, payload: Uint8Array): boolean
  /** Begins to vote, on top of the tape as restored. */
  start(state: TapeState): void
  /** What a new journal has to hold of consensus. */
  checkpoint(): JournalRecord[]
  status(): ConsensusStatus
  close(): void
}
