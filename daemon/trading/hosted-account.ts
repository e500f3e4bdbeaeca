// An account whose orders this daemon sends: its key if it is unlocked, its nonce counter, its
// ring slots.
import { NONCE_MAX } from '../../protocol/limits.ts'
import type { Address } from '../../protocol/types.ts'
import { Slots } from './slots.ts'
import type { AccountSigner } from './types.ts'

export class HostedAccount {
  readonly address: Address
  readonly slots: Slots
  signer: AccountSigner | null
  /** Whether the engine has it linked to this daemon's lane. */
  linked = false
  #lastNonce = 0

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

  get lastNonce(): number {
    return this.#lastNonce
  }
}
