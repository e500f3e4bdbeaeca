// Byzantine validators, each a named misdeed. An actor is an honest validator whose words are
// changed on their way out, or that says more than it should. It signs with its own key only.
import { buildTip, takenOf, type Tip } from '../../daemon/consensus/core/chain.ts'
import type { Message, Propose } from '../../daemon/consensus/core/types.ts'
import { leaderOf } from '../../daemon/consensus/core/quorum.ts'
import type { LaneMessage } from '../../daemon/lanes/types.ts'
import { compareBytes, toHex } from '../../protocol/bytes.ts'
import { type Cut, decodeCut, encodeCut, type Slice } from '../../protocol/tape-block.ts'
import type { TraderFault } from './trader.ts'
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
  'lies about snapshots',
  'leads with another fork',
  'lies about its tree',
  'lies about its place',
  'lies about its standing',
  'keeps lane data back',
  'repeats old words',
  'forges'
] as const

/** The trader whom a validator needs: to be in league with, or to take too much from. */
export const accomplices: Partial<Record<ActorName, TraderFault>> = {
  'lies about limits': 'oversized run',
  'leads with another fork': 'flood'
}

export function createActor(name: ActorName): Actor {
  return { name, ...misdeeds[name](name) }
}

type Misdeed = (name: string) => Omit<Actor, 'name'>

/** The same proposal with another cut in it, signed anew; with the tree hash that really follows,
 * so that only the rule in question can find it wrong. */
function alter(
  node: ValidatorNode,
  proposal: Propose,
  change: (cut: Cut, parent: Tip) => Cut | null
): Propose | null {
  const parent = node.validator.find(proposal.parent)
  const cut = parent && change(decodeCut(proposal.cut), parent)
  if (!parent || !cut) return null
  const bytes = encodeCut(cut)
  const tip = buildTip(parent, proposal.block.height, bytes, cut, node.book.reads)
  const block = tip ? tip.id : proposal.block
  return node.forge.signPropose(block, proposal.parent, bytes)
}

/** An actor that changes its proposals, each once for all, and stands by what it says. */
function liar(change: (cut: Cut, node: ValidatorNode, parent: Tip) => Cut | null): Misdeed {
  return (name) => {
    const lies = new WeakMap<Propose, { lie: Propose | null }>()
    const told = new Map<number, string>()
    return {
      speaks(node, _to, message) {
        if (message.kind === 'vote' || message.kind === 'finalize') {
          const instead = told.get(message.block.height)
          return instead && instead !== toHex(message.block.treeHash) ? [] : [message]
        }
        if (!isOwnProposal(node, message)) return [message]
        let known = lies.get(message)
        if (!known) {
          known = { lie: alter(node, message, (cut, parent) => change(cut, node, parent)) }
          lies.set(message, known)
          if (known.lie) node.venue.coverage.count(`validator: ${name}`)
        }
        const { lie } = known
        if (!lie) return [message]
        told.set(lie.block.height, toHex(lie.block.treeHash))
        return [lie, node.forge.signVote(node.index, lie.block)]
      }
    }
  }
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

  'votes and finalizes twice': (name) => {
    /** By height: the blocks that it voted for and finalized, and how often. Two of its kind would
     * answer each other for ever. */
    const blocks = new Map<number, Map<string, number>>()
    return {
      speaks(node, to, message) {
        if (!isOwnProposal(node, message) || to % 2 === 0) return [message]
        const other = alter(node, message, (cut) => ({ ...cut, time: cut.time + 1 }))
        return other ? [other] : [message]
      },
      heard(node, _from, message) {
        // Whatever block it hears of, it votes for and finalizes.
        if (message.kind !== 'vote' && message.kind !== 'propose') return
        const { height, treeHash } = message.block
        const said = blocks.get(height) ?? new Map<string, number>()
        blocks.set(height, said)
        const times = said.get(toHex(treeHash)) ?? 0
        if (times >= 2 * node.venue.peers.length) return
        said.set(toHex(treeHash), times + 1)
        if (times === 0 && said.size === 2) node.venue.coverage.count(`validator: ${name}`)
        for (let peer = 0; peer < node.venue.peers.length; peer++) {
          if (peer === node.index) continue
          node.transmit(peer, node.forge.signVote(node.index, message.block))
          node.transmit(peer, node.forge.signFinalize(node.index, message.block))
        }
      }
    }
  },

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

  'leaves lanes out': liar((cut, node, parent) => {
    // Now the one that waits longest, now all of them.
    if (cut.slices.length === 0) return null
    if (node.venue.world.chance(0.5)) return { ...cut, slices: [] }
    const indexes = cut.slices.map(({ lane }) => takenOf(parent, toHex(lane)).index)
    const eldest = indexes.indexOf(Math.min(...indexes))
    return { ...cut, slices: cut.slices.filter((_, i) => i !== eldest) }
  }),

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

  'lies about limits': liar((cut, node, parent) => {
    // All that every lane has, whatever the limits.
    const { limits } = node.venue
    let entries = 0
    let isOver = false
    const slices = node.book.reads.lanes().flatMap((line): Slice[] => {
      const { length: from, treeHash: fromHash } = takenOf(parent, line.key)
      const all = { bytes: Infinity, entries: Infinity }
      const head = node.book.reads.best(line.key, from, fromHash, all)
      if (!head) return []
      entries += head.size.entries
      isOver ||= head.size.entries > limits.laneEntriesMax || entries > limits.entriesMax
      const { lane, length: to, treeHash, signature } = head
      return [{ lane, from, to, treeHash, signature }]
    })
    return isOver ? { ...cut, slices } : null
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

  'lies about execution': (name) => {
    const cuts = liar((cut) => {
      if (cut.index < 3) return null
      const eventHash = (cut.executed?.eventHash ?? new Uint8Array(32)).map((byte) => byte ^ 1)
      return { ...cut, executed: { index: cut.index - 1, eventHash } }
    })(name)
    return {
      speaks(node, to, message) {
        if (message.kind !== 'executed') return cuts.speaks?.(node, to, message) ?? [message]
        node.venue.coverage.count(`validator: ${name}`)
        const { executed } = message
        const eventHash = executed.eventHash.map((byte) => byte ^ 1)
        const lie = { executed: { ...executed, eventHash }, snapshot: null }
        return [node.forge.signExecuted(node.index, lie)]
      }
    }
  },

  'lies about snapshots': liar((cut, _node, { snapshotIndex }) => {
    // Of a block that has one, if it can; else of any.
    const index = cut.snapshot?.index ?? cut.index - 1
    if (index <= snapshotIndex) return null
    const hash = cut.snapshot?.hash ?? new Uint8Array(32)
    return { ...cut, snapshot: { index, hash: hash.map((byte) => byte ^ 1) } }
  }),

  'leads with another fork': liar((cut, node, parent) => {
    // With a trader in league with it: the history that the tape took of his lane is not the only one.
    for (const accomplice of node.venue.accomplices) {
      const key = toHex(accomplice.lane)
      const { length: from } = takenOf(parent, key)
      const run = accomplice.betray(from)
      if (!run) continue
      accomplice.show(node, run)
      const { length: to, treeHash, signature } = run
      const slice = { lane: accomplice.lane, from, to, treeHash, signature }
      const others = cut.slices.filter(({ lane }) => toHex(lane) !== key)
      const slices = [...others, slice].sort((a, b) => compareBytes(a.lane, b.lane))
      return { ...cut, slices }
    }
    return null
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
