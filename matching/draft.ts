/** An order on its way in, as integers. One is kept and overwritten, so that a command costs no
 * object; `flags` are those of orders.ts without a state. */
export class Draft {
  market = 0
  account = 0
  flags = 0
  price = 0
  quantity = 0
  expiry = 0
  feeMax = 0
  nonce = 0
  slot = 0
  /** 1 stop, 2 take profit (with the flag TRIGGER). */
  triggerKind = 0
  triggerPrice = 0
  entry = 0
  ordinal = 0
  /** Account of the delegate that signed, and when its grant ends; -1 when the account did. */
  delegate = -1
  delegateUntil = 0
  /** Quote quanta of the whole order at its limit, and the most that its fees can be: set by the
   * checks. */
  notional = 0
  feeCeiling = 0
}

/** What an order needs when its turn comes, and no longer when it rests. */
export type Waiting = {
  feeMax: number
  nonce: number
  triggerKind: number
  triggerPrice: number
}

/** A resting order whose feeMax may bind: what it has paid in which batch. */
export type TightFee = { feeMax: number; spent: number; batch: number }
