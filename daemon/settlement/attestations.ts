// Validators' words on batches, gathered from the tape: the signatures that the vault wants.
import { type BatchView, eventMask, hasEvent } from '../../matching/index.ts'
import type { Recover } from '../../crypto/crypto.ts'
import { fromHex, toHex } from '../../protocol/bytes.ts'
import type { Address, AttestEntry, Entry, Signature } from '../../protocol/types.ts'
import type { TapeBlock } from '../../protocol/tape-block.ts'
import type { Applied } from '../replica/types.ts'
import { entriesOf } from '../replica/intake.ts'
import type { SettlementNode } from './types.ts'

/** An attestation was accepted. */
const ATTESTED = eventMask(['attested'])

export class Attestations {
  readonly #node: SettlementNode
  readonly #recover: Recover
  readonly #validators: Address[]
  readonly #quorum: number
  /** Signatures by batch, then by what they make its link, then by validator. */
  readonly #batches = new Map<number, Map<string, Map<number, Signature>>>()

  constructor(node: SettlementNode, recover: Recover, quorum: number) {
    this.#node = node
    this.#recover = recover
    this.#quorum = quorum
    this.#validators = node.manifest.validators.map(({ signer }) => signer)
  }

  applied({ result, slices }: Applied): void {
    if (!hasEvent(result.events, ATTESTED)) return
    this.#take(slices.map(({ blocks }) => blocks))
  }

  /** Exactly a quorum's signatures for a link of the batch, or null. What this daemon did not see
   * itself is looked up on the tape, back to when the batch was sealed. */
  async quorumOf(
    batch: number,
    link: string,
    sealedAt: number
  ): Promise<Map<number, Signature> | null> {
    const at = this.#gathered(batch, link)
    if (at.size < this.#quorum) await this.#scan(sealedAt * 1000)
    const gathered = this.#gathered(batch, link)
    if (gathered.size < this.#quorum) return null
    return new Map([...gathered].sort(([a], [b]) => a - b).slice(0, this.#quorum))
  }

  forget(index: number): void {
    for (const batch of this.#batches.keys()) if (batch <= index) this.#batches.delete(batch)
  }

  #gathered(batch: number, link: string): ReadonlyMap<number, Signature> {
    return this.#batches.get(batch)?.get(link) ?? new Map<number, Signature>()
  }

  async #scan(sinceMs: number): Promise<void> {
    for (let index = this.#node.tapeLength - 1; index >= 0; index--) {
      const tape = await this.#node.read(index)
      if (tape === null || tape.block.cut.time < sinceMs) return
      this.#take(tape.block.blocks)
    }
  }

  #take(slices: TapeBlock['blocks'] | readonly (readonly Uint8Array[])[]): void {
    for (const blocks of slices) {
      for (const block of blocks) for (const entry of entriesOf(block)) this.#note(entry)
    }
  }

  #note(entry: Entry): void {
    // An attestation of a batch that is settled, or not closed yet, is nobody's business.
    if (entry.kind !== 'attest' || this.#node.engine.batch(entry.batch) === null) return
    const signer = this.#recover(this.#node.hasher.attestDigest(entry), entry.signature)
    const validator = signer === null ? -1 : this.#validators.indexOf(signer)
    if (validator < 0) return
    const links = this.#batches.get(entry.batch) ?? new Map<string, Map<number, Signature>>()
    this.#batches.set(entry.batch, links)
    const link = toHex(linkOf(this.#node, entry))
    // A validator's words for other links are the engine's to judge; they are few.
    if (!links.has(link) && links.size >= 4 * this.#validators.length) return
    const signatures = links.get(link) ?? new Map<number, Signature>()
    links.set(link, signatures)
    // A copy: the entry is a view into a whole block.
    signatures.set(validator, entry.signature.slice())
  }
}

function linkOf({ hasher }: SettlementNode, entry: AttestEntry): Uint8Array {
  const { batch: index, parent, content, sealedAt } = entry
  if (content === null) return hasher.voidLink({ index, parent, sealedAt })
  return hasher.batchLink({ index, parent, content, sealedAt })
}

/** The link of a sealed batch's void. */
export function voidLinkOf({ hasher }: SettlementNode, batch: BatchView): string {
  const { index, sealedAt } = batch
  const parent = fromHex(batch.parent ?? '') ?? new Uint8Array(24)
  return toHex(hasher.voidLink({ index, parent, sealedAt }))
}
