// Plays a scenario on an engine and compares what came of it with what the table says.
import type { BlockInput, EngineConfig, EntryInput } from '../../../matching/index.ts'
import { blake2b256Parts } from '../../../crypto/blake2b.ts'
import { addressOf, hexOf } from '../streams/venue.ts'
import { addressOfName, chainEventOf, entryOf, people, tokens, type Now } from './entries.ts'
import type { Line, Scenario, Step } from './read.ts'
import { Speaker, type Said } from './say.ts'

/** What a scenario needs of an engine; both are put behind it. */
export type Subject = {
  /** Applies a block and gives its records, 32 bytes each. */
  apply(block: BlockInput): Uint8Array
  /** By token. */
  balances(address: string): { settled: number; pending: number; reserved: number }[]
  /** Resting orders, best first. */
  book(market: number): { bids: Resting[]; asks: Resting[] }
  sealedAt(batch: number): number
}
export type Resting = { id: number; price: number; lots: number }
export type MakeSubject = (config: EngineConfig) => Subject
/** One line of the table: what it says and what came. */
export type Finding = { where: string; what: string; expected: string; actual: string }

const startTime = 1_700_000_000_000
const quiet = new Set(['accepted', 'rested', 'charged', 'opened', 'linked', 'traded'])

export function play(scenario: Scenario, makeSubject: MakeSubject): Finding[] {
  const player = new Player(scenario.settings, makeSubject)
  return scenario.steps.flatMap((step) => player.step(step))
}

class Player {
  readonly #subject: Subject
  readonly #config: EngineConfig
  readonly #speaker = new Speaker()
  readonly #start: number[][]
  readonly #seed: Uint8Array
  #index = 0
  #time = startTime
  #chainTime = startTime
  #chainStalls = false
  /** Links that stand for the vault's knowledge: attested or voided, by batch. */
  #voided = new Set<number>()

  constructor(settings: Line[], makeSubject: MakeSubject) {
    this.#config = configOf(settings)
    this.#subject = makeSubject(this.#config)
    this.#seed = seedInOrder()
    this.#open()
    this.#start = people.map((name) => this.#balances(name).map((quanta) => quanta.total))
  }

  /** Every person has a lane of the same number, and turns go in their order. */
  #open(): void {
    const expiry = Math.floor(this.#time / 1000) + 60
    const lanes = people.map((name, lane): EntryInput[] => [
      { kind: 'open', valid: true },
      {
        kind: 'link',
        account: addressOfName(name),
        nonce: lane + 1,
        expiry,
        signer: addressOfName(name)
      }
    ])
    this.#apply(new Map(people.map((name, lane) => [name, lanes[lane]])), this.#deposits())
  }

  #deposits(): BlockInput['chain'] {
    if (this.#config.settlement === null) return []
    return firstFunds.map((funds) => ({ kind: 'deposited', ...funds }))
  }

  #balances(name: string): { total: number; reserved: number }[] {
    return this.#subject
      .balances(addressOfName(name))
      .map(({ settled, pending, reserved }) => ({ total: settled + pending, reserved }))
  }

  #apply(lanes: Map<string, EntryInput[]>, chain: BlockInput['chain']): Said[] {
    this.#time += 10
    if (!this.#chainStalls) this.#chainTime = this.#time
    const amends = new Map<string, number>()
    for (const [name, entries] of lanes) {
      for (const entry of entries) {
        if (entry.kind === 'amend') amends.set(`${name}#${entry.oldNonce - 10}`, entry.order.nonce)
      }
    }
    this.#speaker.beginBlock(amends)
    const records = this.#subject.apply({
      index: this.#index++,
      time: this.#time,
      seed: this.#seed,
      cursor:
        this.#config.settlement === null
          ? null
          : {
              block: 1,
              hash: new Uint8Array(32),
              blockTime: Math.floor(this.#chainTime / 1000),
              logIndex: 0
            },
      chain,
      lanes: people.map((name, lane) => ({
        lane: laneKey(lane),
        length: this.#index,
        treeHash: new Uint8Array(32),
        entries: lanes.get(name) ?? []
      }))
    })
    return this.#speaker.say(records)
  }

  /** Plays a step's commands; expectations see what its last block said. */
  step(step: Step): Finding[] {
    let said: Said[] = []
    let lanes = new Map<string, EntryInput[]>()
    let chain: BlockInput['chain'] = []
    const flush = (): void => {
      if (lanes.size === 0 && chain.length === 0) return
      said = this.#apply(lanes, chain)
      lanes = new Map()
      chain = []
    }
    for (const { word, rest, where } of step.commands) {
      if (word !== 'when') flush()
      if (word === 'wait') {
        this.#time += Number(rest.replace('ms', ''))
        said = this.#apply(new Map(), [])
        continue
      }
      if (word === 'block') continue
      if (rest === 'chain stalls' || rest === 'chain moves') {
        this.#chainStalls = rest === 'chain stalls'
        continue
      }
      this.#command(rest, where, lanes, chain)
      if (word === 'given') flush()
    }
    flush()
    return step.expectations.map((line) => this.#expect(line, said))
  }

  #command(
    text: string,
    where: string,
    lanes: Map<string, EntryInput[]>,
    chain: BlockInput['chain']
  ): void {
    try {
      if (text.startsWith('chain ')) {
        const event = chainEventOf(text.slice(6), this.#now())
        if (event.kind === 'batchVoided') this.#voided.add(event.index)
        chain.push(event)
        return
      }
      const { name, entry } = entryOf(text, this.#now())
      lanes.set(name, [...(lanes.get(name) ?? []), entry])
    } catch (cause) {
      throw new Error(`${where}: ${String(cause)}`, { cause })
    }
  }

  #now(): Now {
    const linkOf = (kind: number, index: number): string =>
      index === 0 ? '00'.repeat(24) : hexOf(new Uint8Array(24).fill(kind * 16 + index))
    return {
      time: this.#time + 10,
      slotsMax: this.#config.slotsMax,
      batch: (index) => ({
        parent: linkOf(this.#voided.has(index - 1) ? 2 : 1, index - 1),
        link: linkOf(1, index),
        voidLink: linkOf(2, index),
        sealedAt: this.#subject.sealedAt(index)
      })
    }
  }

  #expect({ word, rest, where }: Line, said: Said[]): Finding {
    const expected = rest.replaceAll(/\s+/g, ' ')
    return { where, what: word, expected, actual: this.#actual(word, expected, said) }
  }

  #actual(word: string, expected: string, said: Said[]): string {
    const list = (items: string[]): string => (items.length > 0 ? items.join(', ') : '-')
    const orders = (resting: Resting[]): string =>
      list(resting.map(({ id, price, lots }) => `${this.#speaker.nameOf(id)} ${lots} @ ${price}`))
    const [name] = expected.split(' ')
    switch (word) {
      case 'trades':
        return list(said.filter(({ kind }) => kind === 'traded').map(({ text }) => text))
      case 'says':
        return list(said.filter(({ kind }) => !quiet.has(kind)).map(({ text }) => text))
      case 'events':
        return list(said.map(({ text }) => text))
      case 'asks':
        return orders(this.#subject.book(0).asks)
      case 'bids':
        return orders(this.#subject.book(0).bids)
      case 'holds':
        return `${name} ${amounts(
          this.#balances(name).map(({ reserved }) => reserved),
          false
        )}`
      default: {
        const start = this.#start[people.indexOf(name)]
        const moved = this.#balances(name).map(({ total }, token) => total - start[token])
        return `${name} ${amounts(moved, true)}`
      }
    }
  }
}

/** `+5 AAA -505 USD`; `nothing` when all are zero. */
function amounts(quanta: number[], signed: boolean): string {
  const parts = quanta.flatMap((amount, token) => {
    if (amount === 0) return []
    return [`${signed && amount > 0 ? '+' : ''}${amount} ${tokens[token]}`]
  })
  return parts.length > 0 ? parts.join(' ') : 'nothing'
}

const firstFunds = people.flatMap((name) =>
  [10_000, 100_000, 10_000].map((quanta, token) => ({
    account: addressOfName(name),
    token,
    quanta
  }))
)

/** One lot is one quantum of the base token and costs one quantum of USD a tick: `5 @ 101` is 505
 * USD. No fees, no limits that bite, unless the scenario's settings say so. */
function configOf(settings: Line[]): EngineConfig {
  const market = {
    id: '1'.repeat(64),
    base: 0,
    quote: 1,
    lotSize: 1,
    tickValue: 1,
    priceMaxTicks: 1000,
    quantityMaxLots: 1000,
    notionalMin: 0,
    bandBps: 0,
    makerBps: 0,
    takerBps: 0,
    takerFeeMin: 0
  }
  const venue = {
    slotsMax: 16,
    liveOrdersMax: 16,
    accountsMax: 16,
    orderLifeMaxSeconds: 2000,
    fillsPerCommandMax: 10,
    triggersPerCutMax: 10
  }
  const settlement = {
    batchFillsMax: 100,
    batchAgeMs: 1000,
    cosignMs: 500,
    horizonSeconds: 60,
    chainStaleMaxMs: 10_000,
    unsettledMaxMs: 600_000,
    unsettledGasMax: 10_000_000,
    batchGasMax: 1_000_000,
    gasBase: 1000,
    gasOrder: 1000,
    gasFill: 1000,
    gasWithdrawal: 1000
  }
  const funds = new Map(firstFunds.map((fund) => [`${fund.account} ${fund.token}`, { ...fund }]))
  let withChain = false
  let bond: EngineConfig['bond'] = null
  for (const { word, rest, where } of settings) {
    const [name, value, unit] = rest.split(/\s+/)
    if (word === 'chain') withChain = true
    else if (word === 'bond') {
      bond = { token: tokens.indexOf(value), min: Number(name), entriesPerCutPerBond: 10 }
    } else if (word === 'fund') {
      const account = addressOfName(name)
      const token = tokens.indexOf(unit)
      funds.set(`${account} ${token}`, { account, token, quanta: Number(value) })
    } else {
      const target = [market, venue, settlement].find((part) => name in part)
      if (!target) throw new Error(`${where}: no setting ${name}`)
      Object.assign(target, { [name]: Number(value) })
    }
  }
  return {
    tokens: tokens.length,
    markets: [market, { ...market, id: '2'.repeat(64), base: 2 }],
    validators: Array.from({ length: 4 }, (_, index) => addressOf(5, index)),
    quorum: 3,
    ...venue,
    bond,
    admission: null,
    settlement: withChain ? settlement : null,
    endow: withChain ? [] : [...funds.values()]
  }
}

function laneKey(lane: number): Uint8Array {
  return new Uint8Array(32).fill(lane + 1)
}

/** The first seed under which the lanes take turns in the people's order. */
function seedInOrder(): Uint8Array {
  for (let number = 0; ; number++) {
    const seed = new Uint8Array(Uint32Array.of(number, 0, 0, 0, 0, 0, 0, 0).buffer)
    const ranks = people.map((_, lane) => hexOf(blake2b256Parts([seed, laneKey(lane)])))
    if (ranks.every((rank, lane) => lane === 0 || ranks[lane - 1] < rank)) return seed
  }
}
