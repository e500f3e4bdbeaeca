// An account whose orders this daemon sends: its key if it is unlocked, its nonce counter, its
// ring slots.
import { NONCE_MAX } from '../../protocol/limits.ts'
import type { Address, Order } from '../../protocol/types.ts'
import { Slots } from './slots.ts'
import { TradingFault } from './trading-fault.ts'
import type { AccountSigner } from './types.ts'

/** How long a slot is kept for an order that somebody outside is signing. */
const keptMs = 120_000

export class HostedAccount {
  readonly address: Address
  readonly slots: Slots
  signer: AccountSigner | null
  /** Whether the engine has it linked to this daemon's lane. */
  linked = false
  #lastNonce = 0
  /** By nonce, in the order in which they run out: slots of orders that are being signed outside. */
  readonly #kept = new Map<number, { slot: number; until: number }>()

  constructor(address: Address, signer: AccountSigner | null, slotsMax: number) {
    this.address = address
    this.signer = signer
    this.slots = new Slots(slotsMax)
  }

  /** A nonce that was used, by whomever. */
  consumed(nonce: number): void {
    if (nonce > this.#lastNonce) this.#lastNonce = nonce
  }

  nextNonce(): number {
    if (this.#lastNonce >= NONCE_MAX) throw new Error(`${this.address} has used all its nonces`)
    return ++this.#lastNonce
  }

  /** The lowest slot that nobody has; null when there is none. `now` in milliseconds. */
  freeSlot(now: number): number | null {
    for (const [nonce, { until }] of this.#kept) {
      if (until > now) break
      this.leaveSlot(nonce)
    }
    return this.slots.free()
  }

  /** Keeps an order's slot until it is handed in, or until its time is over. */
  keepSlot({ nonce, slot }: Pick<Order, 'nonce' | 'slot'>, now: number): void {
    this.slots.hold(slot)
    this.#kept.set(nonce, { slot, until: now + keptMs })
  }

  /** Does nothing for an order whose slot is not kept. */
  leaveSlot(nonce: number): void {
    const kept = this.#kept.get(nonce)
    if (kept === undefined) return
    this.#kept.delete(nonce)
    this.slots.release(kept.slot)
  }

  get lastNonce(): number {
    return this.#lastNonce
  }
}

/** @throws TradingFault account_locked */
export function signerOf(account: HostedAccount): AccountSigner {
  if (account.signer !== null) return account.signer
  throw new TradingFault(
    'account_locked',
    `${account.address} is locked: unlock it (keys.unlock), or hand in a signed order`,
    'account'
  )
}
