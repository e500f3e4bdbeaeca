// Acknowledgements and certificates. Checking a certificate costs a quorum of ed25519 checks, and
// nearly all of them are overtaken by the tape before anyone needs them: they are put on a shelf
// unchecked, and checked when a vote rule asks.
import type { Bytes32 } from '../../protocol/types.ts'
import { ackSignable } from './lane-key.ts'
import type { Certificate, Certified, PeerKey, Verify } from './types.ts'

export type AckRules = {
  venue: Bytes32
  /** Swarm keys, by index. */
  validators: readonly Bytes32[]
  quorum: number
}

export function verifyAck(
  rules: AckRules,
  verify: Verify,
  validator: number,
  ack: { lane: Bytes32; length: number; treeHash: Bytes32; signature: Uint8Array }
): boolean {
  if (validator >= rules.validators.length) return false
  const signable = ackSignable(rules.venue, ack.lane, ack.length, ack.treeHash)
  return verify(ack.signature, signable, rules.validators[validator])
}

/** True for exactly a quorum of genuine acknowledgements, ascending by validator. */
export function verifyCertificate(
  rules: AckRules,
  verify: Verify,
  certificate: Certificate
): boolean {
  if (certificate.acks.length !== rules.quorum) return false
  let previous = -1
  for (const { validator, signature } of certificate.acks) {
    if (validator <= previous) return false
    previous = validator
    if (!verifyAck(rules, verify, validator, { ...certificate, signature })) return false
  }
  return true
}

type Entry = {
  source: PeerKey
  certificate: Certificate
  receivedAtMs: number
  checked: boolean
}

/** Certificates of a lane that one source may have on the shelf. */
const KEPT_MAX = 8

/** A lane's certificates beyond what is final: of each source its oldest, whose age gives the
 * lane its right to be included, its latest, and some in between: when a cut takes the lane only in
 * part, one of them is the oldest. */
export class CertificateShelf {
  readonly #bySource = new Map<PeerKey, Entry[]>()
  readonly #sourcesMax: number

  constructor(options: { sourcesMax: number }) {
    this.#sourcesMax = options.sourcesMax
  }

  /** False when there is no room for one more source. */
  add(source: PeerKey, certificate: Certificate, receivedAtMs: number): boolean {
    const entry: Entry = { source, certificate, receivedAtMs, checked: false }
    const entries = this.#bySource.get(source)
    if (entries === undefined) {
      if (this.#bySource.size >= this.#sourcesMax) return false
      this.#bySource.set(source, [entry])
      return true
    }
    const last = entries[entries.length - 1]
    if (certificate.length <= last.certificate.length) return true
    entries.push(entry)
    if (entries.length > KEPT_MAX) entries.splice(leastMissed(entries), 1)
    return true
  }

  /** Drops what the tape has overtaken. */
  prune(finalLength: number): void {
    for (const [source, entries] of this.#bySource) {
      const rest = entries.filter(({ certificate }) => certificate.length > finalLength)
      if (rest.length === 0) this.#bySource.delete(source)
      else if (rest.length < entries.length) this.#bySource.set(source, rest)
    }
  }

  /** Genuine ones beyond `length` that came before `beforeMs`, longest first. Each is checked once;
   * a false one is dropped and its source reported. */
  list(
    length: number,
    beforeMs: number,
    check: (certificate: Certificate) => boolean,
    onfalse: (source: PeerKey) => void
  ): Certified[] {
    const found: Certified[] = []
    for (const [source, entries] of this.#bySource) {
      for (const entry of entries) {
        if (entry.certificate.length <= length || entry.receivedAtMs >= beforeMs) continue
        if (this.#isGenuine(source, entry, check, onfalse)) found.push(certified(entry))
      }
    }
    return found.sort((a, b) => b.length - a.length || a.receivedAtMs - b.receivedAtMs)
  }

  /** The longest genuine one beyond `length`, to be relayed; null without one. Who relays a false
   * one takes the blame for it, so it is checked here, and a false one dropped and reported. */
  longest(
    length: number,
    check: (certificate: Certificate) => boolean,
    onfalse: (source: PeerKey) => void
  ): Certificate | null {
    const all = [...this.#bySource].flatMap(([source, entries]) =>
      entries.map((entry) => ({ source, entry }))
    )
    all.sort((a, b) => b.entry.certificate.length - a.entry.certificate.length)
    for (const { source, entry } of all) {
      if (entry.certificate.length <= length) return null
      if (this.#isGenuine(source, entry, check, onfalse)) return entry.certificate
    }
    return null
  }

  #isGenuine(
    source: PeerKey,
    entry: Entry,
    check: (certificate: Certificate) => boolean,
    onfalse: (source: PeerKey) => void
  ): boolean {
    if (!entry.checked && !check(entry.certificate)) {
      this.#drop(source, entry)
      onfalse(source)
      return false
    }
    entry.checked = true
    return true
  }

  #drop(source: PeerKey, entry: Entry): void {
    const rest = (this.#bySource.get(source) ?? []).filter((other) => other !== entry)
    if (rest.length === 0) this.#bySource.delete(source)
    else this.#bySource.set(source, rest)
  }
}

/** The one in between whose absence leaves the smallest gap in time. */
function leastMissed(entries: readonly Entry[]): number {
  let least = 1
  let gap = Number.POSITIVE_INFINITY
  for (let i = 1; i < entries.length - 1; i++) {
    const without = entries[i + 1].receivedAtMs - entries[i - 1].receivedAtMs
    if (without >= gap) continue
    gap = without
    least = i
  }
  return least
}

function certified({ certificate, receivedAtMs }: Entry): Certified {
  return {
    length: certificate.length,
    treeHash: certificate.treeHash,
    receivedAtMs,
    validators: certificate.acks.map(({ validator }) => validator)
  }
}
