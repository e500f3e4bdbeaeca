// A venue with four funded traders, and short words for the batches that tests try on it.
import type {
  BatchContent,
  Group,
  SealedOrder,
  SealedWithdrawal,
  Sweep
} from '../../contracts/batch.ts'
import type { Mark, NetDelta, Order } from '../../protocol/types.ts'
import {
  byAddress,
  type Key,
  keyOf,
  order,
  VaultVenue,
  type VenueOptions
} from '../helpers/vault.ts'

export type Names = 'alice' | 'bob' | 'carol' | 'dave'

/** Fields of an order that differ from a usual one. */
export type OrderFields = Partial<Order> & { nonce: number }

export type Scene = {
  venue: VaultVenue
  keys: Record<Names, Key>
  /** A sell of 10 lots at 200 ticks that rests, a buy of as much at 210 that takes. */
  sell(name: Names, fields: OrderFields): Order
  buy(name: Names, fields: OrderFields): Order
  sealed(name: Names, order: Order, changes?: Partial<SealedOrder>): SealedOrder
  /** The orders as groups by account. */
  groups(...orders: SealedOrder[]): Group[]
  cosigned(name: Names, delta: Partial<NetDelta>): Promise<Group>
  withdrawal(name: Names, fields: Partial<SealedWithdrawal>): SealedWithdrawal
  /** One trade: the maker rests, the taker takes `lots` of it. */
  trade(maker: SealedOrder, taker: SealedOrder, lots: number): BatchContent
}

export function content(
  groups: readonly Group[],
  sweeps: readonly Sweep[] = [],
  withdrawals: readonly SealedWithdrawal[] = []
): BatchContent {
  return { groups: [...groups].sort(byGroup), sweeps, withdrawals }
}

export function mark(slot: number, nonce: number, filled: number): Mark {
  return { slot, nonce, filled }
}

export async function openScene(options: VenueOptions = {}): Promise<Scene> {
  const venue = await VaultVenue.open(options)
  const keys = {
    alice: keyOf('alice'),
    bob: keyOf('bob'),
    carol: keyOf('carol'),
    dave: keyOf('dave')
  }
  for (let token = 0; token < venue.tokens.length; token++) {
    const accounts = Object.values(keys).map(({ address }) => address)
    await venue.fundAll(accounts, token, 10_000_000)
  }
  const scene: Scene = {
    venue,
    keys,
    sell: (name, fields) =>
      order(keys[name].address, { side: 'sell', price: 200, quantity: 10, ...fields }),
    buy: (name, fields) =>
      order(keys[name].address, {
        side: 'buy',
        price: 210,
        quantity: 10,
        timeInForce: 'ioc',
        ...fields
      }),
    sealed: (name, signed, changes = {}) => ({
      order: signed,
      restingPrice: signed.price,
      proof: null,
      signature: venue.signOrder(keys[name], signed),
      ...changes
    }),
    groups: (...orders) => {
      const accounts = [...new Set(orders.map((each) => each.order.account))].sort()
      return accounts.map((account) => ({
        kind: 'orders',
        account,
        orders: orders
          .filter((each) => each.order.account === account)
          .sort((a, b) => a.order.nonce - b.order.nonce)
      }))
    },
    cosigned: async (name, fields) => {
      const { index, link } = await venue.last()
      const delta = {
        batch: index + 1,
        parent: link,
        account: keys[name].address,
        deltas: [],
        sequence: 0,
        floor: 0,
        marks: [],
        ...fields
      }
      return { kind: 'cosigned', delta, signature: venue.signDelta(keys[name], delta) }
    },
    withdrawal: (name, fields) => {
      const signed = {
        account: keys[name].address,
        token: 0,
        quanta: 1000,
        nonce: 1,
        expiry: 4_000_000_000,
        ...fields
      }
      return { ...signed, signature: venue.signWithdrawal(keys[name], signed), ...fields }
    },
    trade: (maker, taker, lots) =>
      content(scene.groups(maker, taker), [
        {
          taker: taker.order,
          fills: [{ maker: maker.order, lots, price: maker.restingPrice }]
        }
      ])
  }
  return scene
}

function byGroup(a: Group, b: Group): number {
  const address = (group: Group): { address: string } => ({
    address: group.kind === 'cosigned' ? group.delta.account : group.account
  })
  return byAddress(address(a), address(b))
}
