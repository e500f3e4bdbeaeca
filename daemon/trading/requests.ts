// One move of money for one clientRequestId: deposits, withdrawals and the other calls that a client
// may repeat when the answer was lost. An id is an account's, whatever it stands for. It is kept
// where the move itself is journaled: with a transaction, or before a withdrawal goes into the lane.
import type { Address } from '../../protocol/types.ts'
import { TradingFault } from './trading-fault.ts'

/** `body` is the call in canonical form. */
export type RequestName = { id: string; body: string }

export type RequestsDependencies = {
  /** What the id stands for, of each kind that there is; null when it is free. */
  kinds: readonly ((account: Address, id: string) => Promise<RequestName | null>)[]
}

export class Requests {
  readonly #kinds: RequestsDependencies['kinds']
  /** Calls that have not been answered, the last of each id. */
  readonly #under = new Map<string, { body: string; ended: Promise<void> }>()

  constructor({ kinds }: RequestsDependencies) {
    this.#kinds = kinds
  }

  /** Calls `make`, which finds by itself what was made under this name before; of twins one after
   * the other. @throws TradingFault duplicate_client_request_id, and what `make` throws */
  async once<T>(
    account: Address,
    name: RequestName | undefined,
    make: () => Promise<T>
  ): Promise<T> {
    if (name === undefined) return make()
    const key = `${account}/${name.id}`
    const before = this.#under.get(key)
    if (before !== undefined) checkSame(before, name)
    const answer = this.#after(before?.ended, account, name, make)
    const ended = answer.then(
      () => {},
      () => {}
    )
    const under = { body: name.body, ended }
    this.#under.set(key, under)
    try {
      return await answer
    } finally {
      if (this.#under.get(key) === under) this.#under.delete(key)
    }
  }

  async #after<T>(
    before: Promise<void> | undefined,
    account: Address,
    name: RequestName,
    make: () => Promise<T>
  ): Promise<T> {
    await before
    for (const find of this.#kinds) {
      const known = await find(account, name.id)
      if (known !== null) checkSame(known, name)
    }
    return make()
  }
}

function checkSame(known: { body: string }, { body }: RequestName): void {
  if (known.body === body) return
  throw new TradingFault('duplicate_client_request_id', undefined, 'clientRequestId')
}
