// Co-signs the closed batch for the accounts of this daemon, each once, out of its own replay.
import type { NetworkLog } from '../network/types.ts'
import { netDeltaOf } from './net-delta.ts'
import type { Cosigner, SettlementNode } from './types.ts'

export class Cosigning {
  readonly #node: SettlementNode
  readonly #cosigners: () => readonly Cosigner[]
  readonly #log: NetworkLog
  /** Accounts that have sent theirs for the batch. */
  #batch = ''
  #sent = new Set<string>()

  constructor(node: SettlementNode, cosigners: () => readonly Cosigner[], log: NetworkLog) {
    this.#node = node
    this.#cosigners = cosigners
    this.#log = log
  }

  /** @throws what the lane throws when it takes nothing now */
  look(): void {
    const { engine, hasher } = this.#node
    const batch = engine.batches().find(({ state }) => state === 'closed')
    if (batch === undefined || batch.parent === null) return
    const name = `${batch.index} ${batch.parent}`
    if (name !== this.#batch) {
      this.#batch = name
      this.#sent = new Set(batch.cosigns.map(({ account }) => engine.address(account)))
    }
    for (const { account, signer } of this.#cosigners()) {
      if (this.#sent.has(account) || (engine.account(account)?.lane ?? null) === null) continue
      const delta = netDeltaOf(engine, batch, account)
      if (delta === null) continue
      const signature = signer.sign(hasher.netDeltaDigest(delta))
      const ticket = this.#node.submit({ kind: 'cosign', ...delta, signature })
      this.#sent.add(account)
      this.#node.outcome(ticket).then(
        ({ rejected }) => this.#told(batch.index, account, rejected),
        (fault: unknown) => {
          // The lane ended: the next look says it again.
          this.#sent.delete(account)
          this.#log.debug({ account, fault: String(fault) }, 'no cosign outcome')
        }
      )
    }
  }

  /** Who is not in time, or has moved, is settled by his orders. */
  #told(batch: number, account: string, rejected: string | null): void {
    if (rejected === null) return
    this.#log.info({ batch, account, rejected }, 'a co-signature was not taken')
  }
}
