import { Simplex } from '../../../daemon/consensus/core/simplex.ts'
import type { SimplexEffect, SimplexInput } from '../../../daemon/consensus/core/simplex-types.ts'
import type {
  Ballot,
  BlockId,
  Certificate,
  Message,
  Record
} from '../../../daemon/consensus/core/types.ts'
import { Committee, genesis, venue } from './committee.ts'

export const four = new Committee(4)
export const ROUND_MS = 100
export const SHORT_MS = 10
export const STANDSTILL_MS = 500
export const RELAY_MS = 20

const KINDS: { [Kind in (Ballot | Certificate)['kind']]: true } = {
  propose: true,
  vote: true,
  nullify: true,
  finalize: true,
  notarization: true,
  nullification: true,
  final: true
}

/** One validator of four on a bench: what it is told is written out, and so is what it does. Its
 * journal answers at once unless the test holds it. */
export class Bench {
  readonly simplex: Simplex
  readonly self: number
  now = 0
  journal: Record[] = []
  #held: number[] = []
  isHeld = false
  effects: SimplexEffect[] = []
  readonly alarms = new Map<string, number>()

  constructor(
    self: number,
    journal: readonly Record[] = [],
    final: BlockId = genesis,
    votesFrom = 1
  ) {
    this.self = self
    const options = {
      venue,
      validators: 4,
      quorum: four.quorum,
      self,
      roundMs: ROUND_MS,
      absentLeaderMs: SHORT_MS,
      standstillMs: STANDSTILL_MS,
      relayMs: RELAY_MS
    }
    this.simplex = new Simplex(options, four.crypto(self), final)
    this.simplex.heights.votesFrom = votesFrom
    for (const record of journal) {
      const isKept = record.kind === 'evidence' || record.kind === 'executed'
      if (!isKept) this.simplex.heights.restore(record)
    }
    this.journal = [...journal]
    this.step({ kind: 'start' })
  }

  step(input: SimplexInput): void {
    for (const effect of this.simplex.step(input, this.now)) {
      this.effects.push(effect)
      if (effect.kind === 'alarm') this.alarms.set(effect.name, effect.atMs)
      if (effect.kind !== 'persist') continue
      this.journal.push(effect.record)
      this.#held.push(effect.token)
    }
    if (!this.isHeld) this.release()
  }

  /** The journal has synced. */
  release(): void {
    this.isHeld = false
    const tokens = this.#held
    this.#held = []
    for (const token of tokens) this.step({ kind: 'persisted', token })
  }

  hears(from: number, message: Message): void {
    if (!isSimplex(message)) return
    this.step({ kind: 'message', from, message })
  }

  /** The proposal of `block` comes from its leader and is found valid. */
  isProposed(block: BlockId, parent: BlockId): void {
    this.hears(block.height % 4, four.proposal(block, parent))
    this.step({ kind: 'verdict', block, valid: true })
  }

  /** Rings whatever is due by then, in order of time. */
  sleeps(ms: number): void {
    const until = this.now + ms
    for (;;) {
      const [next] = [...this.alarms].sort((a, b) => a[1] - b[1])
      if (!next || next[1] > until) break
      this.now = Math.max(this.now, next[1])
      this.alarms.delete(next[0])
      if (next[0] === 'round' || next[0] === 'relay' || next[0] === 'standstill') {
        this.step({ kind: 'alarm', name: next[0] })
      }
    }
    this.now = until
  }

  /** Kinds and heights of what was sent since the last time; to one validator or to all. */
  said(): string[] {
    const lines = this.effects.flatMap((effect) => {
      if (effect.kind !== 'send') return []
      return [`${describe(effect.message)}${effect.to === null ? '' : ` to ${effect.to}`}`]
    })
    this.effects = this.effects.filter((effect) => effect.kind !== 'send')
    return lines
  }

  did(kind: SimplexEffect['kind']): SimplexEffect[] {
    const found = this.effects.filter((effect) => effect.kind === kind)
    this.effects = this.effects.filter((effect) => effect.kind !== kind)
    return found
  }
}

function isSimplex(message: Message): message is Ballot | Certificate {
  const { kind } = message
  return kind in KINDS
}

function describe(message: Message): string {
  if (message.kind === 'final') return `final ${message.notarization.block.height}`
  if (message.kind === 'executed') return `executed ${message.executed.index}`
  if (message.kind === 'evidence') return `evidence ${message.offence}`
  if ('block' in message) return `${message.kind} ${message.block.height}`
  return `${message.kind} ${'height' in message ? message.height : ''}`
}
