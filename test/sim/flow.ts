// Orders as a few traders would send them: around a wandering mid price, with cancels, amends and
// the odd entry that must be rejected.
import type { Random } from '../../daemon/clock.ts'
import type { Address, Entry, Order, Signature } from '../../protocol/types.ts'
import { between, pick } from '../helpers/random.ts'
import { START_MS } from './world.ts'

/** A signature of the right shape. v 28 marks one that recovers to nobody: the engine takes signers
 * as given, so what is behind them is not the simulator's matter. */
function signature(random: Random): Signature {
  const bytes = new Uint8Array(65)
  for (let i = 0; i < 8; i++) bytes[i] = random() * 256
  bytes[64] = random() < 0.03 ? 28 : 27
  return bytes
}

export function accountName(number: number): Address {
  return '0x' + (number + 1).toString(16).padStart(40, '0')
}

export class Flow {
  readonly #random: Random
  readonly #account: Address
  #nonce = 0
  #mid = 1000

  constructor(random: Random, account: Address) {
    this.#random = random
    this.#account = account
  }

  link(): Entry {
    const expiry = Math.floor(START_MS / 1000) + 86_400
    const { random, account } = { random: this.#random, account: this.#account }
    const signed = signature(random)
    signed[64] = 27
    return { kind: 'link', account, nonce: ++this.#nonce, expiry, signature: signed }
  }

  next(): Entry {
    const dice = this.#random()
    const account = this.#account
    if (dice < 0.15 && this.#nonce > 2) {
      const nonces = [between(this.#random, 2, this.#nonce)]
      return { kind: 'cancel', account, nonces, expiry: 0 }
    }
    if (dice < 0.18) return { kind: 'cancelAll', account, market: 0, side: null, expiry: 0 }
    if (dice < 0.2) return { kind: 'lease', ttlMs: 2000 }
    const signed = signature(this.#random)
    if (dice < 0.26 && this.#nonce > 2) {
      const oldNonce = between(this.#random, 2, this.#nonce)
      return {
        kind: 'amend',
        oldNonce,
        filledSeen: 0,
        order: this.#order(),
        proof: null,
        signature: signed
      }
    }
    return { kind: 'place', order: this.#order(), proof: null, signature: signed }
  }

  #order(): Order {
    const random = this.#random
    this.#mid = Math.max(900, Math.min(1100, this.#mid + between(random, -2, 2)))
    const timeInForce = pick(random, ['gtc', 'gtc', 'gtc', 'ioc', 'fok'] as const)
    return {
      market: 0,
      account: this.#account,
      side: pick(random, ['buy', 'sell'] as const),
      price: this.#mid + between(random, -6, 6),
      quantity: between(random, 1, 20),
      timeInForce,
      postOnly:
        timeInForce === 'gtc' ? pick(random, ['no', 'no', 'reject', 'slide'] as const) : 'no',
      quote: false,
      leased: random() < 0.1,
      selfTradePrevention: pick(random, ['cancelNewest', 'cancelOldest', 'decrement'] as const),
      trigger: null,
      expiry: Math.floor(START_MS / 1000) + between(random, 5, 3600),
      feeMax: 1_000_000,
      nonce: ++this.#nonce,
      slot: timeInForce === 'gtc' ? between(random, 0, 15) : 0
    }
  }
}
