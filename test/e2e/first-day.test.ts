// What a bot author and an owner do beside trading, on a venue of processes: the examples of
// docs/rpc.md, verbs that watch, the past replayed, a delegate given and taken back, a batch that
// cannot settle, the floor and the way out.
import test from 'brittle'
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { RpcFault } from '../../client/fault.ts'
import type {
  RpcBook,
  RpcFullBook,
  RpcOrder,
  RpcOrderResult,
  RpcTrade
} from '../../protocol/rpc.ts'
import { curb, curbProcess, type Ran } from '../helpers/curb.ts'
import { MARKET } from '../helpers/process-trader.ts'
import { ProcessVenue } from '../helpers/processes.ts'
import { until } from '../helpers/until.ts'

const START_MS = 120_000
const examples = join(import.meta.dirname, '..', '..', 'docs', 'examples')

const venue = new ProcessVenue({
  validators: 1,
  traders: 2,
  seed: 9,
  // A horizon that a test can wait for.
  settlement: {
    batchAgeMs: 1000,
    cosignMs: 300,
    settlerWindowSeconds: 8,
    horizonSeconds: 16,
    unsettledMaxMs: 8000
  }
})

function datadirOf(name: string): string {
  return venue.member(name).datadir
}

/** The line as a person types it, for one of the daemons. */
function type(line: string, name = 'trader-1'): Promise<Ran> {
  return curb([...line.split(' '), '--datadir', datadirOf(name)])
}

function run(command: string, words: readonly string[]): Promise<Ran> {
  const child = spawn(command, words, { stdio: ['ignore', 'pipe', 'pipe'] })
  const ran: Ran = { code: null, out: '', err: '' }
  child.stdout.on('data', (chunk: Buffer) => (ran.out += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (ran.err += chunk.toString()))
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => resolve({ ...ran, code }))
  })
}

/** JSON objects, one a line. */
function lines<T>(text: string): T[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line): T => JSON.parse(line))
}

test.hook('first day - the venue goes up', { timeout: START_MS }, async () => venue.open())

test('first day - the examples of docs/rpc.md run as they stand', async (t) => {
  const { datadir, rpcPort } = venue.member('trader-1')
  const shell = await run('sh', [join(examples, 'orders.sh'), datadir, MARKET])
  t.is(shell.code, 0, shell.err)
  const [book, placed, again, gone] = lines<{ result: unknown }>(shell.out)
  t.is((book.result as RpcBook).market, MARKET)
  const first = placed.result as RpcOrderResult
  t.is(first.order.state, 'open')
  t.is((again.result as RpcOrderResult).order.orderId, first.order.orderId)
  t.is((gone.result as RpcOrder).orderId, first.order.orderId)
  t.is((gone.result as RpcOrder).state, 'cancelled')
  const session = await run(process.execPath, [
    join(examples, 'session.mjs'),
    datadir,
    String(rpcPort),
    MARKET
  ])
  t.is(session.code, 0, session.err)
  for (const word of ['placed', 'moved', 'gone', `book.${MARKET}.10`, 'user.orders']) {
    t.ok(
      session.out.split('\n').some((line) => line.startsWith(word)),
      word
    )
  }
  t.alike(await venue.traders[0].client.call('private/get_open_orders', {}), [])
})

test('first day - what is watched shows each change, and ends with Ctrl-C', async (t) => {
  const [alice, bob] = venue.traders
  const watches = [
    `book ${MARKET}`,
    `book ${MARKET} --orders`,
    `trades ${MARKET}`,
    `candles ${MARKET}`,
    `ticker ${MARKET}`,
    'balance',
    'fills'
  ].map((line) => {
    const words = [...line.split(' '), '--watch', '--json', '--datadir', datadirOf('trader-1')]
    return { line, ...curbProcess(words) }
  })
  for (const { child } of watches) t.teardown(() => child.kill('SIGKILL'))
  // Those begin with a picture; the others say nothing before something happens.
  for (const { line, ran } of watches) {
    if (/^(book|ticker)/.test(line)) {
      await until(() => ran.out.includes('\n'), `${line} to begin`, START_MS)
    }
  }
  const isTold = (): boolean => watches.every(({ ran }) => ran.out.includes('"'))
  await until(
    async () => {
      await alice.sells('0.01', '2000')
      await bob.buys('0.01', '2000')
      return isTold()
    },
    'every watch to tell of a trade',
    START_MS
  )
  for (const { child } of watches) child.kill('SIGINT')
  for (const { line, ended } of watches) {
    const { code, out, err } = await ended
    t.is(code, 130, `${line}: ${err}`)
    // Nothing is cut off, but for the last line perhaps.
    t.ok(lines<object>(out.slice(0, out.lastIndexOf('\n'))).length > 0, line)
  }
  const orders = watches.find(({ line }) => line.includes('--orders'))
  const pictures = lines<Pick<RpcFullBook, 'orders'>>(orders?.ran.out ?? '')
  t.ok(
    pictures.some(({ orders: all }) => all.some(({ price }) => price === '2000')),
    'the ask was in its queue'
  )
})

test('first day - gas is counted by the daemon that pays it, in metrics and batches', async (t) => {
  await venue.settles()
  const client = await venue.client('validator-1')
  const [{ batch }] = await venue.traders[0].trades()
  const { gas, transaction } = await client.call('public/get_batch', { index: batch })
  const receipt = await venue.chain.getTransactionReceipt(String(transaction))
  t.is(gas, Number(receipt?.gasUsed), 'what the receipt says')
  await client.close()
  const text = await until(async () => {
    const page = await (
      await fetch(`http://127.0.0.1:${venue.member('validator-1').rpcPort}/metrics`)
    ).text()
    return /^curb_gas_spent_total [1-9]/m.test(page) ? page : null
  }, 'the gas of a transaction that is deep enough')
  t.ok(/^curb_gas_spent_wei_total [1-9]/m.test(text))
  t.ok(/^curb_gas_balance_wei [1-9]/m.test(text))
  t.ok(/^curb_batches\{state="open"\} \d/m.test(text))
  t.ok(/^curb_batch_last_settled [1-9]/m.test(text))
})

test('first day - the past is replayed out of the tape: trades, events, and the book as of a block', async (t) => {
  const [alice, bob] = venue.traders
  const { order } = await alice.sells('0.5', '2100')
  const before = order.tapeIndex ?? 0
  await bob.buys('0.2', '2100')
  await alice.buys('0.3', '1900')
  const trades = await alice.client.call('public/get_last_trades', { market: MARKET, count: 1000 })
  const all = await type('replay --json')
  t.is(all.code, 0, all.err)
  const told = lines<Record<string, unknown>>(all.out)
  t.alike(
    told
      .filter(({ kind, market }) => kind === 'traded' && market === MARKET)
      .map(({ tapeIndex, event, price, amount }) => [`${tapeIndex}.${event}`, price, amount]),
    trades.reverse().map((trade: RpcTrade) => [trade.tradeId, trade.price, trade.amount])
  )
  const book = await alice.client.call('public/get_order_book', { market: MARKET, depth: 10 })
  const last = told.find(({ kind, market }) => kind === 'book' && market === MARKET)
  t.alike([last?.['bids'], last?.['asks']], [(book as RpcBook).bids, (book as RpcBook).asks])
  t.is(told.at(-1)?.['kind'], 'replayed')
  const status = await alice.client.call('public/status', {})
  t.ok(Number(told.at(-1)?.['tapeIndex']) <= status.tape.length)

  const range = `replay --json --events --market ${MARKET} --from ${before} --to ${before}`
  const one = lines<Record<string, unknown>>((await type(range)).out)
  t.alike(
    one.map(({ kind }) => kind),
    ['accepted', 'rested', 'book', 'replayed']
  )
  t.alike(
    [one[0]['account'], one[0]['price'], one[0]['amount'], one[0]['nonce']],
    [alice.account, '2100', '0.5', order.nonce]
  )
  t.alike(one[2]['asks'], [['2100', '0.5']], 'the book as it was then')
  const people = await type(`replay --events --market ${MARKET} --from ${before} --to ${before}`)
  t.ok(people.out.includes(`${MARKET} after block ${before}`), people.out)
  t.ok(people.out.includes(`event hash ${String(one[3]['eventHash'])} after block ${before}`))
  for (const wrong of ['replay --from 5 --to 4', 'replay --market NO/SUCH', 'replay --to x']) {
    t.is((await type(wrong)).code, 2, wrong)
  }
  await alice.cancelsAll()
})

test('first day - a delegate is given, signs, and is revoked, by words on a command line', async (t) => {
  const [alice] = venue.traders
  const delegate = venue.wallet(16)
  const given = await type(`account delegate ${delegate.address} --market ${MARKET} --days 3`)
  t.is(given.code, 0, given.err)
  const placed = await until(async () => {
    try {
      return await alice.signs(delegate, { side: 'sell', amount: '0.3', price: '2500' })
    } catch (fault) {
      // The grant is on its way from the chain to the tape.
      if (fault instanceof RpcFault && fault.reason === 'not_authorised') return null
      throw fault
    }
  }, 'the grant')
  t.is(placed.order.state, 'open')
  const revoked = await type(`account delegate ${delegate.address} --market ${MARKET} --revoke`)
  t.is(revoked.code, 0, revoked.err)
  const order = await alice.sees(placed.order.orderId, 'cancelled')
  t.is(order.reason, 'delegate_revoked')
  const refused = await alice
    .signs(delegate, { side: 'sell', amount: '0.3', price: '2500' })
    .catch((fault: unknown) => fault)
  t.ok(refused instanceof RpcFault && refused.reason === 'not_authorised')
  t.is((await type(`account delegate ${delegate.address}`)).code, 2, 'no end')
  t.is((await type('account delegate 0xabc --revoke')).code, 2, 'no address')
})

test('first day - a batch that cannot settle is voided by its validator’s word, and trading goes on', async (t) => {
  const [alice, bob] = venue.traders
  await venue.settles()
  const { settled } = await bob.balance('WETH')
  const [{ signer }] = venue.manifest.validators
  const pay = (wei: bigint) =>
    venue.chain.send('anvil_setBalance', [signer, `0x${wei.toString(16)}`])
  await pay(0n)
  await alice.sells('0.1', '2000')
  const { trades } = await bob.buys('0.1', '2000')
  const [{ batch }] = trades
  await until(
    async () => (await venue.batches()).find(({ index }) => index === batch)?.state === 'attested',
    `batch ${batch} to be attested`,
    START_MS
  )
  const early = await type(`batch void ${batch}`, 'validator-1')
  t.is(early.code, 5)
  t.ok(early.err.includes('can be voided'), early.err)
  const stranger = await type(`batch void ${batch}`)
  t.is(stranger.code, 5)
  t.ok(stranger.err.includes('only a validator'), stranger.err)
  t.is((await type('batch void 999', 'validator-1')).code, 5)
  t.is((await type('batch void nothing', 'validator-1')).code, 2)
  await until(
    async () => (await type(`batch void ${batch}`, 'validator-1')).code === 0,
    'the horizon to pass',
    START_MS
  )
  await pay(10n ** 19n)
  await until(
    async () => {
      const mine = await bob.client.call('private/get_my_trades', { account: bob.account })
      return mine[0].state === 'reverted'
    },
    'the trade to be told as reverted',
    START_MS
  )
  const after = await bob.balance('WETH')
  t.alike([after.settled, after.pending], [settled, '0'], 'as if it had not been')
  await until(
    async () => {
      try {
        await alice.sells('0.1', '2000')
        return true
      } catch (fault) {
        if (fault instanceof RpcFault && fault.rpcName === 'settlement_lagging') return false
        throw fault
      }
    },
    'trading to go on',
    START_MS
  )
  await bob.buys('0.1', '2000')
  await until(
    async () => {
      const mine = await bob.client.call('private/get_my_trades', { account: bob.account })
      return mine[0].state === 'final'
    },
    'the next trade to settle',
    START_MS
  )
})

test('first day - the floor and the exit: asked for, waited for, carried out', async (t) => {
  const [alice, bob] = venue.traders
  const { order } = await alice.sells('0.1', '2600')
  const exposure = () => alice.client.call('private/get_exposure', { account: alice.account })
  t.ok((await exposure()).some(({ orderId }) => orderId === order.orderId))
  const { account } = alice
  const raised = await alice.client.call('private/raise_floor', { account })
  const delayMs = venue.manifest.settlement.exitDelaySeconds * 1000
  t.ok(Math.abs((raised.readyAt ?? 0) - Date.now() - delayMs) < START_MS, 'a time in milliseconds')
  t.is((await alice.sees(order.orderId, 'cancelled')).reason, 'floor')
  t.alike(await exposure(), [], 'nothing that was signed can hurt any more')
  t.is((await alice.sells('0.1', '2600')).order.state, 'open', 'new orders are above it')

  const early = await type('account floor --apply')
  t.is(early.code, 5)
  t.ok(early.err.includes('Its delay is not over'), early.err)
  const lower = await type('account floor 1')
  t.is(lower.code, 5)
  t.ok(lower.err.includes('A floor only goes up'), lower.err)
  t.is((await type('account floor --apply', 'trader-2')).code, 5, 'nothing was asked for')
  t.is((await type('account floor never')).code, 2)

  const before = await venue.tokensOf(bob.account, 'WBTC')
  t.is((await type('exit WBTC --claim', 'trader-2')).code, 5, 'not asked for')
  const asked = await type('exit WBTC', 'trader-2')
  t.is(asked.code, 0, asked.err)
  t.ok(asked.out.includes('curb exit WBTC --claim'), asked.out)
  await until(async () => (await bob.balance('WBTC')).exiting, 'the request to be on the tape')
  const { settled } = await bob.balance('WBTC')
  t.not(settled, '0')
  t.ok((await type('exit WBTC --claim', 'trader-2')).err.includes('Its delay is not over'))

  await venue.chain.send('evm_increaseTime', [venue.manifest.settlement.exitDelaySeconds])
  await venue.chain.send('evm_mine', [])
  const applied = await type('account floor --apply')
  t.is(applied.code, 0, applied.err)
  const { floor }: { floor: bigint } = await venue.vault['accountOf'](account)
  t.ok(floor > BigInt(order.nonce), 'the vault has it')
  const claimed = await type('exit WBTC --claim', 'trader-2')
  t.is(claimed.code, 0, claimed.err)
  t.ok((await venue.tokensOf(bob.account, 'WBTC')) > before)
  await until(async () => (await bob.balance('WBTC')).settled === '0', 'the exit on the tape')
})

test.hook('first day - the venue goes down', { timeout: START_MS }, async () => venue.close())
