// The daemon as the JSON-RPC sees it.
import { toHex } from '../../protocol/bytes.ts'
import { decodeHeadSignature } from '../../protocol/log-manifest.ts'
import type { Manifest } from '../../protocol/manifest.ts'
import { quorumOf } from '../../protocol/venue.ts'
import type { Daemon } from '../daemon.ts'
import { entriesOf } from '../replica/intake.ts'
import { tradingNode } from '../trading/node.ts'
import type { RpcNode } from './api.ts'
import { executedEvidence, laneEvidence, validatorEvidence } from './evidence.ts'

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
    signedHead: (index) => signedHead(daemon, index),
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
    acknowledgedBy: async (laneBlock, tapeIndex) => {
      const { lanes, validators } = daemon.parts
      const head = tapeIndex === null ? null : await signedHead(daemon, tapeIndex)
      const { quorum } = quorumOf(validators.length)
      const signers = head && decodeHeadSignature(head.signature, quorum)
      const [longest] = lanes.reads.certified(daemon.lane.key, laneBlock)
      const indexes = signers?.map(({ signer }) => signer) ?? longest?.validators ?? []
      return indexes.map((index) => toHex(validators[index]))
    },
    evidence: () => {
      const { lanes, validators } = daemon.parts
      const { evidence = [], differing = [] } = daemon.consensus ?? {}
      return [
        ...validatorEvidence(evidence, validators),
        ...executedEvidence(differing, validators),
        ...laneEvidence(lanes.reads.lanes())
      ]
    },
    signaturesChecked: () => daemon.parts.signers.recovered,
    blockPeers: (keys) => daemon.parts.network.block(keys)
  }
  return Object.defineProperties(trading, Object.getOwnPropertyDescriptors(own)) as RpcNode
}

async function signedHead({ parts }: Daemon, index: number): ReturnType<RpcNode['signedHead']> {
  const run = await parts.tape.run(index)
  if (run === null) return null
  const length = run.from + run.blocks.length
  const treeHash = await parts.tape.treeHashAt(length)
  return treeHash === null ? null : { length, treeHash, signature: run.signature }
}
