// What goes into a validator's core and what comes out of it.
import type { SnapshotMark } from '../../../protocol/tape-block.ts'
import type { Bytes32 } from '../../../protocol/types.ts'
import type { Tip } from './chain.ts'
import type { Divergence } from './executed.ts'
import type { OccasionDependencies } from './occasion.ts'
import type { VoteRule } from './rules.ts'
import type { SimplexAlarm } from './simplex-types.ts'
import type {
  BlockId,
  ChainView,
  LaneView,
  ConsensusPacing,
  Crypto,
  CutLimits,
  Evidence,
  Final,
  Message,
  Record
} from './types.ts'

export type ValidatorOptions = {
  venue: Bytes32
  validators: number
  quorum: number
  self: number
  /** The validators' swarm keys in hex, by index. */
  peers: readonly string[]
  pacing: ConsensusPacing
  limits: CutLimits
}

export type ValidatorDependencies = {
  crypto: Crypto
  lanes: LaneView
  chain: ChainView
  /** What it looks at before it votes, in place of all the rules: so that a test can show what each
   * of them is for. */
  rules?: readonly VoteRule[]
} & Pick<OccasionDependencies, 'timeDueAt'>

export type ValidatorAlarm = SimplexAlarm | 'pulse'

export type ValidatorInput =
  /** `nonce` was never used at a start before. */
  | { kind: 'start'; nonce: number }
  | { kind: 'message'; from: number; message: Message }
  | { kind: 'alarm'; name: ValidatorAlarm }
  | { kind: 'persisted'; token: number }
  /** A lane's journaled data, or its certificates, reach further. */
  | { kind: 'lane'; lane: string }
  /** The chain view has moved. */
  | { kind: 'chain' }
  /** The own engine has applied a final block. */
  | { kind: 'executed'; index: number; eventHash: Bytes32 }
  | { kind: 'snapshot'; mark: SnapshotMark }
  | { kind: 'connected'; peer: number }
  /** The next final block of the tape, got from elsewhere; its signature has been checked. */
  | { kind: 'adopted'; index: number; bytes: Uint8Array }

export type FinalRun = {
  /** From the last final block on, in order. */
  tips: Tip[]
  /** Its partials make the tape's signature after the last of them. */
  certificate: Final
}

export type ValidatorEffect =
  | { kind: 'send'; to: number | null; message: Message }
  /** Token 0: nothing waits for it. */
  | { kind: 'persist'; token: number; record: Record }
  | { kind: 'alarm'; name: ValidatorAlarm; atMs: number }
  | { kind: 'final'; run: FinalRun }
  /** A block is final whose content is not here: the tape has to be fetched. */
  | { kind: 'behind'; final: BlockId }
  | { kind: 'evidence'; evidence: Evidence }
  /** No quorum of engines can agree on this index: the venue stops. */
  | { kind: 'diverged'; divergence: Divergence }
  /** It abstained until now, and votes from this height on. */
  | { kind: 'entitled'; from: number }
  | { kind: 'misbehaved'; peer: number; reason: string }
