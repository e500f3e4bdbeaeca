// The world around a validator's pure state machine (consensus/core): its messages go out on
// curb/consensus/1, its records into the journal, its finals onto the tape, and what happens
// outside comes back as inputs. Nothing is decided here.
import { toHex } from '../protocol/bytes.ts'
import { DecodeFault } from '../protocol/faults.ts'
import { CUT_BYTES_MAX, CUT_ENTRIES_MAX, LANES_PER_CUT_MAX } from '../protocol/limits.ts'
import { blake2b256 } from '../crypto/blake2b.ts'
import type { TapeState } from './consensus/core/chain.ts'
import { MESSAGE_BYTES_MAX, decodeMessage, encodeMessage } from './consensus/core/messages.ts'
import type {
  ChainView,
  ConsensusPacing,
  Evidence,
  Message,
  Record
} from './consensus/core/types.ts'
import {
  Validator,
  type FinalRun,
  type ValidatorAlarm,
  type ValidatorEffect,
  type ValidatorInput
} from './consensus/core/validator.ts'
import type { JournalRecord } from './journal/types.ts'
import type { Channel, Peer } from './network/types.ts'
import type { DaemonDependencies, DaemonOptions } from './options.ts'
import type { Parts } from './parts.ts'
import type { Applied } from './replica/types.ts'
import type { FinalBlock } from './tape/types.ts'

export const CONSENSUS_CHANNEL = 'curb/consensus/1'
/** The journal's kind of consensus records. */
export const CONSENSUS_RECORD = 1
const MISBEHAVIOUR = 20

/** What a manifest does not choose. */
const PACE = {
  relayMs: 20,
  cutLightMs: 5,
  cutBusyMs: 15,
  busyEntries: 48,
  executedEvery: 8,
  forwardMs: 12
}

const NO_CHAIN: ChainView = { next: () => null, check: () => 'unknown' }

export class ValidatorHost {
  readonly #options: DaemonOptions
  readonly #dependencies: DaemonDependencies
  readonly #parts: Parts
  readonly #restored: Record[] = []
  readonly #alarms = new Map<ValidatorAlarm, () => void>()
  readonly #indexes: ReadonlyMap<string, number>
  readonly #ids: readonly string[]
  readonly #inputs: ValidatorInput[] = []
  #validator: Validator | null = null
  #channel: Channel | null = null
  #stepping = false
  #closed = false

  constructor(options: DaemonOptions, dependencies: DaemonDependencies, parts: Parts) {
    this.#options = options
    this.#dependencies = dependencies
    this.#parts = parts
    this.#ids = parts.validators.map(toHex)
    this.#indexes = new Map(this.#ids.map((id, index) => [id, index]))
  }

  /** Takes back a record of the journal; false when it is not consensus's. */
  restore(kind: number, payload: Uint8Array): boolean {
    if (kind !== CONSENSUS_RECORD) return false
    const record = decodeMessage(payload)
    if (isRecord(record)) this.#restored.push(record)
    return true
  }

  /** Before the network opens. */
  register(): void {
    this.#channel = this.#parts.network.channel({
      name: CONSENSUS_CHANNEL,
      messages: [{ name: 'consensus', bytesMax: MESSAGE_BYTES_MAX }],
      between: 'validators',
      onmessage: (peer, _type, payload) => this.#receive(peer, payload),
      onopen: (peer) => this.#connected(peer)
    })
  }

  /** Takes part from here on: the tape is applied as far as it is known. */
  open(): void {
    if (this.#closed || this.#validator !== null) return
    const { venue, validators, quorum, index, lanes, replica, ledger } = this.#parts
    const { manifest } = this.#options
    const validator = new Validator(
      {
        venue,
        validators: validators.length,
        quorum,
        self: index,
        peers: this.#ids,
        pacing: pacingOf(manifest.pacing),
        limits: {
          bytesMax: CUT_BYTES_MAX,
          entriesMax: CUT_ENTRIES_MAX,
          lanesMax: LANES_PER_CUT_MAX,
          laneEntriesMax: manifest.limits.entriesPerLanePerCut
        }
      },
      {
        crypto: this.#crypto(),
        lanes: lanes.reads,
        chain: this.#dependencies.chain ?? NO_CHAIN
      },
      this.#state()
    )
    for (const record of this.#restored) validator.restore(record)
    this.#restored.length = 0
    this.#validator = validator
    this.#step({ kind: 'start' })
    const from = Math.max(0, ledger.head.executed?.index ?? 0)
    for (let at = from; at < replica.length; at++) {
      const eventHash = replica.eventHash(at)
      if (eventHash !== null) this.#step({ kind: 'executed', index: at, eventHash })
    }
    for (const peer of this.#channel?.peers ?? []) this.#connected(peer)
  }

  #crypto() {
    const { identity, tapeKey, validators, verify } = this.#parts
    return {
      hash: blake2b256,
      sign: identity.sign,
      verify: (validator: number, bytes: Uint8Array, signature: Uint8Array): boolean =>
        validator < validators.length && verify(bytes, signature, validators[validator]),
      signHead: (length: number, treeHash: Uint8Array): Uint8Array =>
        identity.sign(tapeKey.signable(length, treeHash)),
      verifyHead: (
        validator: number,
        length: number,
        treeHash: Uint8Array,
        signature: Uint8Array
      ): boolean => tapeKey.verifyPartial(validator, length, treeHash, signature)
    }
  }

  /** The tape as far as it is applied. */
  #state(): TapeState {
    const { ledger, replica } = this.#parts
    const { head } = ledger
    const taken: TapeState['taken'] = new Map()
    for (const { lane, log, takenAt } of ledger.lanes()) {
      taken.set(toHex(lane), { length: log.length, treeHash: log.treeHash(), index: takenAt })
    }
    const { log } = replica
    return {
      id: { height: head.height, length: log.length, treeHash: log.treeHash() },
      log,
      time: head.time,
      cursor: head.cursor,
      executed: head.executed,
      snapshotIndex: head.snapshotIndex,
      taken
    }
  }

  close(): void {
    this.#closed = true
    for (const cancel of this.#alarms.values()) cancel()
    this.#alarms.clear()
  }

  get height(): number {
    return this.#validator?.height ?? 0
  }

  get halted(): boolean {
    return this.#validator?.halted ?? false
  }

  get evidence(): readonly Evidence[] {
    return this.#validator?.evidence ?? []
  }

  *checkpoint(): Iterable<JournalRecord> {
    for (const record of this.#validator?.checkpoint() ?? this.#restored) {
      yield { kind: CONSENSUS_RECORD, payload: encodeMessage(record) }
    }
  }

  // Inputs

  #connected(peer: Peer): void {
    const index = this.#indexes.get(peer.id)
    if (index !== undefined) this.#step({ kind: 'connected', peer: index })
  }

  #receive(peer: Peer, payload: Uint8Array): void {
    const from = this.#indexes.get(peer.id)
    if (from === undefined || this.#validator === null) return
    try {
      // A copy: what is kept of a message must not hold the frame that it came in.
      this.#step({ kind: 'message', from, message: decodeMessage(payload.slice()) })
    } catch (fault) {
      if (!(fault instanceof DecodeFault)) throw fault
      peer.misbehaved(`consensus: ${fault.message}`, MISBEHAVIOUR)
    }
  }

  /** A block is on the tape. */
  adopted(final: FinalBlock): void {
    if (final.source === 'own') return
    this.#step({ kind: 'adopted', index: final.index, bytes: final.bytes })
  }

  executed({ index, result, snapshot }: Applied): void {
    this.#step({ kind: 'executed', index, eventHash: result.eventHash })
    if (snapshot !== null) this.#step({ kind: 'snapshot', mark: snapshot })
  }

  lane(key: string): void {
    this.#step({ kind: 'lane', lane: key })
  }

  chain(): void {
    this.#step({ kind: 'chain' })
  }

  #step(input: ValidatorInput): void {
    if (this.#validator === null || this.#closed) return
    this.#inputs.push(input)
    if (this.#stepping) return
    this.#stepping = true
    try {
      for (let next = this.#inputs.shift(); next !== undefined; next = this.#inputs.shift()) {
        const now = this.#dependencies.clock.now()
        for (const effect of this.#validator.step(next, now)) this.#carry(effect)
      }
    } finally {
      this.#stepping = false
    }
  }

  // Effects

  #carry(effect: ValidatorEffect): void {
    const { log } = this.#dependencies
    switch (effect.kind) {
      case 'send':
        return this.#send(effect.to, effect.message)
      case 'persist':
        return this.#persist(effect.token, effect.record)
      case 'alarm':
        return this.#alarm(effect.name, effect.atMs)
      case 'final':
        return this.#final(effect.run)
      case 'behind':
        return this.#parts.follower.behind(effect.final.length)
      case 'evidence':
        return log.error({ offence: effect.evidence.offence }, 'a validator contradicts itself')
      case 'diverged':
        return log.error(
          { index: effect.divergence.index },
          'the validators computed different results: the venue stops'
        )
      case 'misbehaved':
        return this.#parts.network
          .peer(this.#ids[effect.peer])
          ?.misbehaved(effect.reason, MISBEHAVIOUR)
    }
  }

  #send(to: number | null, message: Message): void {
    const bytes = encodeMessage(message)
    if (to === null) this.#channel?.broadcast(0, bytes)
    else this.#parts.network.peer(this.#ids[to])?.send(CONSENSUS_CHANNEL, 0, bytes)
  }

  #persist(token: number, record: Record): void {
    // A journal that fails ends the daemon by itself; nothing may follow from such a record.
    this.#parts.journal.append(CONSENSUS_RECORD, encodeMessage(record)).then(
      () => this.#step({ kind: 'persisted', token }),
      () => undefined
    )
  }

  /** Replaces the one of that name. */
  #alarm(name: ValidatorAlarm, atMs: number): void {
    this.#alarms.get(name)?.()
    const { clock } = this.#dependencies
    const cancel = clock.after(Math.max(0, atMs - clock.now()), () => {
      this.#alarms.delete(name)
      this.#step({ kind: 'alarm', name })
    })
    this.#alarms.set(name, cancel)
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
    void this.#parts.tape.appendOwn({ blocks, partials })
  }
}

function isRecord(message: Message): message is Record {
  return message.kind !== 'executed' && message.kind !== 'want' && message.kind !== 'evidence'
}

function pacingOf(pacing: DaemonOptions['manifest']['pacing']): ConsensusPacing {
  const { heartbeatMs, roundMs, absentLeaderMs, standstillMs, clockDriftMaxMs, inclusionMaxMs } =
    pacing
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
