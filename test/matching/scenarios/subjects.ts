// Both engines behind the face that a scenario plays on.
import { Engine } from '../../../matching/index.ts'
import { blake2b256Parts } from '../../../crypto/blake2b.ts'
import { NaiveEngine } from '../../helpers/naive/engine.ts'
import type { MakeSubject, Resting } from './runner.ts'

const deps = { hash: blake2b256Parts }

export const naiveSubject: MakeSubject = (config) => {
  const engine = new NaiveEngine(config, deps)
  const { world } = engine
  const resting = (market: number, side: 'buy' | 'sell'): Resting[] =>
    world.books[market][side].map(({ id, price, remaining }) => ({ id, price, lots: remaining }))
  return {
    apply: (block) => engine.apply(block).bytes,
    balances: (address) => {
      const { settled, pending, reserved } = world.account(address)
      return settled.map((quanta, token) => ({
        settled: quanta,
        pending: pending[token],
        reserved: reserved[token]
      }))
    },
    book: (market) => ({ bids: resting(market, 'buy'), asks: resting(market, 'sell') }),
    sealedAt: (batch) => world.batches.find(({ index }) => index === batch)?.sealedAt ?? 0
  }
}

export const engineSubject: MakeSubject = (config) => {
  const engine = new Engine(config, deps)
  return {
    apply: (block) => engine.apply(block).events.records,
    balances: (address) => engine.balances(address),
    book: (market) => engine.level3(market),
    sealedAt: (batch) => engine.batch(batch)?.sealedAt ?? 0
  }
}
