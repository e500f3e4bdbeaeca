// Rules of section 3 that are about lanes, links and bonds rather than about trading, on both
// engines, and the event hash worked out by hand.
import { createRequire } from 'node:module'
import test from 'brittle'
import { Engine, EngineStopped } from '../../matching/index.ts'
import type { BlockInput, EngineConfig, EntryInput } from '../../matching/index.ts'
import { blake2b256Parts } from '../../crypto/blake2b.ts'
import { NaiveEngine } from '../helpers/naive/engine.ts'
import { seededRandom } from '../helpers/random.ts'
import { describe } from './streams/differential.ts'
import { addressOf, hexOf, makeVenue } from './streams/venue.ts'

const deps = { hash: blake2b256Parts }
const time = 1_700_000_000_000
const [ann, bob, stranger] = [addressOf(1, 0), addressOf(1, 1), addressOf(3, 0)]

function blockOf(index: number, lanes: [number, EntryInput[]][]): BlockInput {
  return {
    index,
    time: time + index * 1000,
    seed: new Uint8Array(32),
    cursor: null,
    chain: [],
    lanes: lanes.map(([lane, entries]) => ({
      lane: new Uint8Array(32).fill(lane),
      length: index + 1,
      treeHash: new Uint8Array(32),
      entries
    }))
  }
}

/** A venue without a chain, with what the test changes in it. */
function configOf(changes: Partial<EngineConfig> = {}): EngineConfig {
  return { ...makeVenue(seededRandom(3), 3).config, ...changes }
}

/** Applies the blocks to both engines, which must agree, and gives the lines of the last one. */
function lastLines(config: EngineConfig, blocks: BlockInput[]): string[] {
  const engine = new Engine(config, deps)
  const naive = new NaiveEngine(config, deps)
  let lines: string[] = []
  for (const block of blocks) {
    const [fast, oracle] = [engine.apply(block), naive.apply(block)]
    lines = describe(fast.events.records)
    if (hexOf(fast.eventHash) !== hexOf(oracle.eventHash)) throw new Error('the engines differ')
  }
  return lines
}

function link(account: string, nonce: number, changes: object = {}): EntryInput {
  return { kind: 'link', account, nonce, expiry: time / 1000 + 60, signer: account, ...changes }
}

const open: EntryInput = { kind: 'open', valid: true }

test('lanes - the first entry opens a lane, once and for ever', (t) => {
  const lines = lastLines(configOf(), [
    blockOf(0, [
      [1, [open, open, link(ann, 1)]],
      [2, [{ kind: 'open', valid: false }, open, link(bob, 1)]],
      [3, [link(bob, 2), open]]
    ])
  ])
  const count = (text: string): number => lines.filter((line) => line.startsWith(text)).length
  t.is(count('opened(0) 0 0'), 1, 'lane 0 opens')
  t.is(count('opened'), 1, 'and no other')
  t.is(count('rejected(lane_already_open)'), 3)
  t.is(count('rejected(bad_open)'), 1)
  t.is(count('rejected(lane_not_open)'), 2)
  t.is(count('linked(0) 0 0 0 0 1'), 1, 'account 0 is in lane 0, by nonce 1')
})

test('lanes - a link is signed by the account, fresh, admitted, and in time', (t) => {
  const config = configOf({ admission: [ann, bob] })
  const rejectedWith = (entry: EntryInput): string | undefined =>
    lastLines(config, [blockOf(0, [[1, [open, link(ann, 7)]]]), blockOf(1, [[1, [entry]]])])[0]
  const unknown = '0 4294967295 0 0'
  t.is(rejectedWith(link(bob, 1, { signer: ann })), 'rejected(bad_signature) 0 1 0 0 1 0')
  t.is(rejectedWith(link(bob, 1, { expiry: time / 1000 + 1 })), 'rejected(expired) 0 1 0 0 1 0')
  t.is(rejectedWith(link(stranger, 3)), `rejected(not_admitted) ${unknown} 3 0`)
  t.is(rejectedWith(link(ann, 7)), 'rejected(nonce_used) 0 0 0 0 7 0')
  t.is(rejectedWith(link(bob, 1)), 'linked(0) 0 1 0 0 1 0')
})

test('lanes - a bond buys so many orders a block', (t) => {
  const market = configOf().markets[0]
  const place = (nonce: number): EntryInput => ({
    kind: 'place',
    order: {
      market: 0,
      account: ann,
      side: 'buy',
      price: 100,
      quantity: 5,
      timeInForce: 'gtc',
      postOnly: 'no',
      quote: false,
      leased: false,
      selfTradePrevention: 'cancelNewest',
      trigger: null,
      expiry: time / 1000 + 100,
      feeMax: 10_000,
      nonce,
      slot: nonce % 8
    },
    signer: ann
  })
  const reasonsOf = (quanta: number): string[] => {
    const config = configOf({
      bond: { token: market.quote, min: 10_000, entriesPerCutPerBond: 1 },
      endow: [{ account: ann, token: market.quote, quanta }]
    })
    const entries = [open, link(ann, 1)]
    const blocks = [blockOf(0, [[1, entries]]), blockOf(1, [[1, [place(2), place(3), place(4)]]])]
    return lastLines(config, blocks)
      .filter((line) => !line.startsWith('rested'))
      .map((line) => line.replace(/ .*/, ''))
  }
  const small = 'rejected(bond_too_small)'
  t.alike(reasonsOf(9999), [small, small, small])
  t.alike(reasonsOf(29_999), ['accepted(0)', 'accepted(0)', 'rejected(quota)'])
  t.alike(reasonsOf(30_000), ['accepted(0)', 'accepted(0)', 'accepted(0)'])
})

test('lanes - the event hash is BLAKE2b-256 of the hash before, the index, and the records', (t) => {
  const engine = new Engine(configOf(), deps)
  const [first, second] = [
    engine.apply(blockOf(0, [[1, [open]]])).eventHash.slice(),
    engine.apply(blockOf(1, [[1, [link(ann, 5)]]])).eventHash.slice()
  ]
  // opened: kind 16, lane 0. linked: kind 12, account 0, lane 0, nonce 5.
  const opened = '10' + '00'.repeat(31)
  const linked = '0c' + '00'.repeat(15) + '05' + '00'.repeat(15)
  const before = blake2b('00'.repeat(32) + '00'.repeat(8) + opened)
  t.is(hexOf(first), before)
  t.is(hexOf(second), blake2b(before + '01' + '00'.repeat(7) + linked))
})

/** By the library itself, not by what the engine is given. */
function blake2b(hex: string): string {
  const output = Buffer.alloc(32)
  const sodium: { crypto_generichash(output: Buffer, input: Buffer): void } = createRequire(
    import.meta.url
  )('sodium-native')
  sodium.crypto_generichash(output, Buffer.from(hex, 'hex'))
  return output.toString('hex')
}

test('lanes - a settlement that cannot be stops the engine for good', async (t) => {
  const config = makeVenue(seededRandom(1), 4).config
  const engine = new Engine(config, deps)
  const block = (index: number, chain: BlockInput['chain']): BlockInput => ({
    ...blockOf(index, []),
    cursor: { block: 1, hash: new Uint8Array(32), blockTime: time / 1000, logIndex: 0 },
    chain
  })
  engine.apply(block(0, []))
  const settled = { kind: 'batchSettled', index: 1, link: 'ab'.repeat(24), submitter: ann } as const
  await t.exception(() => engine.apply(block(1, [settled])), EngineStopped)
  await t.exception(() => engine.apply(block(1, [])), EngineStopped)
  t.ok(engine.failure, 'it says why')
  const voided = { kind: 'batchVoided', index: 1, link: 'ab'.repeat(24) } as const
  const other = new Engine(config, deps)
  await t.exception(() => other.apply(block(0, [voided])), EngineStopped)
})
