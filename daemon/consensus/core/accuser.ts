// What a validator does with evidence: keeps it in its journal, tells the others once, and those
// that connect later when they do. Announcements that differ convict nobody by themselves: they are
// kept, and not told on, since their authors have told everyone.
import type { Authority } from './authority.ts'
import { Disagreements } from './disagreements.ts'
import { EvidenceBook } from './evidence-book.ts'
import type { Evidence, ExecutedNote } from './types.ts'
import type { ValidatorEffect } from './validator-types.ts'

export type AccuserDependencies = {
  authority: Authority
  emit(effect: ValidatorEffect): void
}

export class Accuser {
  readonly #book: EvidenceBook
  readonly #disagreements = new Disagreements()
  readonly #deps: AccuserDependencies

  constructor(options: { validators: number }, dependencies: AccuserDependencies) {
    this.#book = new EvidenceBook(options)
    this.#deps = dependencies
  }

  get list(): Evidence[] {
    return this.#book.list
  }

  /** Announcements that differ. */
  get differing(): ExecutedNote[] {
    return this.#disagreements.list
  }

  /** Of the own journal. */
  restore(record: Evidence | ExecutedNote): void {
    if (record.kind === 'evidence') this.#book.add(record)
    else this.#disagreements.restore(record)
  }

  /** All that was announced of one index. */
  compare(notes: readonly ExecutedNote[], isStop: boolean): void {
    for (const record of this.#disagreements.take(notes, isStop)) {
      this.#deps.emit({ kind: 'persist', token: 0, record })
    }
  }

  connected(peer: number): void {
    for (const evidence of this.#book.list) {
      this.#deps.emit({ kind: 'send', to: peer, message: evidence })
    }
  }

  /** From another validator, who may have made it up. */
  heard(from: number, evidence: Evidence): void {
    if (!this.#book.wants(evidence)) return
    if (this.#deps.authority.evidence(evidence)) this.accuse(evidence)
    else this.#deps.emit({ kind: 'misbehaved', peer: from, reason: 'evidence of nothing' })
  }

  /** It has been checked. */
  accuse(evidence: Evidence): void {
    if (!this.#book.add(evidence)) return
    const { emit } = this.#deps
    emit({ kind: 'persist', token: 0, record: evidence })
    emit({ kind: 'evidence', evidence })
    emit({ kind: 'send', to: null, message: evidence })
  }
}
