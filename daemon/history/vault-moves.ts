// What the chain's follower has seen of accounts' money, until the tape has it: the transactions
// behind the vault's events, by the vault's own numbers, which the tape has too.
import { decodeChainEvent } from '../../protocol/chain-events.ts'
import type { Address, ChainEvent } from '../../protocol/types.ts'
import type { SeenMove } from '../chain/seen-batch.ts'
import type { Applied } from '../replica/types.ts'

/** Events that are kept for the tape, or whose transaction is waited for. */
const KEPT = 4096

/** An event of the vault on the tape. `transaction` null: not seen here yet, or no RPC. */
export type VaultStep = { sequence: number; transaction: string | null; readyAt: number | null }

type Named = { kind: SeenMove['event']; account: Address; token: number }

export class VaultMoves {
  readonly #seen = new Map<number, SeenMove>()
  /** The vault's number of the last event that the tape brought here. */
  #taken = 0
  /** Up to where a block's chain events are matched. */
  #place = { block: -1, next: 0 }

  /** Keeps what the tape has not got. */
  add(move: SeenMove): void {
    if (move.sequence <= this.#taken) return
    this.#seen.set(move.sequence, move)
    if (this.#seen.size > KEPT) this.#seen.delete(Math.min(...this.#seen.keys()))
  }

  /** In the order of the vault. */
  of(account: Address): SeenMove[] {
    const own = [...this.#seen.values()].filter((move) => move.account === account)
    return own.sort((a, b) => a.sequence - b.sequence)
  }

  /** The vault's event behind the engine's next one; null when the block has none such. */
  take({ index, cut }: Applied, { kind, account, token }: Named): VaultStep | null {
    if (this.#place.block !== index) this.#place = { block: index, next: 0 }
    for (let at = this.#place.next; at < cut.events.length; at++) {
      const event = decodeChainEvent(cut.events[at])
      if (event.kind !== kind || event.account !== account || event.token !== token) continue
      this.#place.next = at + 1
      const { sequence } = event
      const transaction = this.#seen.get(sequence)?.transaction ?? null
      this.#forget(sequence)
      return { sequence, transaction, readyAt: readyAtOf(event) }
    }
    return null
  }

  #forget(sequence: number): void {
    this.#taken = Math.max(this.#taken, sequence)
    for (const number of this.#seen.keys()) if (number <= sequence) this.#seen.delete(number)
  }
}

/** Milliseconds since 1970. */
function readyAtOf(event: ChainEvent): number | null {
  return 'readyAt' in event ? event.readyAt * 1000 : null
}
