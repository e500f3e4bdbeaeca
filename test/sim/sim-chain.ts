// A deterministic source of chain events: blocks with deposits, seen by each validator a little
// later than by the next.
import type { ChainView } from '../../daemon/consensus/core/types.ts'
import { equalBytes } from '../../protocol/bytes.ts'
import { encodeChainEvent } from '../../protocol/chain-events.ts'
import type { Address, ChainCursor } from '../../protocol/types.ts'
import { hash } from './scheme.ts'
import type { World } from './world.ts'

type ChainBlock = { cursor: ChainCursor; events: Uint8Array[]; minedMs: number }

const BLOCK_MS = 600

export class SimChain {
  readonly #world: World
  readonly #blocks: ChainBlock[] = []
  #sequence = 0

  constructor(world: World) {
    this.#world = world
  }

  /** Mines a block with deposits of every token for these accounts. */
  mine(accounts: readonly Address[]): void {
    const number = this.#blocks.length + 1
    const events: Uint8Array[] = []
    for (const account of accounts) {
      for (const token of [0, 1]) {
        const sequence = ++this.#sequence
        const quanta = 1_000_000_000
        events.push(encodeChainEvent({ kind: 'deposited', sequence, account, token, quanta }))
      }
    }
    const cursor = {
      block: number,
      hash: hash(new Uint8Array([number, number >>> 8, 0xbc])),
      blockTime: Math.floor(this.#world.now / 1000),
      logIndex: events.length
    }
    this.#blocks.push({ cursor, events, minedMs: this.#world.now })
  }

  /** Goes on mining empty blocks. */
  run(): void {
    this.#world.after(BLOCK_MS, () => {
      this.mine([])
      this.run()
    })
  }

  /** The chain as seen by a node that lags. */
  view(lagMs: number): ChainView {
    const seen = (block: ChainBlock) => block.minedMs + lagMs <= this.#world.now
    return {
      next: (cursor) => {
        const after = cursor?.block ?? 0
        const block = this.#blocks[after]
        if (!block || !seen(block)) return null
        return { cursor: block.cursor, events: block.events }
      },
      check: (from, to, events) => {
        const block = this.#blocks[from?.block ?? 0]
        if (!block || !seen(block)) return 'unknown'
        const isSame =
          block.cursor.block === to.block &&
          block.cursor.logIndex === to.logIndex &&
          block.cursor.blockTime === to.blockTime &&
          equalBytes(block.cursor.hash, to.hash) &&
          block.events.length === events.length &&
          block.events.every((event, i) => equalBytes(event, events[i]))
        return isSame ? 'yes' : 'no'
      }
    }
  }
}
