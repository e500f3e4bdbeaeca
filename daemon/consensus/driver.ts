// Carries out what the pure core asks for: journals, sends, wakes it up. One input at a time is
// stepped; what comes in meanwhile waits in a queue.
import { toHex } from '../../protocol/bytes.ts'
import { DecodeFault } from '../../protocol/faults.ts'
import type { SnapshotMark } from '../../protocol/tape-block.ts'
import type { Bytes32 } from '../../protocol/types.ts'
import type { JournalRecord } from '../journal/types.ts'
import type { Channel, MessageRule, Peer } from '../network/types.ts'
import type { TapeState } from './core/chain.ts'
import { decodeMessage, encodeMessage, MESSAGE_BYTES_MAX, MESSAGE_KINDS } from './core/messages.ts'
import { leaderOf } from './core/quorum.ts'
import type { Evidence, ExecutedNote, Message, Record } from './core/types.ts'
import {
  Validator,
  type ValidatorAlarm,
  type ValidatorEffect,
  type ValidatorInput
} from './core/validator.ts'
import {
  CONSENSUS_CHANNEL,
  CONSENSUS_RECORD,
  type Consensus,
  type ConsensusDependencies,
  type ConsensusOptions,
  type ConsensusStatus
} from './types.ts'

/** What a peer pays for garbage, and for what only a broken validator says. */
const MALFORMED = 20
const DISHONEST = 5
/** Longest of the messages that carry no cut. */
const SMALL_BYTES_MAX = 16 * 1024
const NONCES = 2 ** 48

export class ConsensusDriver implements Consensus {
  readonly #options: ConsensusOptions
  readonly #deps: ConsensusDependencies
  readonly #indexes = new Map<string, number>()
  readonly #peers = new Map<number, Peer>()
  readonly #alarms = new Map<ValidatorAlarm, () => void>()
  readonly #restored: Record[] = []
  readonly #queue: ValidatorInput[] = []
  #channel: Channel | null = null
  #validator: Validator | null = null
  #isStepping = false
  #isClosed = false

  constructor(options: ConsensusOptions, dependencies: ConsensusDependencies) {
    this.#options = options
    this.#deps = dependencies
    options.validators.forEach((key, index) => this.#indexes.set(toHex(key), index))
  }

  register(): void {
    this.#channel ??= this.#deps.network.channel({
      name: CONSENSUS_CHANNEL,
      between: 'validators',
      messages: MESSAGE_KINDS.map((kind) => ruleOf(kind, this.#options.quorum)),
      onmessage: (peer, type, payload) => this.#receive(peer, type, payload),
      onopen: (peer) => this.#opened(peer),
      onclose: (peer) => this.#closed(peer)
    })
  }

  restore(kind: number, payload: Uint8Array): boolean {
    if (kind !== CONSENSUS_RECORD) return false
    const message = decodeMessage(payload)
    if (isRecord(message)) this.#restored.push(message)
    return true
  }

  start(state: TapeState): void {
    if (this.#validator || this.#isClosed) return
    const { options, deps } = { options: this.#options, deps: this.#deps }
    const peers = options.validators.map(toHex)
    this.#validator = new Validator({ ...options, validators: peers.length, peers }, deps, state)
    for (const record of this.#restored.splice(0)) this.#validator.restore(record)
    this.#step({ kind: 'start', nonce: Math.floor(deps.random() * NONCES) })
    for (const peer of this.#peers.keys()) this.#step({ kind: 'connected', peer })
  }

  checkpoint(): JournalRecord[] {
    const records = this.#validator ? this.#validator.checkpoint() : this.#restored
    return records.map(journaled)
  }

  status(): ConsensusStatus {
    const validator = this.#validator
    const height = validator?.height ?? 0
    return {
      height,
      finalHeight: validator?.base.id.height ?? 0,
      leader: leaderOf(height, this.#options.validators.length),
      halted: validator?.halted ?? false,
      abstains: validator?.abstains ?? true,
      connected: [...this.#peers.keys()].sort((a, b) => a - b),
      evidence: validator?.accuser.list ?? this.#restored.filter(isEvidence),
      differing: validator?.accuser.differing ?? this.#restored.filter(isNote)
    }
  }

  close(): void {
    this.#isClosed = true
    for (const cancel of this.#alarms.values()) cancel()
    this.#alarms.clear()
    this.#queue.length = 0
  }

  // Inputs

  adopted(index: number, bytes: Uint8Array): void {
    this.#step({ kind: 'adopted', index, bytes })
  }

  executed(index: number, eventHash: Bytes32): void {
    this.#step({ kind: 'executed', index, eventHash })
  }

  snapshot(mark: SnapshotMark): void {
    this.#step({ kind: 'snapshot', mark })
  }

  lane(lane: string): void {
    this.#step({ kind: 'lane', lane })
  }

  chain(): void {
    this.#step({ kind: 'chain' })
  }

  #step(input: ValidatorInput): void {
    if (!this.#validator || this.#isClosed) return
    this.#queue.push(input)
    if (this.#isStepping) return
    this.#isStepping = true
    try {
      for (let next = this.#queue.shift(); next; next = this.#queue.shift()) {
        const { clock, wall } = this.#deps
        const effects = this.#validator.step(next, Math.floor(clock.now()), Math.floor(wall.now()))
        this.#carry(effects)
      }
    } finally {
      this.#isStepping = false
    }
  }

  // Effects

  #carry(effects: readonly ValidatorEffect[]): void {
    this.#persist(effects)
    for (const effect of effects) this.#carryOne(effect)
  }

  /** All records of one step go to the journal together, and come back as one. */
  #persist(effects: readonly ValidatorEffect[]): void {
    const records: JournalRecord[] = []
    let last = 0
    for (const effect of effects) {
      if (effect.kind !== 'persist') continue
      records.push(journaled(effect.record))
      last = Math.max(last, effect.token)
    }
    if (records.length === 0) return
    this.#deps.journal.appendAll(records).then(
      () => this.#step({ kind: 'persisted', token: last }),
      (fault: unknown) => this.#deps.host.onfault(fault)
    )
  }

  #carryOne(effect: ValidatorEffect): void {
    const { host } = this.#deps
    switch (effect.kind) {
      case 'persist':
        return
      case 'send':
        return this.#send(effect.to, effect.message)
      case 'alarm':
        return this.#wake(effect.name, effect.atMs)
      case 'final':
        return host.onfinal(effect.run)
      case 'behind':
        return host.onbehind(effect.final)
      case 'evidence':
        return host.onevidence(effect.evidence)
      case 'diverged':
        return host.ondiverged(effect.divergence)
      case 'entitled':
        return host.onentitled(effect.from)
      case 'misbehaved':
        this.#peers.get(effect.peer)?.misbehaved(effect.reason, DISHONEST)
        return
    }
  }

  #send(to: number | null, message: Message): void {
    const type = MESSAGE_KINDS.indexOf(message.kind)
    const payload = encodeMessage(message)
    if (to === null) this.#channel?.broadcast(type, payload)
    else this.#peers.get(to)?.send(CONSENSUS_CHANNEL, type, payload)
  }

  #wake(name: ValidatorAlarm, atMs: number): void {
    const { clock } = this.#deps
    this.#alarms.get(name)?.()
    const cancel = clock.after(Math.max(0, Math.ceil(atMs - clock.now())), () => {
      this.#alarms.delete(name)
      this.#step({ kind: 'alarm', name })
    })
    this.#alarms.set(name, cancel)
  }

  // Peers

  #opened(peer: Peer): void {
    const index = this.#indexes.get(peer.id)
    if (index === undefined) return
    this.#peers.set(index, peer)
    this.#step({ kind: 'connected', peer: index })
  }

  #closed(peer: Peer): void {
    const index = this.#indexes.get(peer.id)
    if (index !== undefined && this.#peers.get(index) === peer) this.#peers.delete(index)
  }

  #receive(peer: Peer, type: number, payload: Uint8Array): void {
    const from = this.#indexes.get(peer.id)
    if (from === undefined) return
    const message = decoded(payload)
    if (!message || MESSAGE_KINDS[type] !== message.kind)
      return peer.misbehaved('malformed', MALFORMED)
    this.#step({ kind: 'message', from, message })
  }
}

const NOT_RECORDED = new Set<Message['kind']>(['want', 'hail', 'standing'])

/** Null when a peer sent what is no message. The bytes are copied: proposals and certificates
 * are kept, and must not pin the frame that they came in. */
function decoded(payload: Uint8Array): Message | null {
  try {
    return decodeMessage(payload.slice())
  } catch (fault) {
    if (fault instanceof DecodeFault) return null
    throw fault
  }
}

function journaled(record: Record): JournalRecord {
  return { kind: CONSENSUS_RECORD, payload: encodeMessage(record) }
}

function isRecord(message: Message): message is Record {
  return !NOT_RECORDED.has(message.kind)
}

function isEvidence(record: Record): record is Evidence {
  return record.kind === 'evidence'
}

function isNote(record: Record): record is ExecutedNote {
  return record.kind === 'executed'
}

/** How long a message may be, and what it costs in signature checks. */
function ruleOf(kind: Message['kind'], quorum: number): MessageRule {
  const name = kind
  switch (kind) {
    case 'propose':
      return { name, bytesMax: MESSAGE_BYTES_MAX / 2, cost: 1 }
    case 'evidence':
      return { name, bytesMax: MESSAGE_BYTES_MAX, cost: 2 + quorum }
    case 'notarization':
    case 'nullification':
      return { name, bytesMax: SMALL_BYTES_MAX, cost: quorum }
    case 'final':
      return { name, bytesMax: SMALL_BYTES_MAX, cost: 2 * quorum }
    default:
      return { name, bytesMax: SMALL_BYTES_MAX, cost: 1 }
  }
}
