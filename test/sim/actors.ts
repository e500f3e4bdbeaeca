// Byzantine validators, each a named misdeed. An actor is an honest validator whose words are
// changed on their way out, or that says more than it should. It signs with its own key only.
import { buildTip } from '../../daemon/consensus/core/chain.ts'
import type { Message, Propose } from '../../daemon/consensus/core/types.ts'
import { leaderOf } from '../../daemon/consensus/core/quorum.ts'
import type { LaneMessage } from '../../daemon/lanes/types.ts'
import { type Cut, decodeCut, encodeCut } from '../../protocol/tape-block.ts'
import type { ValidatorNode } from './validator-node.ts'

export type Actor = {
  name: string
  /** What is really sent to a peer in place of a message. */
  speaks?(node: ValidatorNode, to: number, message: Message): Message[]
  /** Whether a message of the lanes is really sent. */
  speaksLanes?(node: ValidatorNode, to: string, message: LaneMessage): boolean
  heard?(node: ValidatorNode, from: number, message: Message): void
}

export type ActorName = (typeof actorNames)[number]

export const actorNames = [
  'equivocates',
  'withholds proposals',
  'proposes to one only',
  'withholds votes',
  'votes and finalizes twice',
  'finalizes and nullifies',
  'leaves lanes out',
  'lies about lanes',
  'lies about limits',
  'lies about time',
  'lies about the chain',
  'lies about execution',
  'lies about its tree',
  'lies about its place',
  'lies about its standing',
  'keeps lane data back',
  'repeats old words',
  'forges'
] as const

export function createActor(name: ActorName): Actor {
  return { name, ...misdeeds[name](name) }
}

type Misdeed = (name: string) => Omit<Actor, 'name'>

/** The same proposal with another cut in it, signed anew; with the tree hash that really follows,
 * so that only the rule in question can find it wrong. */
function alter(node: ValidatorNode, proposal: Propose, change: (cut: Cut) => Cut): Propose | null {
  const parent = node.validator.find(proposal.parent)
  if (!parent) return null
  const cut = change(decodeCut(proposal.cut))
  const bytes = encodeCut(cut)
  const tip = buildTip(parent, proposal.block.height, bytes, cut, node.book.reads)
  const block = tip ? tip.id : proposal.block
  return node.forge.signPropose(block, proposal.parent, bytes)
}

/** An actor that changes each of its proposals. */
function liar(change: (cut: Cut, node: ValidatorNode) => Cut | null): Misdeed {
  return (name) => ({
    speaks(node, _to, message) {
      if (!isOwnProposal(node, message)) return [message]
      const changed = change(decodeCut(message.cut), node)
      const lie = changed && alter(node, message, () => changed)
      if (!lie) return [message]
      node.venue.coverage.count(`validator: ${name}`)
      return [lie]
    }
  })
}

function isOwnProposal(node: ValidatorNode, message: Message): message is Propose {
  if (message.kind !== 'propose') return false
  return leaderOf(message.block.height, node.venue.peers.length) === node.index
}

const misdeeds: Record<ActorName, Misdeed> = {
  equivocates: (name) => ({
    speaks(node, to, message) {
      if (!isOwnProposal(node, message) || to % 2 === 0) return [message]
      const other = alter(node, message, (cut) => ({ ...cut, time: cut.time + 1 }))
      if (!other) return [message]
      node.venue.coverage.count(`validator: ${name}`)
      return [other, node.forge.signVote(node.index, other.block)]
    }
  }),

  'withholds proposals': (name) => ({
    speaks(node, _to, message) {
      if (!isOwnProposal(node, message)) return [message]
      node.venue.coverage.count(`validator: ${name}`)
      return []
    }
  }),

  'proposes to one only': (name) => ({
    speaks(node, to, message) {
      if (!isOwnProposal(node, message)) return [message]
      const chosen = (node.index + 1 + (message.block.height % 2)) % node.venue.peers.length
      if (to === chosen) return [message]
      node.venue.coverage.count(`validator: ${name}`)
      return []
    }
  }),

  'withholds votes': (name) => ({
    speaks(node, to, message) {
      const isVote = message.kind === 'vote' || message.kind === 'finalize'
      if (!isVote || (to + message.block.height) % 3 === 0) return [message]
      node.venue.coverage.count(`validator: ${name}`)
      return []
    }
  }),

  'votes and finalizes twice': (name) => ({
    speaks(node, to, message) {
      if (!isOwnProposal(node, message) || to % 2 === 0) return [message]
      const other = alter(node, message, (cut) => ({ ...cut, time: cut.time + 1 }))
      return other ? [other] : [message]
    },
    heard(node, _from, message) {
      // Whatever block it hears of, it votes for and finalizes.
      if (message.kind !== 'vote' && message.kind !== 'propose') return
      node.venue.coverage.count(`validator: ${name}`)
      for (let peer = 0; peer < node.venue.peers.length; peer++) {
        if (peer === node.index) continue
        node.transmit(peer, node.forge.signVote(node.index, message.block))
        node.transmit(peer, node.forge.signFinalize(node.index, message.block))
      }
    }
  }),

  'finalizes and nullifies': (name) => ({
    speaks(node, to, message) {
      if (message.kind === 'finalize' && to % 2 === 0) {
        node.venue.coverage.count(`validator: ${name}`)
        return [message, node.forge.signNullify(node.index, message.block.height)]
      }
      return [message]
    },
    heard(node, from, message) {
      if (message.kind !== 'propose') return
      node.transmit(from, node.forge.signNullify(node.index, message.block.height))
    }
  }),

  'leaves lanes out': liar((cut) =>
    cut.slices.length === 0 ? null : { ...cut, slices: cut.slices.slice(1) }
  ),

  'lies about lanes': liar((cut, node) => {
    const [slice, ...others] = cut.slices
    if (!slice) return null
    const kind = Math.floor(node.venue.world.random() * 3)
    const treeHash = slice.treeHash.map((byte) => byte ^ 1)
    const signature = slice.signature.map((byte) => byte ^ 1)
    if (kind === 0) return { ...cut, slices: [{ ...slice, treeHash }, ...others] }
    if (kind === 1) return { ...cut, slices: [{ ...slice, signature }, ...others] }
    return slice.from === 0
      ? { ...cut, slices: [{ ...slice, to: slice.to + 1 }, ...others] }
      : { ...cut, slices: [{ ...slice, from: slice.from - 1 }, ...others] }
  }),

  'lies about limits': liar((cut, node) => {
    // All that every lane has, whatever the limits.
    const parentIndex = cut.index
    const slices = node.book.reads.lanes().flatMap((line) => {
      const taken = node.venue.checks.taken.get(line.key)
      const from = taken?.length ?? 0
      const fromHash = taken ? node.treeHashAt(line.key) : new Uint8Array(32)
      const all = { bytes: Infinity, entries: Infinity }
      const head = fromHash && node.book.reads.best(line.key, from, fromHash, all)
      if (!head) return []
      const { lane, length: to, treeHash, signature } = head
      return [{ lane, from, to, treeHash, signature }]
    })
    return slices.length === 0 ? null : { ...cut, index: parentIndex, slices }
  }),

  'lies about time': liar((cut, node) => {
    const offset = node.venue.world.chance(0.5) ? 5000 : -5000
    return { ...cut, time: Math.max(1, cut.time + offset) }
  }),

  'lies about the chain': liar((cut) => {
    if (!cut.cursor) return null
    const event = new Uint8Array([1, 2, 3])
    return {
      ...cut,
      cursor: { ...cut.cursor, block: cut.cursor.block + 1 },
      events: [...cut.events, event]
    }
  }),

  'lies about execution': (name) => ({
    speaks(node, _to, message) {
      if (message.kind === 'executed') {
        node.venue.coverage.count(`validator: ${name}`)
        const executed = {
          ...message.executed,
          eventHash: message.executed.eventHash.map((byte) => byte ^ 1)
        }
        return [node.forge.signExecuted(node.index, { executed, snapshot: null })]
      }
      if (!isOwnProposal(node, message)) return [message]
      const lie = alter(node, message, (cut) => {
        if (!cut.executed || cut.index < 3) return cut
        const eventHash = cut.executed.eventHash.map((byte) => byte ^ 1)
        return { ...cut, executed: { index: cut.index - 1, eventHash } }
      })
      return lie ? [lie] : [message]
    }
  }),

  'lies about its tree': (name) => ({
    speaks(node, _to, message) {
      if (!isOwnProposal(node, message)) return [message]
      node.venue.coverage.count(`validator: ${name}`)
      const treeHash = message.block.treeHash.map((byte) => byte ^ 1)
      return [node.forge.signPropose({ ...message.block, treeHash }, message.parent, message.cut)]
    }
  }),

  'lies about its place': liar((cut, node) =>
    node.venue.world.chance(0.5)
      ? { ...cut, index: cut.index + 1 }
      : { ...cut, height: cut.height + 1 }
  ),

  'lies about its standing': (name) => ({
    speaks(node, _to, message) {
      if (message.kind === 'standing') {
        node.venue.coverage.count(`validator: ${name}`)
        const height = node.venue.world.chance(0.7) ? 1 : message.height + 1000
        return [{ ...message, height, votes: true }]
      }
      // Now and then unasked, to whoever may be asking, and as if nobody had voted yet.
      if (message.kind !== 'executed' || !node.venue.world.chance(0.2)) return [message]
      node.venue.coverage.count(`validator: ${name}`)
      const nonce = Math.floor(node.venue.world.random() * 2 ** 48)
      return [message, { kind: 'standing', nonce, height: 1, votes: true }]
    }
  }),

  'keeps lane data back': (name) => ({
    speaksLanes(node, _to, message) {
      if (message.kind !== 'run' && message.kind !== 'certificate') return true
      node.venue.coverage.count(`validator: ${name}`)
      return false
    }
  }),

  'repeats old words': (name) => {
    const said: Message[] = []
    return {
      speaks(node, _to, message) {
        said.push(message)
        if (said.length > 400) said.shift()
        if (!node.venue.world.chance(0.3)) return [message]
        node.venue.coverage.count(`validator: ${name}`)
        return [message, said[Math.floor(node.venue.world.random() * said.length)]]
      }
    }
  },

  forges: (name) => ({
    speaks(node, to, message) {
      if (!node.venue.world.chance(0.3)) return [message]
      node.venue.coverage.count(`validator: ${name}`)
      return [message, forged(node, to, message)]
    }
  })
}

/** Something that its maker has no right to say. */
function forged(node: ValidatorNode, to: number, message: Message): Message {
  const { length } = node.venue.peers
  const victim = (to + 1) % length
  if (message.kind === 'vote') return { ...message, validator: victim }
  if (message.kind === 'finalize') {
    const list = node.venue.peers.slice(0, node.venue.quorum)
    const signatures = list.map((_, validator) => ({ validator, signature: message.signature }))
    const notarization = { kind: 'notarization' as const, block: message.block, signatures }
    return { kind: 'final', notarization, partials: signatures }
  }
  if (message.kind === 'propose') {
    const signature = message.signature.map((byte) => byte ^ 1)
    return { ...message, signature }
  }
  const height = node.validator.height
  const own = node.forge.signNullify(node.index, height)
  const signatures = node.venue.peers
    .slice(0, node.venue.quorum)
    .map((_, validator) => ({ validator, signature: own.signature }))
  return { kind: 'nullification', height, signatures }
}
