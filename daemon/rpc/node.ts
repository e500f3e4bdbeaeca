// The daemon as the JSON-RPC sees it.
import { toHex } from '../../protocol/bytes.ts'
import type { Manifest } from '../../protocol/manifest.ts'
import type { Daemon } from '../daemon.ts'
import { entriesOf } from '../replica/intake.ts'
import { tradingNode } from '../trading/node.ts'
import type { RpcNode } from './api.ts'
import { laneEvidence, validatorEvidence } from './evidence.ts'

export async function rpcNode(daemon: Daemon, manifest: Manifest): Promise<RpcNode> {
  const trading = await tradingNode(daemon, manifest)
  const own: Omit<RpcNode, keyof typeof trading> = {
    get terms() {
      return daemon.parts.terms
    },
    get tapeKey() {
      return daemon.parts.tape.key
    },
    status: () => daemon.status(),
    readTape: (index) => daemon.parts.tape.read(index),
    readEntry: async (index, entry) => {
      const block = (await daemon.parts.tape.read(index))?.block
      return block?.blocks.flat().flatMap(entriesOf)[entry] ?? null
    },
    signedHead: async (index) => {
      const { tape } = daemon.parts
      const run = await tape.run(index)
      if (run === null) return null
      const length = run.from + run.blocks.length
      const treeHash = await tape.treeHashAt(length)
      return treeHash === null ? null : { length, treeHash, signature: run.signature }
    },
    lanes: () => {
      const all = daemon.parts.lanes.reads.lanes()
      const { key } = daemon.lane
      const lane = all.find((each) => each.key === key)
      return {
        known: all.length,
        current: all.filter(({ durableLength, finalLength }) => durableLength >= finalLength)
          .length,
        length: lane?.durableLength ?? 0,
        finalLength: lane?.finalLength ?? 0
      }
    },
    acknowledgedBy: (laneBlock) => {
      const { lanes, validators } = daemon.parts
      const [longest] = lanes.reads.certified(daemon.lane.key, laneBlock)
      return (longest?.validators ?? []).map((index) => toHex(validators[index]))
    },
    evidence: () => {
      const { lanes, validators } = daemon.parts
      const consensus = daemon.consensus?.evidence ?? []
      return [...validatorEvidence(consensus, validators), ...laneEvidence(lanes.reads.lanes())]
    },
    signaturesChecked: () => daemon.parts.signers.recovered,
    blockPeers: (keys) => daemon.parts.network.block(keys)
  }
  return Object.defineProperties(trading, Object.getOwnPropertyDescriptors(own)) as RpcNode
}
