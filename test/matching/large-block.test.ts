// Blocks and accounts by the thousand: what the engine keeps for a block's entries, its cancels, its
// touched balances and its fills has to grow, and the oracle must see no difference.
import test from 'brittle'
import { benchConfig } from '../../bench/ours.ts'
import { blake2b256Parts } from '../../crypto/blake2b.ts'
import { Engine } from '../../matching/index.ts'
import type { BlockInput, ChainEventInput, EngineConfig, EntryInput } from '../../matching/index.ts'
import { NaiveEngine } from '../helpers/naive/engine.ts'
import { between, seededRandom } from '../helpers/random.ts'
import { addressOf, hexOf } from './streams/venue.ts'

const deps = { hash: blake2b256Parts }
const ACCOUNTS = 1500
const LANES = 3
const START_MS = 1_700_000_000_000
const EXPIRY = START_MS / 1000 + 1000
const FUNDS = 2 ** 40
const random = seededRandom(41)
const accounts = Array.from({ length: ACCOUNTS }, (_, index) => addressOf(1, index))
const nonces = new Int32Array(ACCOUNTS).fill(1)
const config: EngineConfig = {
  ...benchConfig,
  accountsMax: ACCOUNTS,
  settlement: benchConfig.settlement && { ...benchConfig.settlement, cosignMs: 1 },
  endow: accounts.flatMap((account) => [
    { account, token: 0, quanta: FUNDS },
    { account, token: 1, quanta: FUNDS }
  ])
}

type Sent = { account: number; entry: EntryInput }

/** A lane for each third of the accounts. */
function blockOf(index: number, sent: Sent[], chain: ChainEventInput[] = []): BlockInput {
  const time = START_MS + index * 1000
  return {
    index,
    time,
    seed: new Uint8Array(32).fill(index),
    cursor: { block: index, hash: new Uint8Array(32), blockTime: time / 1000, logIndex: 0 },
    chain,
    lanes: Array.from({ length: LANES }, (_, lane) => ({
      lane: new Uint8Array(32).fill(lane + 1),
      length: index + 1,
      treeHash: new Uint8Array(32),
      entries: sent.filter(({ account }) => account % LANES === lane).map(({ entry }) => entry)
    }))
  }
}

function opening(): Sent[] {
  const opens = Array.from({ length: LANES }, (_, account): Sent => {
    return { account, entry: { kind: 'open', valid: true } }
  })
  const links = accounts.map((account, index): Sent => {
    return {
      account: index,
      entry: { kind: 'link', account, nonce: 1, expiry: EXPIRY, signer: account }
    }
  })
  return [...opens, ...links]
}

function place(): Sent {
  const account = between(random, 0, ACCOUNTS - 1)
  const nonce = ++nonces[account]
  const order = {
    market: 0,
    account: accounts[account],
    side: random() < 0.5 ? ('buy' as const) : ('sell' as const),
    price: between(random, 990, 1010),
    quantity: between(random, 1, 20),
    timeInForce: 'gtc' as const,
    postOnly: 'no' as const,
    quote: false,
    leased: false,
    selfTradePrevention: 'cancelOldest' as const,
    trigger: null,
    expiry: EXPIRY,
    feeMax: 2 ** 40,
    nonce,
    slot: (nonce * 37) % 4000
  }
  return { account, entry: { kind: 'place', order, signer: accounts[account] } }
}

/** Every nonce that the account has used, and one that it has not. */
function cancel(account: number): Sent {
  const used = Array.from({ length: nonces[account] + 1 }, (_, place) => place + 1)
  return {
    account,
    entry: { kind: 'cancel', account: accounts[account], nonces: used, expiry: 0 }
  }
}

test('large blocks - thousands of entries, accounts, cancelled nonces and fills', (t) => {
  const engine = new Engine(config, deps)
  const naive = new NaiveEngine(config, deps)
  let chain: ChainEventInput[] = []
  let settled = 0
  const apply = (index: number, sent: Sent[]): void => {
    const block = blockOf(index, sent, chain)
    const [fast, oracle] = [engine.apply(block), naive.apply(block)]
    t.is(hexOf(fast.eventHash), hexOf(oracle.eventHash), `block ${index}: ${sent.length} entries`)
    settled += chain.length
    chain = engine
      .batches()
      .filter(({ state }) => state === 'sealed')
      .map(({ index: batch }): ChainEventInput => {
        const link = '0'.repeat(48)
        return { kind: 'batchSettled', index: batch, link, submitter: accounts[0] }
      })
  }
  apply(0, opening())
  apply(1, Array.from({ length: 4500 }, place))
  const cancels = accounts.flatMap((_, account) => (account % 2 === 0 ? [cancel(account)] : []))
  apply(2, [...cancels, ...Array.from({ length: 3000 }, place)])
  apply(3, Array.from({ length: 3000 }, place))
  apply(4, [])
  t.ok(settled > 0, `${settled} batches settled`)
  const unlike = naive.world.accounts.filter(({ address, index, ...held }) =>
    engine.balances(address).some(({ settled: own, pending, reserved }, token) => {
      const same =
        own === held.settled[token] &&
        pending === held.pending[token] &&
        reserved === held.reserved[token]
      return !same || engine.accountOf(address) !== index
    })
  )
  t.is(unlike.length, 0, 'balances are the same')
  const bytes = engine.snapshot()
  t.is(hexOf(Engine.restore(bytes, config, deps).snapshot()), hexOf(bytes), 'and restored')
})
