import type { Entry, LinkEntry, Order, PlaceEntry, Side } from '../../protocol/types.ts'
import type { Outcome } from '../../daemon/outcomes.ts'
import type { EntrySigner } from './accounts.ts'
import type { TestDaemon } from './test-daemon.ts'

const UNSIGNED = new Uint8Array(65)
const A_DAY_SECONDS = 86_400
const FEE_MAX = 1_000_000_000

/** Someone who trades through a daemon. Nonces and slots are counted for him. */
export class Trader {
  readonly name: string
  readonly address: string
  readonly #signer: EntrySigner
  #daemon: TestDaemon
  #nonce = 0
  #slot = 0
  #linkedTo = ''

  constructor(name: string, daemon: TestDaemon, signer: EntrySigner) {
    this.name = name
    this.address = signer.address(name)
    this.#signer = signer
    this.#daemon = daemon
  }

  /** From here on through another daemon. */
  movesTo(daemon: TestDaemon): void {
    this.#daemon = daemon
  }

  /** Places an order and waits for what the engine said of it. */
  async buys(quantity: number, price: number, order: Partial<Order> = {}): Promise<Outcome> {
    return this.places('buy', quantity, price, order)
  }

  async sells(quantity: number, price: number, order: Partial<Order> = {}): Promise<Outcome> {
    return this.places('sell', quantity, price, order)
  }

  async places(
    side: Side,
    quantity: number,
    price: number,
    order: Partial<Order> = {}
  ): Promise<Outcome> {
    await this.links()
    return this.#submit(this.order(side, quantity, price, order))
  }

  async cancels(...nonces: number[]): Promise<Outcome> {
    return this.#submit({ kind: 'cancel', account: this.address, nonces, expiry: 0 })
  }

  /** Gives the account's trading to the daemon's lane, unless it has it already. */
  async links(): Promise<void> {
    const lane = await this.#daemon.lane()
    if (lane.key === this.#linkedTo) return
    const link: LinkEntry = {
      kind: 'link',
      account: this.address,
      nonce: ++this.#nonce,
      expiry: soon(),
      signature: UNSIGNED
    }
    const outcome = await this.#submit(this.#signer.sign(link, this.name, lane.lane))
    if (outcome.rejected !== null) throw new Error(`link rejected: ${outcome.rejected}`)
    this.#linkedTo = lane.key
  }

  /** Links again before the next order: the daemon may have a new lane. */
  forgets(): void {
    this.#linkedTo = ''
  }

  /** The last nonce used. */
  get nonce(): number {
    return this.#nonce
  }

  /** A signed order, not placed. */
  order(side: Side, quantity: number, price: number, order: Partial<Order> = {}): PlaceEntry {
    const canRest = (order.timeInForce ?? 'gtc') === 'gtc' || (order.trigger ?? null) !== null
    return this.#signer.sign(
      {
        kind: 'place',
        order: {
          market: 0,
          account: this.address,
          side,
          price,
          quantity,
          timeInForce: 'gtc',
          postOnly: 'no',
          quote: false,
          leased: false,
          selfTradePrevention: 'cancelNewest',
          trigger: null,
          expiry: soon(),
          feeMax: FEE_MAX,
          nonce: ++this.#nonce,
          slot: canRest ? this.#slot++ % 1024 : 0,
          ...order
        },
        proof: null,
        signature: UNSIGNED
      },
      this.name
    )
  }

  #submit(entry: Entry): Promise<Outcome> {
    return this.#daemon.submit(entry)
  }
}

function soon(): number {
  return Math.floor(Date.now() / 1000) + A_DAY_SECONDS
}
