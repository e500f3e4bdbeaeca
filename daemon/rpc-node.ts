// The daemon as the JSON-RPC sees it: what bots may ask of tape, lanes, peers and validators.
import { toHex } from '../protocol/bytes.ts'
import type { Manifest } from '../protocol/manifest.ts'
import type { RpcStatus } from '../protocol/rpc.ts'
import type { Bytes32, Entry } from '../protocol/types.ts'
import type { Daemon } from './daemon.ts'
import type { LaneStatus } from './lanes/types.ts'
import { entriesOf } from './replica/intake.ts'
import type { RpcNode } from './rpc/api.ts'
import { tradingNode } from './trading/node.ts'

/** A signed head is looked for so many blocks above the one that is asked for. */
const headsAheadMax = 4096

export async function rpcNode(daemon: Daemon, manifest: Manifest): Promise<RpcNode> {
  const trading = await tradingNode(daemon, manifest)
  const { parts } = daemon
  // A spread would read the getters once, now: they must be asked again each time.
  return Object.defineProperties(
    {
      terms: parts.terms,
      tapeKey: parts.tape.key,
      status: () => daemon.status(),
      readTape: (index: number) => parts.tape.read(index),
      readEntry: (index: number, entry: number) => readEntry(daemon, index, entry),
      signedHead: (index: number) => signedHead(daemon, index),
      lanes: () => laneFigures(daemon),
      acknowledgedBy: (laneBlock: number) => acknowledgedBy(daemon, laneBlock),
      evidence: () => evidence(daemon),
      blockPeers: (keys: readonly string[]) => parts.network.block(keys)
    },
    Object.getOwnPropertyDescriptors(trading)
  ) as RpcNode
}

async function readEntry(daemon: Daemon, index: number, entry: number): Promise<Entry | null> {
  const found = await daemon.parts.tape.read(index)
  return found?.block.blocks.flat().flatMap(entriesOf)[entry] ?? null
}

/** The first signed head that covers the block. A signature covers a run, so it may be of a later
 * length; within the blocks that are in memory its tree hash is known. */
async function signedHead(
  daemon: Daemon,
  index: number
): Promise<{ length: number; treeHash: Bytes32; signature: Uint8Array } | null> {
  const { tape, archive } = daemon.parts
  const last = Math.min(tape.length, index + headsAheadMax)
  for (let length = index + 1; length <= last; length++) {
    const signature = await tape.signatureAt(length)
    if (signature === null) continue
    const kept = tape.kept.at(length - 1)
    const treeHash = kept?.log.treeHash() ?? (await archive?.core.treeHash(length)) ?? null
    return treeHash === null ? null : { length, treeHash, signature }
  }
  return null
}

function ownLane(daemon: Daemon): LaneStatus | null {
  const { key } = daemon.lane
  return daemon.parts.lanes.reads.lanes().find((lane) => lane.key === key) ?? null
}

function laneFigures(daemon: Daemon) {
  const lanes = daemon.parts.lanes.reads.lanes()
  const own = ownLane(daemon)
  return {
    known: lanes.length,
    current: lanes.filter((lane) => lane.durableLength >= lane.finalLength).length,
    length: own?.durableLength ?? 0,
    finalLength: own?.finalLength ?? 0
  }
}

function acknowledgedBy(daemon: Daemon, laneBlock: number): string[] {
  const { lanes, validators } = daemon.parts
  const [certificate] = lanes.reads.certified(daemon.lane.key, laneBlock, Infinity)
  if (certificate === undefined) return []
  return certificate.validators.map((index) => toHex(validators[index]))
}

function evidence(daemon: Daemon): RpcStatus['evidence'] {
  const found = daemon.consensus?.evidence ?? []
  return found.map(({ offence, first }) => {
    const { height } = first.block
    // A proposal is the height's leader's own.
    const by = 'validator' in first ? first.validator : height % daemon.parts.validators.length
    return { kind: offence, by: toHex(daemon.parts.validators[by]), detail: `at height ${height}` }
  })
}
