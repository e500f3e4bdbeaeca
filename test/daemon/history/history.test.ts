// The history against blocks that a test makes: what only a venue with a chain brings about.
import test, { type Assert } from 'brittle'
import { Engine, type Event } from '../../../matching/index.ts'
import { blake2b256, blake2b256Parts } from '../../../crypto/blake2b.ts'
import { loadCrypto } from '../../../crypto/crypto.ts'
import { systemClock } from '../../../daemon/clock.ts'
import { engineConfig } from '../../../daemon/replica/engine-config.ts'
import { History } from '../../../daemon/history/history.ts'
import { encodeChainEvent } from '../../../protocol/chain-events.ts'
import { signingTerms } from '../../../protocol/venue.ts'
import { appliedBlock, type BlockOptions } from '../../helpers/applied.ts'
import { temporaryFolder } from '../../helpers/tmp.ts'
import type { SeenMove } from '../../../daemon/chain/seen-batch.ts'
import { venueManifest } from '../../helpers/venue.ts'

async function setUp(t: Assert) {
  const manifest = await venueManifest({ validators: 1, accounts: ['alice', 'bob'] })
  const { keccak } = await loadCrypto()
  const terms = signingTerms(manifest, { keccak, blake2b: blake2b256 })
  // Accounts 0 and 1 of the engine are those of the endowment.
  const engine = new Engine(engineConfig(manifest, terms), { hash: blake2b256Parts })
  const folder = await temporaryFolder(t)
  const open = async (accounts = [engine.address(0)]) => {
    const history = new History(
      { folder, manifest, venue: terms.venue },
      { clock: systemClock, onkeep: () => {}, onfault: (fault) => t.fail(String(fault)) }
    )
    await history.open(accounts)
    t.teardown(() => history.close())
    return history
  }
  const take = (history: History, block: BlockOptions) =>
    history.applied(appliedBlock(block), engine)
  return { manifest, engine, open, take, terms, folder }
}

const traded: Event = {
  kind: 'traded',
  market: 0,
  takerSide: 'buy',
  maker: 0,
  taker: 1,
  lots: 3,
  price: 100,
  makerOrder: 1,
  takerOrder: 2,
  makerFee: 0
}

test('history - a batch goes its way, and each state is told once', async (t) => {
  const { open, take } = await setUp(t)
  const history = await open()
  const told: string[] = []
  history.batches.onstate(({ index, state }) => told.push(`${index} ${state}`))
  take(history, { index: 0, events: [traded] })
  t.is(history.batches.stateOf(1, 0), 'matched')
  const closed = { kind: 'batchClosed', batch: 1, fills: 1, withdrawals: 0, gas: 1 } as const
  take(history, { index: 1, events: [closed, { ...traded, lots: 5 }] })
  take(history, { index: 2, events: [{ kind: 'batchSealed', batch: 1, sealedAt: 1_700_000_002 }] })
  t.is(history.batches.stateOf(1, 0), 'sealed')
  const attested = { kind: 'attested', void: false, validator: 0, batch: 1 } as const
  take(history, { index: 3, events: [attested, { kind: 'batchAttested', batch: 1 }] })
  const sent = { state: 'submitted', transaction: '0xabc', gas: null } as const
  history.batches.onChain(1, sent)
  history.batches.onChain(1, { ...sent, state: 'mined', gas: 50_000 })
  t.alike(history.batches.way(1, 0), { state: 'mined', transaction: '0xabc' })
  take(history, { index: 4, events: [{ kind: 'batchSettled', batch: 1, submitter: 1 }] })
  t.alike(history.batches.way(1, 0), { state: 'final', transaction: '0xabc' })
  history.batches.onChain(1, { ...sent, state: 'mined' })
  t.is(history.batches.stateOf(1, 0), 'final', 'what is final stays final')
  t.alike(
    told.filter((line) => line.startsWith('1 ')),
    ['1 closed', '1 sealed', '1 attested', '1 submitted', '1 mined', '1 final']
  )
  const [second, first] = await history.batches.page(10, null)
  t.alike([second.index, second.fills, second.state], [2, 1, 'open'])
  t.alike([first.index, first.fills, first.gas, first.attestations], [1, 1, 50_000, 1])
  t.alike(
    (await history.tradesOfBatch(2)).map(({ lots, index }) => [lots, index]),
    [[5, 1]]
  )
})

test('history - after a void the numbers of batches are given again, and nobody mixes them up', async (t) => {
  const { open, take, engine } = await setUp(t)
  const history = await open()
  const closed = { kind: 'batchClosed', fills: 1, withdrawals: 0, gas: 1 } as const
  const withdrawn = { kind: 'withdrawn', account: 0, token: 1, quanta: 7, nonce: 4 } as const
  take(history, { index: 0, events: [traded, { ...closed, batch: 1 }] })
  take(history, { index: 1, events: [{ kind: 'batchSealed', batch: 1, sealedAt: 1 }] })
  take(history, { index: 2, events: [traded, { ...closed, batch: 2 }] })
  take(history, { index: 3, events: [traded, withdrawn] })
  t.is(history.batches.open, 3)
  const reverted = [1, 2, 3].map((batch) => ({ kind: 'batchReverted', batch }) as const)
  take(history, { index: 4, events: [...reverted, { ...traded, lots: 9 }, withdrawn] })
  t.is(history.batches.open, 2, 'the child of the void')
  t.alike(
    [0, 2, 3].map((at, place) => history.batches.stateOf(place + 1, at)),
    ['reverted', 'reverted', 'reverted']
  )
  t.is(history.batches.stateOf(2, 4), 'matched', 'a fresh fill of the same number')
  const second = await history.batches.get(2)
  t.alike([second?.state, second?.fills, second?.withdrawals, second?.closedAt], ['open', 1, 1, 0])
  t.alike(
    (await history.tradesOfBatch(2)).map(({ lots, index }) => [lots, index]),
    [
      [3, 2],
      [9, 4]
    ]
  )
  const transfers = await history.transfers(engine.address(0), 10)
  t.alike(
    transfers.map(({ state, batch }) => [state, batch]),
    [
      ['pending', 2],
      ['reverted', 3]
    ]
  )
  await history.close()
  const again = await open()
  t.is(again.batches.open, 2)
  t.is(again.batches.stateOf(2, 2), 'reverted')
  t.is(again.batches.stateOf(2, 4), 'matched')
  take(again, { index: 5, events: [{ ...closed, batch: 2 }] })
  t.is(again.batches.open, 3)
  t.is(again.batches.stateOf(3, 6), 'matched')
})

test('history - blocks that were taken in before are passed over, a gap is told', async (t) => {
  const { open, take } = await setUp(t)
  const history = await open()
  take(history, { index: 0, events: [traded] })
  take(history, { index: 1, events: [traded, traded] })
  await history.close()
  const again = await open()
  t.is(again.through, 1)
  take(again, { index: 0, events: [traded] })
  take(again, { index: 1, events: [traded, traded] })
  t.is(again.trades.last(0, 10).length, 3)
  t.is(again.candles.current(0, '1d')?.lots, 9)
  take(again, { index: 2, events: [traded] })
  t.is(again.completeFrom, 0)
  take(again, { index: 7, events: [traded] })
  t.is(again.completeFrom, 7)
  t.is(again.trades.last(0, 10).length, 5)
})

test('history - a named withdrawal has the end that the tape gave it, also after restarts and gaps', async (t) => {
  const { engine, open, take } = await setUp(t)
  const account = engine.address(0)
  const named = (clientRequestId: string, nonce: number) => {
    return {
      account,
      clientRequestId,
      body: 'b',
      token: 0,
      quanta: 7,
      nonce,
      expiry: 2_000_000_000
    }
  }
  const withdrawn = { kind: 'withdrawn', account: 0, token: 0, nonce: 4, quanta: 7 } as const
  // The engine has used no nonce of the account but 0.
  const [rent, late, lost] = [named('rent', 4), named('late', 5), named('lost', 0)]
  const first = await open()
  const log = first.requests
  for (const each of [rent, late, lost]) log.keep(each)
  t.alike(await log.find(account, 'rent'), rent)
  t.is(await log.find(account, 'none'), null)
  const ended: string[] = []
  log.onend(rent, () => ended.push('rent'))
  log.onend(late, () => ended.push('late'))()
  take(first, {
    index: 0,
    events: [
      { ...withdrawn, quanta: 8 },
      { ...withdrawn, account: 1 }
    ]
  })
  t.is(await log.endOf(rent), null, 'another withdrawal')
  take(first, { index: 1, events: [withdrawn] })
  t.alike(await log.endOf(rent), { state: 'accepted', reason: null })
  t.alike(ended, ['rent'])
  log.onend(rent, () => ended.push('at once'))
  t.alike(ended, ['rent', 'at once'])
  t.is(await log.endOf(named('other', 4)), null, 'the nonce alone does not tell whose it is')
  await first.close()

  const again = await open()
  t.alike([...again.requests.open].map(({ clientRequestId }) => clientRequestId).sort(), [
    'late',
    'lost'
  ])
  // Out of the journal, which has it from before its end.
  again.requests.restore(rent)
  // In the blocks between, the nonce of one of them may have been used for it.
  take(again, { index: 9, events: [] })
  t.alike(await again.requests.endOf(lost), { state: 'unknown', reason: null })
  t.is(await again.requests.endOf(late), null)
  again.requests.reject(late, 'insufficient_funds')
  const refused = { state: 'rejected', reason: 'insufficient_funds' }
  t.alike(await again.requests.endOf(late), refused)
  t.alike(await again.requests.endOf(rent), { state: 'accepted', reason: null })
})

test('history - candles: one for each minute with a trade, and the last day', async (t) => {
  const { open, take } = await setUp(t)
  const history = await open()
  const minute = 60_000
  const start = Math.floor(1_700_000_000_000 / (24 * 60 * minute)) * 24 * 60 * minute
  const prices = [100, 120, 90, 110]
  const times = [0, 10_000, 70_000, 5 * minute]
  for (const [index, price] of prices.entries()) {
    const events = [{ ...traded, price }]
    take(history, { index, time: start + times[index] + 1, events })
  }
  const minutes = await history.candles.range(0, '1m', null, null)
  t.alike(
    minutes.map(({ time, open: first, high, low, close, lots }) => [
      (time - start) / minute,
      first,
      high,
      low,
      close,
      lots
    ]),
    [
      [0, 100, 120, 100, 120, 6],
      [1, 90, 90, 90, 90, 3],
      [5, 110, 110, 110, 110, 3]
    ]
  )
  const hours = await history.candles.range(0, '1h', null, null)
  t.alike(
    hours.map(({ open: first, high, low, close, lots }) => [first, high, low, close, lots]),
    [[100, 120, 90, 110, 12]]
  )
  const later = await history.candles.range(0, '1m', start + minute, start + 5 * minute)
  t.alike(
    later.map(({ time }) => (time - start) / minute),
    [1]
  )
  const day = history.candles.day(0, start + 6 * minute)
  t.alike([day?.high, day?.low, day?.lots], [120, 90, 12])
  const tomorrow = history.candles.day(0, start + 24 * 60 * minute + 2 * minute)
  t.alike([tomorrow?.high, tomorrow?.lots], [110, 3])
})

test('history - deposits, withdrawals and exits of hosted accounts go their ways', async (t) => {
  const { open, take, engine } = await setUp(t)
  const account = engine.address(0)
  const history = await open()
  const states = async () =>
    (await history.transfers(account, 10)).map(({ kind, state, quanta }) => [kind, state, quanta])
  const readyAt = 1_700_086_400
  const request = { sequence: 1, kind: 'exitRequested', account, token: 0, readyAt } as const
  take(history, {
    index: 0,
    events: [
      { kind: 'deposited', account: 0, token: 0, quanta: 500 },
      { kind: 'deposited', account: 1, token: 0, quanta: 900 },
      { kind: 'withdrawn', account: 0, token: 1, nonce: 4, quanta: 70 }
    ]
  })
  t.alike(await states(), [
    ['withdrawal', 'pending', 70],
    ['deposit', 'final', 500]
  ])
  take(history, { index: 1, events: [{ kind: 'batchSettled', batch: 1, submitter: 1 }] })
  t.alike((await states())[0], ['withdrawal', 'claimable', 70])
  take(history, {
    index: 2,
    events: [
      { kind: 'claimed', account: 0, token: 1, quanta: 70 },
      { kind: 'exitRequested', account: 0, token: 0 }
    ],
    chainEvents: [encodeChainEvent(request)]
  })
  const [exit, withdrawal] = await history.transfers(account, 10)
  t.alike([exit.state, exit.readyAt], ['delayed', readyAt * 1000])
  t.is(withdrawal.state, 'claimed')
  await history.close()

  const again = await open()
  take(again, {
    index: 3,
    events: [{ kind: 'exitClaimed', account: 0, token: 0, quanta: 430 }]
  })
  t.alike(
    (await again.transfers(account, 1)).map(({ state, quanta }) => [state, quanta]),
    [['final', 430]]
  )
})

test('history - each step of a transfer has its transaction, whichever of tape and chain is first', async (t) => {
  const { open, take, engine } = await setUp(t)
  const [account, other] = [engine.address(0), engine.address(1)]
  const history = await open()
  const token = 0
  const seen = (sequence: number, event: SeenMove['event'], confirmed = true) =>
    history.seen({
      kind: 'moved',
      event,
      sequence,
      account,
      token,
      quanta: event === 'deposited' ? 500 : null,
      readyAt: null,
      confirmed,
      transaction: `0x${sequence}`
    })
  const told = async () =>
    (await history.transfers(account, 10)).map(({ state, transaction }) => [state, transaction])
  const onChain = (sequence: number, owner: string) =>
    encodeChainEvent({ kind: 'deposited', sequence, account: owner, token, quanta: 500 })
  const deposited = (number: number) =>
    ({ kind: 'deposited', account: number, token, quanta: 500 }) as const

  for (const sequence of [1, 3]) seen(sequence, 'deposited', false)
  t.alike(
    history.minedMoves(account).map(({ transaction }) => transaction),
    ['0x1', '0x3']
  )
  // The same twice in a block, with another's in between.
  take(history, {
    index: 0,
    events: [deposited(0), deposited(1), deposited(0)],
    chainEvents: [onChain(1, account), onChain(2, other), onChain(3, account)]
  })
  t.alike(history.minedMoves(account), [])
  const first = [
    ['final', '0x3'],
    ['final', '0x1']
  ]
  t.alike(await told(), first)

  const request = { sequence: 4, kind: 'exitRequested', account, token, readyAt: 1 } as const
  take(history, {
    index: 1,
    events: [{ kind: 'exitRequested', account: 0, token }],
    chainEvents: [encodeChainEvent(request)]
  })
  t.alike(await told(), [['delayed', null], ...first], 'the chain’s node is behind the tape')
  seen(4, 'exitRequested')
  t.alike(await told(), [['delayed', '0x4'], ...first])
  t.alike(history.minedMoves(account), [], 'the tape has it')
  await history.close()

  const again = await open()
  again.seen({
    kind: 'moved',
    event: 'exitCancelled',
    sequence: 5,
    account,
    token,
    quanta: null,
    readyAt: null,
    confirmed: true,
    transaction: '0x5'
  })
  take(again, {
    index: 2,
    events: [{ kind: 'exitCancelled', account: 0, token }],
    chainEvents: [encodeChainEvent({ sequence: 5, kind: 'exitCancelled', account, token })]
  })
  const [exit] = await again.transfers(account, 1)
  t.alike([exit.state, exit.transaction], ['cancelled', '0x5'])
})

test('history - another venue’s, or a damaged one, is refused with what to do', async (t) => {
  const { open, take, folder, manifest } = await setUp(t)
  const history = await open()
  take(history, { index: 0, events: [] })
  await history.close()
  const other = new History(
    { folder, manifest, venue: new Uint8Array(32) },
    { clock: systemClock, onkeep: () => {}, onfault: () => {} }
  )
  await t.exception(other.open([]), /another venue/)
  await other.close()
})
