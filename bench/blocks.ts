// The engine as a replica drives it: whole blocks of decoded entries from four lanes, through every
// phase of a block (design 2.5). Addresses, nonces, links, the order of the phases and the lists of
// events and balances come on top of what `ours` costs. Started by matching.ts:
//   blocks.ts WORKLOAD --preload N --commands N --runs N [--memory]
// With --memory: what the engine's arrays hold for each order that the preload left resting.
// The clock runs during `Engine.apply` alone. Entries are made block by block, as a replica decodes
// them; batches are settled as soon as they are sealed, and what that costs the engine is in the figure.
// Trades differ from those of the other engines: a block has an order of its own.
import { parseArgs } from 'node:util'
import { blake2b256Parts } from '../crypto/blake2b.ts'
import {
  type Address,
  type BlockInput,
  type ChainEventInput,
  Engine,
  type EntryInput,
  type EventList,
  eventMask,
  eventsOf
} from '../matching/index.ts'
import { seededRandom } from '../test/helpers/random.ts'
import { CANCEL, type Flow, LIMIT } from './flow.ts'
import { benchConfig } from './ours.ts'
import { makeWorkload, workloadNames } from './workloads.ts'

export type BlocksResult = { mops: number[] }

export type BlocksMemory = { bytesPerRestingOrder: number; resting: number }

const LANES = 4
const SIDE_ACCOUNTS = 500
const FUNDS = 2 ** 43
const BLOCK_ENTRIES = 512
const START_MS = 1_700_000_000_000
const EXPIRY = START_MS / 1000 + 1_000_000
const FEE_MAX = 2 ** 40
const sealed = eventMask(['batchSealed'])

const addresses = Array.from(
  { length: 2 * SIDE_ACCOUNTS },
  (_, account): Address => `0x${account.toString(16).padStart(40, '0')}`
)

const config = {
  ...benchConfig,
  // Sealed soon, so that it can be told as settled.
  settlement: benchConfig.settlement && { ...benchConfig.settlement, cosignMs: 1 },
  endow: addresses.flatMap((account) => [
    { account, token: 0, quanta: FUNDS },
    { account, token: 1, quanta: FUNDS }
  ])
}

type Entries = { account: number; entry: EntryInput }[]

/** Each row as its sender would send it, in order. Nonce 1 is the link's. */
class Senders {
  readonly #flow: Flow
  readonly #turns = [0, 0]
  readonly #nonces = new Int32Array(addresses.length).fill(1)
  /** Account and nonce of each row's order. */
  readonly #owners: Int32Array
  readonly #names: Int32Array

  constructor(flow: Flow) {
    this.#flow = flow
    this.#owners = new Int32Array(flow.count)
    this.#names = new Int32Array(flow.count)
  }

  /** Those of the rows from one to before another. */
  entries(from: number, to: number): Entries {
    const rows = Array.from({ length: to - from }, (_, place) => from + place)
    return rows.map((row) =>
      this.#flow.types[row] === CANCEL ? this.#cancel(row) : this.#place(row)
    )
  }

  #cancel(row: number): Entries[number] {
    const target = Math.max(0, this.#flow.targets[row])
    const account = this.#owners[target]
    const nonces = [this.#names[target]]
    return { account, entry: { kind: 'cancel', account: addresses[account], nonces, expiry: 0 } }
  }

  #place(row: number): Entries[number] {
    const { prices, quantities, sells, types } = this.#flow
    const side = sells[row]
    const account = side * SIDE_ACCOUNTS + (this.#turns[side]++ % SIDE_ACCOUNTS)
    const nonce = ++this.#nonces[account]
    this.#owners[row] = account
    this.#names[row] = nonce
    const waits = types[row] === LIMIT
    const order = {
      market: 0,
      account: addresses[account],
      side: side === 1 ? ('sell' as const) : ('buy' as const),
      price: prices[row],
      quantity: quantities[row],
      timeInForce: waits ? ('gtc' as const) : ('ioc' as const),
      postOnly: 'no' as const,
      quote: false,
      leased: false,
      selfTradePrevention: 'cancelNewest' as const,
      trigger: null,
      expiry: EXPIRY,
      feeMax: FEE_MAX,
      nonce,
      slot: waits ? nonce % benchConfig.slotsMax : 0
    }
    return { account, entry: { kind: 'place', order, signer: addresses[account] } }
  }
}

function opening(): Entries {
  const opens = Array.from({ length: LANES }, (_, account) => ({
    account,
    entry: { kind: 'open' as const, valid: true }
  }))
  const links = addresses.map((address, account) => ({
    account,
    entry: { kind: 'link' as const, account: address, nonce: 1, expiry: EXPIRY, signer: address }
  }))
  return [...opens, ...links]
}

/** What the chain says next of the batches that a block sealed. */
function settled(events: EventList): ChainEventInput[] {
  const link = '0'.repeat(48)
  return [...eventsOf(events, sealed)].flatMap(([, event]): ChainEventInput[] =>
    event.kind === 'batchSealed'
      ? [{ kind: 'batchSettled', index: event.batch, link, submitter: addresses[0] }]
      : []
  )
}

class Blocks {
  readonly #engine = new Engine(config, { hash: blake2b256Parts })
  readonly #lengths = new Array<number>(LANES).fill(0)
  #index = 0
  #chain: ChainEventInput[] = []

  /** Opens the lanes and applies the rows before `end`. Gives the nanoseconds that the engine took for
   * those from `start` on. */
  applyAll(flow: Flow, start: number, end: number): number {
    const senders = new Senders(flow)
    this.#apply(opening())
    let tookNs = 0
    for (let row = 0; row < end; row += BLOCK_ENTRIES) {
      const ns = this.#apply(senders.entries(row, Math.min(end, row + BLOCK_ENTRIES)))
      if (row >= start) tookNs += ns
    }
    return tookNs
  }

  /** Nanoseconds that the engine took. */
  #apply(entries: Entries): number {
    const block = this.#block(entries)
    const from = process.hrtime.bigint()
    const result = this.#engine.apply(block)
    const took = Number(process.hrtime.bigint() - from)
    if (this.#engine.stopped !== null)
      throw new Error(`the engine refuses: ${this.#engine.stopped}`)
    this.#chain = settled(result.events)
    return took
  }

  memory(): BlocksMemory {
    const { bids, asks } = this.#engine.level3(0)
    const resting = bids.length + asks.length
    return { bytesPerRestingOrder: this.#engine.bytes / resting, resting }
  }

  #block(entries: Entries): BlockInput {
    const lanes = Array.from({ length: LANES }, (_, lane) => ({
      lane: new Uint8Array(32).fill(lane + 1),
      length: ++this.#lengths[lane],
      treeHash: new Uint8Array(32),
      entries: entries.filter(({ account }) => account % LANES === lane).map(({ entry }) => entry)
    }))
    const index = this.#index++
    const time = START_MS + index * 10
    return {
      index,
      time,
      seed: new Uint8Array(32).fill(index & 0xff),
      cursor: {
        block: index,
        hash: new Uint8Array(32),
        blockTime: Math.floor(time / 1000),
        logIndex: 0
      },
      chain: this.#chain,
      lanes: lanes.filter((each) => each.entries.length > 0)
    }
  }
}

function main(): void {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: {
      preload: { type: 'string', default: '0' },
      commands: { type: 'string', default: '300000' },
      runs: { type: 'string', default: '3' },
      memory: { type: 'boolean', default: false }
    }
  })
  const name = workloadNames.find((known) => known === positionals[0])
  if (name === undefined) throw new Error(`no such workload: ${positionals.join(' ')}`)
  const size = { preload: Number(values.preload), commands: Number(values.commands) }
  const { flow, preload } = makeWorkload(name, size, seededRandom(1))
  if (values.memory) {
    const blocks = new Blocks()
    blocks.applyAll(flow, 0, preload)
    process.stdout.write(JSON.stringify(blocks.memory()) + '\n')
    return
  }
  const mops = Array.from({ length: Number(values.runs) }, () => {
    const blocks = new Blocks()
    return ((flow.count - preload) / blocks.applyAll(flow, preload, flow.count)) * 1000
  })
  process.stdout.write(JSON.stringify({ mops } satisfies BlocksResult) + '\n')
}

main()
