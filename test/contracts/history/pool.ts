// Every signature that was ever published in a random history, and whose each one is. Nothing is
// ever taken out: what was filled, cancelled, revoked or voided stays in the hands of thieves.
import type { Group, SealedOrder, SealedWithdrawal } from '../../../contracts/batch.ts'
import type { Address, NetDelta, Order } from '../../../protocol/types.ts'
import { type Key, order, type VaultVenue } from '../../helpers/vault.ts'
import { key } from '../model.ts'
import type { RandomInt } from '../random.ts'

export type Cosigned = Extract<Group, { kind: 'cosigned' }>

export class Pool {
  readonly orders: SealedOrder[] = []
  readonly deltas: Cosigned[] = []
  readonly withdrawals: SealedWithdrawal[] = []
  /** Voids that were carried out. */
  readonly voids: { sealedAt: number; attestations: Uint8Array }[] = []
  readonly #signers = new Map<string, Address>()
  readonly #cosigners = new Map<Cosigned, Address>()
  readonly #quantities = new Map<string, number>()
  readonly #nonces = new Map<Address, number>()
  readonly #venue: VaultVenue
  readonly #random: RandomInt
  readonly #delegates: readonly Key[]

  constructor(venue: VaultVenue, delegates: readonly Key[], random: RandomInt) {
    this.#venue = venue
    this.#delegates = delegates
    this.#random = random
  }

  quantityOf(order: string): number {
    return this.#quantities.get(order) ?? 0
  }

  /** Null when the bytes are nobody's signature of it. */
  signerOf(signed: SealedOrder | Cosigned): Address | null {
    if ('delta' in signed) return this.#cosigners.get(signed) ?? null
    return this.#signers.get(placeOf(signed)) ?? null
  }

  /** An order, or a tree of some, by the owner or a delegate; now and then a withdrawal. */
  publish(owner: Key, time: number): void {
    const random = this.#random
    const signer = this.#signer(owner)
    if (random(5) === 0) this.#publishTree(owner, signer, time)
    else {
      const signed = this.#order(owner.address, time)
      this.#add(signed, { proof: null, signature: this.#venue.signOrder(signer, signed) }, signer)
    }
    if (random(6) !== 0) return
    const nonce = this.#nonces.get(owner.address) ?? 0
    const [token, quanta] = [random(3), random(3000)]
    const withdrawal = { account: owner.address, token, quanta, nonce, expiry: time + 4000 }
    const signature = this.#venue.signWithdrawal(owner, withdrawal)
    this.withdrawals.push({ ...withdrawal, signature })
  }

  cosign(owner: Key, delta: NetDelta): Cosigned {
    const signer = this.#signer(owner)
    const signature = this.#venue.signDelta(signer, delta)
    const group: Cosigned = { kind: 'cosigned', delta, signature }
    this.#cosigners.set(group, signer.address)
    this.deltas.push(group)
    return group
  }

  #signer(owner: Key): Key {
    return this.#random(8) === 0 ? this.#delegates[this.#random(this.#delegates.length)] : owner
  }

  #publishTree({ address }: Key, signer: Key, time: number): void {
    const height = 1 + this.#random(3)
    const count = 1 + this.#random(2 ** height)
    const orders = Array.from({ length: count }, () => this.#order(address, time))
    const [signature, proofs] = this.#venue.signBulk(signer, orders, height)
    // A leaf shown in another's place of the tree is nobody's.
    const forged = count > 1 && this.#random(8) === 0
    orders.forEach((signed, index) => {
      const proof = proofs[forged ? (index + 1) % count : index]
      this.#add(signed, { proof, signature }, forged ? null : signer)
    })
  }

  #add(
    signed: Order,
    seal: Pick<SealedOrder, 'proof' | 'signature'>,
    signer: { address: Address } | null
  ): void {
    const away = signed.side === 'buy' ? -1 : 1
    const slid = signed.postOnly === 'slide' ? away * this.#random(3) : 0
    const sealed = { order: signed, restingPrice: signed.price + slid, ...seal }
    this.orders.push(sealed)
    this.#quantities.set(key(signed), signed.quantity)
    if (signer !== null) this.#signers.set(placeOf(sealed), signer.address)
  }

  #order(address: Address, time: number): Order {
    const random = this.#random
    const nonce = (this.#nonces.get(address) ?? 0) + 1 + random(2)
    this.#nonces.set(address, nonce)
    const buys = random(2) === 0
    const tif = (['gtc', 'gtc', 'ioc', 'fok'] as const)[random(4)]
    const trigger = random(8) === 0 ? { kind: 'stop' as const, price: 200 } : null
    return order(address, {
      side: buys ? 'buy' : 'sell',
      price: buys ? 200 + random(10) : 200 - random(10),
      market: random(2),
      quantity: 1 + random(20),
      nonce,
      timeInForce: tif,
      postOnly: tif === 'gtc' ? (['no', 'no', 'reject', 'slide'] as const)[random(4)] : 'no',
      trigger,
      slot: tif === 'gtc' || trigger !== null ? random(5) : 0,
      feeMax: random(3) === 0 ? random(20) : 100_000,
      expiry: time + (random(10) === 0 ? -8000 : 4000)
    })
  }
}

/** Of one account every order has its own nonce. */
function placeOf({ order: signed }: SealedOrder): string {
  return key(signed)
}
