// The checker itself: it must find what it is there to find.
import test from 'brittle'
import type { RpcMyTrade, RpcOrder } from '../../protocol/rpc.ts'
import { developmentManifest } from '../../protocol/market-design.ts'
import { Ledger, type VaultNews } from '../helpers/ledger.ts'

const ALICE = '0x' + 'a'.repeat(40)
const BOB = '0x' + 'b'.repeat(40)
const VALIDATOR = '0x' + 'c'.repeat(40)
const manifest = developmentManifest({
  name: 'ledger',
  chain: { id: 1, vault: VALIDATOR, confirmations: 1 },
  validators: [{ peer: '1'.repeat(64), signer: VALIDATOR }],
  addresses: {
    WETH: '0x' + '1'.repeat(40),
    USDC: '0x' + '2'.repeat(40),
    WBTC: '0x' + '3'.repeat(40)
  }
})
const WETH = 100_000_000n
const USDC = 1_000_000n

function order(account: string, side: 'buy' | 'sell', fields: Partial<RpcOrder> = {}): RpcOrder {
  return {
    orderId: `${account}:1`,
    clientOrderId: 'mine',
    account,
    market: 'WETH/USDC',
    side,
    type: 'limit',
    state: 'filled',
    reason: null,
    price: '2000',
    restingPrice: null,
    amount: '1',
    filledAmount: '1',
    remainingAmount: '0',
    averagePrice: '2000',
    fee: '0',
    timeInForce: 'gtc',
    postOnly: 'no',
    quote: false,
    leased: false,
    selfTradePrevention: 'cancelNewest',
    trigger: null,
    expiry: 1,
    nonce: 1,
    hash: '0x1',
    createdAt: 0,
    updatedAt: 0,
    tapeIndex: 5,
    bookSequence: null,
    ...fields
  }
}

function trade(
  account: string,
  side: 'buy' | 'sell',
  fields: Partial<RpcMyTrade> = {}
): RpcMyTrade {
  return {
    tradeId: '5.1',
    market: 'WETH/USDC',
    side: 'buy',
    price: '2000',
    amount: '1',
    time: 0,
    batch: 1,
    state: 'final',
    orderId: `${account}:1`,
    clientOrderId: 'mine',
    account,
    mySide: side,
    liquidity: side === 'buy' ? 'taker' : 'maker',
    fee: side === 'buy' ? '2' : '0',
    transaction: '0x1',
    ...fields
  }
}

const news: VaultNews[] = [
  { sequence: 1, kind: 'paidIn', account: ALICE, token: 0, quanta: 10n * WETH },
  { sequence: 2, kind: 'paidIn', account: BOB, token: 1, quanta: 5000n * USDC },
  { sequence: 3, kind: 'settled', index: 1, submitter: VALIDATOR, fees: [0n, 2n * USDC, 0n] }
]
const holdings: Record<string, bigint[]> = {
  [ALICE]: [9n * WETH, 2000n * USDC, 0n],
  [BOB]: [WETH, 2998n * USDC, 0n],
  [VALIDATOR]: [0n, 2n * USDC, 0n]
}

/** One trade as it should be, with one thing changed. */
function problems(change: (ledger: Ledger) => void, vault: { news?: VaultNews[] } = {}): string[] {
  const ledger = new Ledger(manifest)
  ledger.toldOrder(order(ALICE, 'sell'))
  ledger.toldOrder(order(BOB, 'buy'))
  ledger.toldTrade(trade(ALICE, 'sell'))
  ledger.toldTrade(trade(BOB, 'buy'))
  change(ledger)
  const held = (account: string, token: number) => holdings[account][token]
  return ledger.problems({ news, held, ...vault })
}

test('ledger - finds nothing where nothing is wrong', (t) => {
  t.alike(
    problems(() => {}),
    []
  )
})

test('ledger - finds an order that nobody answered for', (t) => {
  const [found] = problems((ledger) =>
    ledger.sent({
      account: ALICE,
      clientOrderId: 'lost',
      market: 'WETH/USDC',
      side: 'buy',
      amount: '1',
      price: '1'
    })
  )
  t.is(found, 'nobody knows what became of lost')
})

test('ledger - finds a clientOrderId that became two orders', (t) => {
  const [found] = problems((ledger) =>
    ledger.toldOrder(order(ALICE, 'sell', { orderId: `${ALICE}:2`, filledAmount: '0' }))
  )
  t.is(found, `${ALICE} mine is ${ALICE}:1 and also ${ALICE}:2`)
})

test('ledger - finds a fill that was told twice', (t) => {
  const found = problems((ledger) => ledger.toldTrade(trade(BOB, 'buy', { tradeId: '6.1' })))
  t.ok(found.includes('trade 6.1 has the sides buy taker'))
  t.ok(found.includes(`${BOB}:1 is overfilled`))
  t.ok(found.some((problem) => problem.includes('is due')))
})

test('ledger - finds a trade that changes, goes back, or does not settle', (t) => {
  t.ok(problems((ledger) => ledger.toldTrade(trade(BOB, 'buy', { price: '1999' }))).length > 0)
  t.ok(problems((ledger) => ledger.toldTrade(trade(BOB, 'buy', { state: 'reverted' }))).length > 0)
  const [found] = problems(() => {}, { news: news.slice(0, 2) })
  t.is(found, 'batch 1 is not on the chain')
})

test('ledger - finds an order that lost its fill', (t) => {
  const later = order(BOB, 'buy', { filledAmount: '0', state: 'open', tapeIndex: 9 })
  const found = problems((ledger) => ledger.toldOrder(later))
  t.ok(found.includes(`${BOB}:1 was filled 1, then 0`))
})

test('ledger - finds a batch that settled twice, and an event that is missing', (t) => {
  const twice = problems(() => {}, { news: [...news, { ...news[2], sequence: 4 }] })
  t.ok(twice.includes('batch 1 settled after 1'))
  const gap = problems(() => {}, { news: [news[0], { ...news[1], sequence: 3 }] })
  t.ok(gap.includes('event 2 of the vault is missing'))
})

test('ledger - finds fees that nobody was told of', (t) => {
  const settled = { ...news[2], fees: [0n, 3n * USDC, 0n] } as VaultNews
  const found = problems(() => {}, { news: [news[0], news[1], settled] })
  t.ok(found.includes(`batch 1 took ${3n * USDC} USDC of fees, told were ${2n * USDC}`))
})
