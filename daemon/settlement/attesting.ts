// A validator's word on sealed batches: it seals each by its own replay and attests to the bytes
// that come out. A void only by its operator's command.
import { fromHex } from '../../protocol/bytes.ts'
import type { AttestEntry } from '../../protocol/types.ts'
import type { NetworkLog } from '../network/types.ts'
import type { AccountSigner } from '../trading/types.ts'
import type { Sealer } from './sealer.ts'
import { SettlementFault } from './settlement-fault.ts'
import type { SettlementNode } from './types.ts'

const UNSIGNED = new Uint8Array(65)

export class Attesting {
  readonly #node: SettlementNode
  readonly #signer: AccountSigner
  readonly #sealer: Sealer
  readonly #log: NetworkLog
  #attested = ''
  #looking = false

  constructor(node: SettlementNode, signer: AccountSigner, sealer: Sealer, log: NetworkLog) {
    this.#node = node
    this.#signer = signer
    this.#sealer = sealer
    this.#log = log
  }

  /** @throws SettlementFault batch_unreadable; what the lane throws when it takes nothing now */
  async look(): Promise<void> {
    const batch = this.#node.engine.batches().find(({ state }) => state === 'sealed')
    if (batch === undefined || this.#looking) return
    const name = `${batch.index} ${batch.parent}`
    if (name === this.#attested) return
    this.#looking = true
    try {
      const { content, parent, sealedAt } = await this.#sealer.seal(batch)
      this.#submit({ batch: batch.index, parent, content, sealedAt })
      this.#attested = name
    } finally {
      this.#looking = false
    }
  }

  /** @throws SettlementFault batch_unknown, batch_not_voidable */
  void(index: number): void {
    const { engine, manifest } = this.#node
    const batch = engine.batch(index)
    const parent = fromHex(batch?.parent ?? '')
    if (batch === null || parent === null) {
      throw new SettlementFault('batch_unknown', `there is no unsettled batch ${index}`)
    }
    const voidableAt = (batch.sealedAt + manifest.settlement.horizonSeconds) * 1000
    if (batch.sealedAt === 0 || engine.time < voidableAt) {
      throw new SettlementFault(
        'batch_not_voidable',
        `batch ${index} can be voided ${batch.sealedAt === 0 ? 'when sealed' : `at ${new Date(voidableAt).toISOString()}`}`,
        { batch: index, voidableAt }
      )
    }
    this.#log.warn({ batch: index }, 'voting to void a batch, by command')
    this.#submit({ batch: index, parent, content: null, sealedAt: batch.sealedAt })
  }

  #submit(terms: Pick<AttestEntry, 'batch' | 'parent' | 'content' | 'sealedAt'>): void {
    const entry: AttestEntry = { kind: 'attest', ...terms, signature: UNSIGNED }
    const signature = this.#signer.sign(this.#node.hasher.attestDigest(entry))
    const ticket = this.#node.submit({ ...entry, signature })
    this.#node.outcome(ticket).then(
      ({ rejected }) => {
        // After a restart the word may be on the tape already; or a quorum was there before.
        if (rejected === null || rejected === 'attest_duplicate' || rejected === 'attest_batch')
          return
        this.#log.warn({ batch: terms.batch, rejected }, 'an attestation was not taken')
      },
      (fault: unknown) => {
        // The lane ended: the next look says it again.
        this.#attested = ''
        this.#log.debug({ fault: String(fault) }, 'no attest outcome')
      }
    )
  }
}
