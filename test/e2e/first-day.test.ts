// What a bot author does on the first day, on a venue of processes: the examples of docs/rpc.md,
// verbs that watch, the gas of a batch, a venue of one's own, the past replayed.
import test from 'brittle'
import { spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Plan, planFile } from '../../config/devnet-plan.ts'
import type { Config } from '../../config/schema.ts'
import type { Manifest } from '../../protocol/manifest.ts'
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

const venue = new ProcessVenue({ validators: 1, traders: 2, seed: 9 })

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

/** Whether nobody listens to the UDP port. */
function isFree(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4')
    socket.once('error', () => resolve(false))
    socket.bind({ port, address: host, exclusive: true }, () => socket.close(() => resolve(true)))
  })
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

test('first day - every daemon is where and what its options say', async (t) => {
  await venue.settles()
  const { news } = await venue.picture()
  const submitters = new Set(
    news.flatMap((each) => (each.kind === 'settled' ? [each.submitter] : []))
  )
  t.ok(submitters.size > 0)
  const settlers: string[] = []
  const plan: Plan = JSON.parse(await readFile(planFile(join(venue.folder, 'venue')), 'utf8'))
  for (const { name, datadir, validator } of venue.local.members) {
    const { out, err } = await curb(['config', 'print', '--json', '--datadir', datadir])
    const { config }: { config: Config } = JSON.parse(out)
    const manifest: Manifest = JSON.parse(await readFile(config['venue'], 'utf8'))
    t.alike(manifest, venue.manifest, err)
    t.ok((await fetch(`http://127.0.0.1:${config['rpc.port']}/readyz`)).ok, 'its JSON-RPC')
    t.absent(await isFree(config['p2p.port'], config['p2p.host']), 'its swarm')
    // All that is found is found through that one.
    t.alike(config['p2p.bootstrap'], [`127.0.0.1:${plan.ports.dht}`])
    const client = await venue.client(name)
    const { role, validators, chain } = await client.call('public/status', {})
    t.is(role, validator ? 'validator' : 'daemon')
    t.is(validators.reached, 1)
    t.is(config['chain.rpcUrl'], venue.local.chainUrl)
    t.is(chain?.state, 'following')
    const accounts = await client.call('private/get_accounts', {})
    await client.close()
    t.alike(
      accounts.filter(({ unlocked }) => unlocked).map(({ account }) => account),
      config['keys.unlock']
    )
    if (config['settlement.settle']) settlers.push(config['settlement.account'])
  }
  t.is(settlers.length, 1)
  t.alike(
    [...submitters].filter((each) => !settlers.includes(each)),
    [],
    'nobody else pays'
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

test('first day - a venue of one’s own: venue init deploys its vault, and others join', async (t) => {
  const folder = await t.tmp()
  await mkdir(folder, { recursive: true })
  const [alice] = venue.traders
  const { datadir } = alice.member
  const { chain: _chain, ...terms } = venue.manifest
  const draft = join(folder, 'draft.json')
  await writeFile(draft, JSON.stringify({ ...terms, name: 'mine' }))
  const out = join(folder, 'mine.json')
  const { chainUrl } = venue.local
  const password = join(datadir, 'password')
  const init = (file: string) => {
    const line = `venue init ${file} --chain-url ${chainUrl} --account ${alice.account} --json`
    return type(`${line} --password-file ${password} --confirmations 2 --out ${out}`)
  }
  const made = await init(draft)
  t.is(made.code, 0, made.err)
  const { venueId, vault }: { venueId: string; vault: string } = JSON.parse(made.out)
  t.ok((await venue.chain.getCode(vault)).length > 1000)
  const manifest: { chain: unknown } = JSON.parse(await readFile(out, 'utf8'))
  t.alike(manifest.chain, { id: 31337, vault, confirmations: 2 })
  const joined = await curb(['venue', 'join', out, '--datadir', join(folder, 'new'), '--json'])
  t.is(joined.code, 0, joined.err)
  t.is(JSON.parse(joined.out).venueId, venueId)

  const sent = await venue.chain.getTransactionCount(alice.account)
  const again = await init(draft)
  t.is(again.code, 2)
  t.ok(again.err.includes('is there already'), again.err)
  await rm(out)
  await writeFile(draft, JSON.stringify({ ...terms, markets: [] }))
  t.is((await init(draft)).code, 1, 'a draft that cannot be')
  await writeFile(draft, '{')
  t.is((await init(draft)).code, 2, 'no JSON')
  t.is((await init(join(folder, 'nothing.json'))).code, 2, 'no file')
  t.is(await venue.chain.getTransactionCount(alice.account), sent, 'no gas for nothing')
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
      .map(({ tapeIndex, event, price, amount }) => [
        `${String(tapeIndex)}.${String(event)}`,
        price,
        amount
      ]),
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

test.hook('first day - the venue goes down', { timeout: START_MS }, async () => venue.close())
