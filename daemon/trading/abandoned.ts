// Orders that were under way in a lane which was abandoned. The tape may still take them, until the
// engine has linked their account to the new lane: from then on it never will.
import type { Accounts } from './accounts.ts'
import type { Records } from './records.ts'
import type { OrderRecord } from './types.ts'

export class AbandonedOrders {
  readonly #records: Records
  readonly #accounts: Accounts
  #orders: OrderRecord[] = []

  constructor({ records, accounts }: { records: Records; accounts: Accounts }) {
    this.#records = records
    this.#accounts = accounts
  }

  /** The lane in use is another one from here on. */
  add(): void {
    this.#orders = this.#records.pending()
  }

  /** After a link, with the tape index and time of its block: the orders that are over by it,
   * rejected. */
  end(index: number, time: number): OrderRecord[] {
    const pending = this.#orders.filter(({ state }) => state === 'pending')
    const isOver = ({ order }: OrderRecord): boolean =>
      this.#accounts.find(order.account)?.linked ?? false
    this.#orders = pending.filter((record) => !isOver(record))
    const over = pending.filter(isOver)
    for (const record of over) this.#records.reject(record, null, index, time)
    return over
  }
}
