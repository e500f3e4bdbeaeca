// The devnet's picture, as a terminal of some size gets it.
import test from 'brittle'
import { draw, type Picture } from '../../cli/devnet/screen.ts'
import type { RpcBatch, RpcTrade } from '../../protocol/rpc.ts'

const TRANSACTION = `0x${'ab'.repeat(32)}`
const ESCAPES = new RegExp(`${String.fromCodePoint(27)}\\[[0-9;]*m`, 'g')

function trade(place: number, batch: number): RpcTrade {
  return {
    tradeId: `${place}.0`,
    market: 'WETH/USDC',
    side: 'buy',
    price: '2000.5',
    amount: '0.01',
    time: 0,
    batch,
    state: 'matched'
  }
}

function batch(index: number, state: RpcBatch['state']): RpcBatch {
  const transaction = state === 'open' ? null : TRANSACTION
  return {
    index,
    state,
    fills: 7,
    withdrawals: 0,
    accounts: 2,
    cosigned: 2,
    attestations: 3,
    link: null,
    transaction,
    gas: null,
    openedAt: 0,
    closedAt: 0,
    sealedAt: 0,
    submitter: null
  }
}

const market = {
  market: 'WETH/USDC',
  bids: Array.from({ length: 10 }, (_, i): [string, string] => [`199${9 - (i % 10)}.25`, '0.01']),
  asks: Array.from({ length: 10 }, (_, i): [string, string] => [`200${i % 10}`, '0.1']),
  trades: [trade(9, 3), trade(8, 2)]
}

const picture: Picture = {
  markets: [market, { ...market, market: 'WBTC/USDC' }],
  status: null,
  batches: [batch(3, 'open'), batch(2, 'final'), batch(1, 'mined')],
  daemons: Array.from({ length: 6 }, (_, i) => ({ name: `validator-${i}`, state: 'running' })),
  settledTrades: 14,
  seconds: 30,
  root: '.curb',
  example: { market: 'WETH/USDC', price: '2000' },
  notice: ''
}

function plain(columns: number, rows: number, change: Partial<Picture> = {}): string[] {
  return draw({ ...picture, ...change }, columns, rows).map((line) => line.replaceAll(ESCAPES, ''))
}

test('screen - fits the terminal, and the help is whole in each', (t) => {
  for (const [columns, rows] of [
    [79, 23],
    [119, 39],
    [200, 60]
  ]) {
    const lines = plain(columns, rows)
    t.ok(lines.length <= rows, `${lines.length} lines of ${rows}`)
    t.ok(lines.every((line) => line.length <= columns))
    const text = lines.join('\n').replaceAll(' \\\n   ', '')
    t.ok(text.includes('order buy WETH/USDC 0.1 @ 2000 --datadir .curb/trader-2'))
    t.ok(text.includes('devnet kill validator-2'))
    t.is(lines.at(-1), 'Ctrl-C stops everything.')
    for (const title of ['WETH/USDC', 'WBTC/USDC', 'Batches on chain']) t.ok(text.includes(title))
  }
  t.is(plain(40, 8).length, 8, 'a terminal that is too small keeps the head and the last line')
})

test('screen - a long path goes on in a second line', (t) => {
  const lines = plain(79, 30, { root: `/folders/${'a'.repeat(40)}` })
  const at = lines.findIndex((line) => line.includes('order buy'))
  t.ok(lines[at].endsWith(' \\'))
  t.is(lines[at + 1].trim(), `--datadir /folders/${'a'.repeat(40)}/trader-2`)
  t.ok(lines.some((line) => line.trim() === `--root /folders/${'a'.repeat(40)}`))
})

test('screen - prices stand under each other, a trade is as far as its batch', (t) => {
  const lines = plain(119, 39)
  const rows = lines.filter((line) => line.includes(' @ 2000.50 '))
  t.is(rows.length, 4)
  t.ok(rows[0].endsWith('matched'), 'its batch is open')
  t.ok(rows[1].endsWith('settled'), 'its batch is mined')
  const ends = lines.filter((line) => /199\d\.25/.test(line)).map((line) => line.indexOf('.25'))
  t.is(new Set(ends).size, 1)
  t.ok(
    lines.some((line) => line.includes('2000.00 ')),
    'as many digits as its neighbours'
  )
})

test('screen - a settled batch is told with index and transaction, whole where there is room', (t) => {
  const [wide, narrow] = [plain(119, 39), plain(79, 23)].map((lines) =>
    lines.find((line) => line.includes('#2'))
  )
  t.ok(wide?.includes('settled (final)'))
  t.ok(wide?.endsWith(TRANSACTION))
  t.ok(narrow?.includes('0xabab') && narrow.endsWith('…'), narrow)
})
