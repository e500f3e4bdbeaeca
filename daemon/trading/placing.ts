// One order for one clientOrderId, whatever happens in between: the same name with the same body
// finds the order that it stands for, with another body it is refused. The name is kept before the
// order goes into the lane, so a daemon that is killed between the two knows both or neither.
import type { Address } from '../../protocol/types.ts'
import type { Outcome } from '../outcomes.ts'
import type { Desk } from './desk.ts'
import { TradingFault } from './trading-fault.ts'
import type { OrderRecord, PlaceOptions, Sent } from './types.ts'

/** What a clientOrderId stands for. `digest` is the order's, in hex: after a crash the nonce alone
 * may have come to be another order's. */
export type ClientOrder = {
  account: Address
  clientOrderId: string
  nonce: number
  digest: string
  body: string
}

export type ClientOrders = {
  find(account: Address, clientOrderId: string): Promise<ClientOrder | null>
  /** The same, of what was kept a moment ago. */
  recent(account: Address, clientOrderId: string): ClientOrder | null
  keep(order: ClientOrder): void
  /** The order that the last edit made of the named one; null when it was never edited. */
  edited(account: Address, clientOrderId: string): Promise<EditedOrder | null>
}

export type EditedOrder = Pick<ClientOrder, 'nonce' | 'digest'>

export type PlacingDependencies = {
  desk: Desk
  clientOrders: ClientOrders
  /** An order that has left the desk's memory. */
  ended(account: Address, nonce: number): Promise<OrderRecord | null>
  hex(bytes: Uint8Array): string
}

/** An order that was sent now, or was before. `outcome` null: it is in the record. */
export type Placed = {
  record: OrderRecord
  journaled: Promise<void>
  outcome: Promise<Outcome> | null
}

export class Placing {
  readonly #dependencies: PlacingDependencies

  constructor(dependencies: PlacingDependencies) {
    this.#dependencies = dependencies
  }

  /** Sends the order, unless its name has sent one before. `body` is the call in canonical form.
   * @throws TradingFault duplicate_client_order_id, and what `send` throws */
  async place(
    account: Address,
    clientOrderId: string | undefined,
    body: string,
    send: (options: PlaceOptions) => Sent<OrderRecord>
  ): Promise<Placed> {
    if (clientOrderId === undefined) return placed(send({}))
    const { clientOrders, hex } = this.#dependencies
    const known =
      clientOrders.recent(account, clientOrderId) ??
      (await clientOrders.find(account, clientOrderId)) ??
      // The same call may have come twice at once.
      clientOrders.recent(account, clientOrderId)
    const before = known === null ? null : await this.#known(known, body)
    if (before !== null) return before
    // While it was looked for, its twin may have been sent.
    const twin = clientOrders.recent(account, clientOrderId)
    if (twin !== null && twin !== known) return this.place(account, clientOrderId, body, send)
    const beforeSent = ({ order, digest }: OrderRecord): void => {
      clientOrders.keep({ account, clientOrderId, nonce: order.nonce, digest: hex(digest), body })
    }
    return placed(send({ clientOrderId, beforeSent }))
  }

  /** The order that the name stands for; null when it never got into the lane. */
  async #known(known: ClientOrder, body: string): Promise<Placed | null> {
    const record = await this.#current(known)
    if (record === null) return null
    // Refused before it was sent: the name is free again.
    if (record.state === 'rejected' && record.laneBlock === null) return null
    if (known.body !== body) {
      throw new TradingFault('duplicate_client_order_id', undefined, 'clientOrderId')
    }
    const outcome = this.#dependencies.desk.outcomeOf(record)
    return { record, journaled: Promise.resolve(), outcome }
  }

  /** The named order as it is now: an edit made another one of it. */
  async #current(known: ClientOrder): Promise<OrderRecord | null> {
    const { clientOrders, desk, ended, hex } = this.#dependencies
    const { account, clientOrderId } = known
    const edited = await clientOrders.edited(account, clientOrderId)
    // An older one is of an order that had the name before.
    const isNewer = edited !== null && edited.nonce > known.nonce
    for (const { nonce, digest } of isNewer ? [edited, known] : [known]) {
      const record = desk.records.find(account, nonce) ?? (await ended(account, nonce))
      if (record !== null && hex(record.digest) === digest) return record
    }
    return null
  }

  /** The order that a name stands for, or null. */
  async find(account: Address, clientOrderId: string): Promise<OrderRecord | null> {
    const { clientOrders } = this.#dependencies
    const known =
      clientOrders.recent(account, clientOrderId) ??
      (await clientOrders.find(account, clientOrderId))
    return known === null ? null : this.#current(known)
  }
}

function placed({ value, journaled, outcome }: Sent<OrderRecord>): Placed {
  return { record: value, journaled, outcome }
}
