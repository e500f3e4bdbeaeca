// The sealed bytes of batches, each assembled once.
import type { MarketTerms } from '../../contracts/batch.ts'
import type { BatchView } from '../../matching/index.ts'
import { fromHex, toHex } from '../../protocol/bytes.ts'
import type { Hash } from '../../protocol/hash.ts'
import type { Bytes24, Bytes32 } from '../../protocol/types.ts'
import { assemble, marketTerms } from './assembly.ts'
import { SettlementFault } from './settlement-fault.ts'
import type { SettlementNode } from './types.ts'

export type SealedBatch = {
  index: number
  parent: Bytes24
  sealedAt: number
  bytes: Uint8Array
  /** keccak256 of the bytes. */
  content: Bytes32
  /** What the batch's child names as its parent; 48 hex digits. */
  link: string
}

export class Sealer {
  readonly #node: SettlementNode
  readonly #keccak: Hash
  readonly #markets: MarketTerms[]
  readonly #sealed = new Map<string, Promise<SealedBatch>>()

  constructor(node: SettlementNode, keccak: Hash) {
    this.#node = node
    this.#keccak = keccak
    this.#markets = marketTerms(node.manifest)
  }

  /** @param batch Sealed or attested.
   * @throws SettlementFault batch_unreadable; batch_disputed when a quorum attested other bytes */
  async seal(batch: BatchView): Promise<SealedBatch> {
    const key = `${batch.index} ${batch.parent}`
    const known = this.#sealed.get(key) ?? this.#seal(batch)
    this.#sealed.set(key, known)
    // What could not be read may be there the next time.
    known.catch(() => this.#sealed.delete(key))
    const sealed = await known
    if (batch.link === null || batch.link === sealed.link) return sealed
    throw new SettlementFault(
      'batch_disputed',
      `batch ${batch.index}: this daemon has ${sealed.link}, a quorum attested ${batch.link}`,
      { batch: batch.index }
    )
  }

  /** Batches up to this one are done with. */
  forget(index: number): void {
    for (const key of this.#sealed.keys()) {
      if (Number(key.split(' ')[0]) <= index) this.#sealed.delete(key)
    }
  }

  async #seal(batch: BatchView): Promise<SealedBatch> {
    const { index, sealedAt } = batch
    const parent = fromHex(batch.parent ?? '')
    if (parent === null || parent.length !== 24 || sealedAt === 0) {
      throw new SettlementFault('batch_unknown', `batch ${index} is not sealed`, { batch: index })
    }
    const { engine, hasher } = this.#node
    // Names are taken now: the engine may be another one when the tape has been read.
    const names = new Map(batch.accounts.map(({ account }) => [account, engine.address(account)]))
    const bytes = await assemble(batch, (account) => names.get(account) ?? '', {
      markets: this.#markets,
      hasher,
      keccak: this.#keccak,
      read: (at) => this.#node.read(at)
    })
    const content = this.#keccak(bytes)
    const link = toHex(hasher.batchLink({ index, parent, content, sealedAt }))
    return { index, parent, sealedAt, bytes, content, link }
  }
}
