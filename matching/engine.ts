import type { Address, BlockInput, EngineConfig, Hash256 } from './types.ts'
import type {
  AccountView,
  Balance,
  BatchView,
  BlockResult,
  BookLevels,
  BookOrders,
  LaneView,
  OrderView,
  StopReason
} from './results.ts'

// The public signatures, for those who code against them; the body follows.
export declare class Engine {
  constructor(config: EngineConfig, deps: { hash: Hash256 })
  /** Applies the next block of the tape. Throws EngineStopped when an assertion fails. */
  apply(block: BlockInput): BlockResult
  /** Canonical bytes of the whole state. */
  snapshot(): Uint8Array
  static restore(bytes: Uint8Array, config: EngineConfig, deps: { hash: Hash256 }): Engine
  /** Index of the last block applied, -1 before the first. */
  get index(): number
  get time(): number
  get eventHash(): Uint8Array
  /** Why new exposure is refused at present, or null. */
  get stopped(): StopReason | null
  /** Why the engine takes no more blocks, or null. */
  get failure(): string | null
  get cursor(): BlockInput['cursor']
  level2(market: number, depth: number): BookLevels
  level3(market: number): BookOrders
  lastPrice(market: number): number
  order(id: number): OrderView | null
  liveOrders(address: Address): OrderView[]
  findOrder(address: Address, nonce: number): OrderView | null
  /** Lots that stand before a resting order at its price. */
  queueAhead(id: number): number
  accountOf(address: Address): number | null
  address(account: number): Address
  account(address: Address): AccountView | null
  /** By token. */
  balances(address: Address): Balance[]
  lanes(): LaneView[]
  /** Unsettled batches, oldest first, the open one last. */
  batches(): BatchView[]
  batch(index: number): BatchView | null
}
