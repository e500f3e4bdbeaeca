// The checks of a `place`, in the order of section 4, and the parts of it that amends and
// mass-quotes share.
import type { OrderInput } from '../../../matching/types.ts'
import { latestGrant } from './grants.ts'
import { canRestOrWait } from './reservations.ts'
import type { Account, Order } from './state.ts'
import { feeOf, notionalOf, type World } from './world.ts'

export function checkExit(world: World, account: Account, marketIndex: number): string | null {
  const market = world.config.markets[marketIndex]
  return account.exit[market.base] || account.exit[market.quote] ? 'exit_pending' : null
}

export function isProtected(account: Account, market: number): boolean {
  return account.protections.get(market)?.fired === true
}

type TermsOptions = {
  /** An accepted mass-quote stands behind this order on the tape. */
  replaced: boolean
  /** Whether the price band counts. */
  band: boolean
}

/** From `below_floor` to `protected`. */
export function checkTerms(
  world: World,
  account: Account,
  input: OrderInput,
  signer: string,
  options: TermsOptions
): string | null {
  const { config, time } = world
  const market = config.markets[input.market]
  const n = notionalOf(market, input.quantity, input.price)
  const feeFloor = Math.max(
    feeOf(n, market.makerBps),
    feeOf(n, market.takerBps),
    market.takerFeeMin
  )
  if (input.nonce < account.floor) return 'below_floor'
  if (input.quote && options.replaced) return 'replaced'
  if (input.price < 1 || input.price > market.priceMaxTicks) return 'price_out_of_range'
  if (input.trigger && (input.trigger.price < 1 || input.trigger.price > market.priceMaxTicks)) {
    return 'price_out_of_range'
  }
  if (input.quantity < 1 || input.quantity > market.quantityMaxLots) return 'quantity_out_of_range'
  if (input.timeInForce !== 'gtc' && input.postOnly !== 'no') return 'invalid_combination'
  if (input.quote && (input.timeInForce !== 'gtc' || input.trigger)) return 'invalid_combination'
  if (!canRestOrWait(input) && input.slot !== 0) return 'invalid_combination'
  if (input.slot >= config.slotsMax) return 'slot_out_of_range'
  if (time >= input.expiry * 1000) return 'expired'
  if (input.expiry * 1000 > time + config.orderLifeMaxSeconds * 1000) return 'expiry_too_far'
  if (signer !== account.address) {
    const grant = latestGrant(world, account.address, signer, market.id)
    if (!grant || input.expiry > grant.until) return 'expiry_after_delegation'
  }
  if (n < market.notionalMin) return 'notional_too_small'
  if (input.feeMax < feeFloor) return 'fee_max_too_low'
  if (options.band && input.trigger === null && outsideBand(world, input)) return 'price_band'
  if (input.leased && !(account.lane && account.lane.leaseUntil > time)) return 'lease_lapsed'
  if (input.quote && isProtected(account, input.market)) return 'protected'
  return null
}

export function outsideBand(world: World, input: OrderInput): boolean {
  const { bandBps } = world.config.markets[input.market]
  const last = world.lastPrices[input.market]
  if (bandBps === 0 || last === 0) return false
  return input.side === 'buy'
    ? input.price * 10000 > last * (10000 + bandBps)
    : input.price * 10000 < last * (10000 - bandBps)
}

type RoomOptions = {
  /** Live orders that are about to go. */
  leaving: readonly Order[]
  /** Orders of the same list that come before it. */
  before: readonly OrderInput[]
  /** Whether the number of live orders counts. */
  count: boolean
}

/** `too_many_orders`, `slot_busy`, `slot_nonce`. */
export function checkRoom(
  world: World,
  account: Account,
  input: OrderInput,
  options: RoomOptions
): string | null {
  if (!canRestOrWait(input)) return null
  const staying = account.live.filter((order) => !options.leaving.includes(order))
  const others = [...staying.map((order) => order.input), ...options.before]
  if (options.count && others.length >= world.config.liveOrdersMax) return 'too_many_orders'
  if (others.some((other) => canRestOrWait(other) && other.slot === input.slot)) return 'slot_busy'
  const held = account.slotNonces.get(input.slot) ?? 0
  return input.nonce > held ? null : 'slot_nonce'
}

/** Whether the account can pay, once these orders have given back what they reserve. */
export function checkFunds(
  world: World,
  account: Account,
  marketIndex: number,
  needed: { base: number; quote: number },
  leaving: readonly Order[]
): string | null {
  const market = world.config.markets[marketIndex]
  const freedBase = leaving.reduce((sum, order) => sum + order.reservedBase, 0)
  const freedQuote = leaving.reduce((sum, order) => sum + order.reservedQuote, 0)
  const enough =
    needed.base <= world.available(account, market.base) + freedBase &&
    needed.quote <= world.available(account, market.quote) + freedQuote
  return enough ? null : 'insufficient_funds'
}
