// `user.orders`, `user.trades`, `user.balances`: of all accounts that the daemon hosts.
import type { RpcChannelData } from '../../../protocol/rpc.ts'
import type { Applied } from '../../replica/types.ts'
import type { RecordChange } from '../../trading/records.ts'
import type { OrderRecord } from '../../trading/types.ts'
import type { MyFill } from '../../history/types.ts'
import type { RpcApi } from '../api.ts'
import { factsOf } from '../methods/replies.ts'
import type { Feed, Publish } from './feed.ts'

export class UserOrdersFeed implements Feed {
  readonly #api: RpcApi
  readonly #publish: Publish

  constructor(api: RpcApi, publish: Publish) {
    this.#api = api
    this.#publish = publish
  }

  first(): undefined {
    return undefined
  }

  /** One message for each order that a block changed, as it is after the block; its sequence is
   * that of the last event about it. */
  applied({ index }: Applied, changes: readonly RecordChange[]): void {
    const last = new Map<OrderRecord, number>()
    for (const { record, event } of changes) {
      // Told in the order of their last events.
      last.delete(record)
      last.set(record, event)
    }
    for (const [record, event] of last) {
      const data: RpcChannelData['orders'] = {
        ...this.#api.format.order(record),
        sequence: [index, event]
      }
      this.#publish(data)
    }
  }

  close(): void {}
}

/** Each fill when it happened, and again whenever its batch has got further: up to `final`. Its
 * sequence is always that of the trade. */
export class UserTradesFeed implements Feed {
  readonly #api: RpcApi
  readonly #publish: Publish
  readonly #onfault: (fault: unknown) => void
  readonly #stop: () => void
  #open = true
  #telling: Promise<void> = Promise.resolve()

  constructor(api: RpcApi, publish: Publish, onfault: (fault: unknown) => void) {
    this.#api = api
    this.#publish = publish
    this.#onfault = onfault
    this.#stop = api.history.batches.onstate(({ index, state }) => {
      if (!this.#open || state === 'open' || state === 'closed') return
      // One batch after the other, so that a trade's states come in their order.
      this.#telling = this.#telling.then(() => this.#tell(index)).catch(this.#onfault)
    })
  }

  async #tell(batch: number): Promise<void> {
    const fills = await this.#api.history.fillsOfBatch(batch)
    if (this.#open) for (const mine of fills) this.#send(mine)
  }

  first(): undefined {
    return undefined
  }

  applied(_applied: Applied, changes: readonly RecordChange[]): void {
    for (const { record, fill } of changes) {
      if (fill !== null) this.#send({ ...factsOf(record), fill })
    }
  }

  #send(mine: MyFill): void {
    const { format, history } = this.#api
    const { index, event, batch } = mine.fill
    const way = history.batches.way(batch, index) ?? { state: 'final', transaction: null }
    const data: RpcChannelData['myTrades'] = {
      ...format.myTrade(mine, way),
      sequence: [index, event]
    }
    this.#publish(data)
  }

  close(): void {
    this.#open = false
    this.#stop()
  }
}

export class UserBalancesFeed implements Feed {
  readonly #api: RpcApi
  readonly #publish: Publish

  constructor(api: RpcApi, publish: Publish) {
    this.#api = api
    this.#publish = publish
  }

  first(): undefined {
    return undefined
  }

  /** Balances come after a block's events, by account and token. */
  applied({ index, result }: Applied): void {
    const { desk, node, format } = this.#api
    const hosted = new Map(
      desk.accounts().map(({ address }) => [node.engine.accountOf(address), address])
    )
    for (const [place, change] of [...result.balances].entries()) {
      const address = hosted.get(change.account)
      if (address === undefined) continue
      const exits = node.engine.account(address)?.exits ?? []
      const { token } = change
      const data: RpcChannelData['balances'] = {
        ...format.balance(address, token, change, exits.includes(token)),
        sequence: [index, result.events.length + place]
      }
      this.#publish(data)
    }
  }

  close(): void {}
}

/** `venue.status`: now, and every second. */
export class StatusFeed implements Feed {
  readonly #api: RpcApi
  readonly #publish: Publish
  #cancel: () => void

  constructor(api: RpcApi, publish: Publish) {
    this.#api = api
    this.#publish = publish
    this.#cancel = this.#next()
  }

  #next(): () => void {
    return this.#api.clock.after(1000, () => {
      this.#publish(this.#api.monitor.status())
      this.#cancel = this.#next()
    })
  }

  first(): RpcChannelData['status'] {
    return this.#api.monitor.status()
  }

  applied(): void {}

  close(): void {
    this.#cancel()
  }
}
