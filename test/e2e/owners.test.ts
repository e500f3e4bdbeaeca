// What owners and operators do beside trading, by words on a command line, against a real vault: a
// delegate given and taken back, a chain that is not scanned from its first block, a batch that
// cannot settle, the floor and the way out.
import test from 'brittle'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { RpcFault } from '../../client/fault.ts'
import type { ConfigKey } from '../../config/schema.ts'
import { curb, type Ran } from '../helpers/curb.ts'
import { MARKET } from '../helpers/process-trader.ts'
import { ProcessVenue } from '../helpers/processes.ts'
import { until } from '../helpers/until.ts'

const START_MS = 120_000

const venue = new ProcessVenue({
  validators: 1,
  traders: 2,
  seed: 11,
  // A horizon that a test can wait for.
  settlement: {
    batchAgeMs: 1000,
    cosignMs: 300,
    settlerWindowSeconds: 4,
    horizonSeconds: 8,
    unsettledMaxMs: 4000
  }
})

function datadirOf(name: string): string {
  return venue.member(name).datadir
}

/** The line as a person types it, for one of the daemons. */
function type(line: string, name = 'trader-1'): Promise<Ran> {
  return curb([...line.split(' '), '--datadir', datadirOf(name)])
}

/** Null for a call that the daemon may answer later. */
function notNow(fault: unknown): null {
  if (fault instanceof RpcFault && (fault.retryable || fault.rpcName === 'closed')) return null
  throw fault
}

test.hook('owners - the venue goes up', { timeout: START_MS }, async () => venue.open())

test('owners - a delegate is given, signs, and is revoked, by words on a command line', async (t) => {
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

test('owners - money that is moved twice under one id moves once, also when the daemon dies in between', async (t) => {
  const [alice] = venue.traders
  const { account, client } = alice
  const deposit = (clientRequestId: string, amount: string) =>
    client.call('private/deposit', { account, token: 'USDC', amount, clientRequestId })
  const withdraw = (clientRequestId: string, amount: string) =>
    client.call('private/withdraw', { account, token: 'USDC', amount, clientRequestId })
  /** The same call again and again, as after a lost answer. */
  const repeated = <T>(call: () => Promise<T>): Promise<T> =>
    until(() => call().catch(notNow), 'an answer', START_MS)
  const paidIn = async () => {
    const { news } = await venue.picture()
    return news.filter((each) => each.kind === 'paidIn' && each.account === account).length
  }
  const before = await paidIn()

  const line = 'deposit USDC 3 --id cli-1'
  const [typed, again] = [await type(line), await type(line)]
  t.is(typed.code, 0, typed.err)
  t.is(again.out, typed.out, 'the first one’s answer')
  const other = await type('deposit USDC 4 --id cli-1')
  t.is(other.code, 5)
  t.ok(other.err.includes('another request'), other.err)
  t.is((await type('withdraw USDC 3 --id cli-1')).code, 5, 'an id is an account’s')
  const taken = await withdraw('w-1', '1')
  t.alike(await withdraw('w-1', '1'), taken)

  // Nobody hears the answers: of the deposit it is certain that it was sent.
  const sent = await venue.chain.getTransactionCount(account, 'pending')
  const lost = [deposit('d-2', '5'), withdraw('w-2', '2')].map((call) => call.catch(() => null))
  await until(
    async () => (await venue.chain.getTransactionCount(account, 'pending')) > sent,
    'the deposit to be sent'
  )
  const late = withdraw('w-3', '3').catch(() => null)
  await venue.kills('trader-1')
  await Promise.all([...lost, late])
  await venue.restarts('trader-1')
  const calls: (() => Promise<unknown>)[] = [
    () => deposit('d-2', '5'),
    () => withdraw('w-1', '1'),
    () => withdraw('w-2', '2'),
    () => withdraw('w-3', '3')
  ]
  for (const call of calls) {
    const answer = await repeated(call)
    t.alike(await call(), answer)
  }

  // Taken down by the desk, but nothing goes out while the venue stands still.
  await venue.kills('validator-1')
  await until(async () => !(await venue.status('trader-1')).ready, 'the daemon to notice', START_MS)
  t.ok((await withdraw('w-4', '4').catch(notNow)) === null)
  await venue.restarts('validator-1')
  t.alike(await repeated(() => withdraw('w-4', '4')), await withdraw('w-4', '4'))

  t.is(await paidIn(), before + 2)
  const transfers = await client.call('private/get_transfers', { account })
  const withdrawals = transfers.filter(({ kind }) => kind === 'withdrawal')
  t.alike(withdrawals.map(({ amount }) => amount).sort(), ['1', '2', '3', '4'])
  t.alike(await venue.problems(), [])
})

test('owners - money is followed from the moment it is sent, each step with its transaction', async (t) => {
  const [alice] = venue.traders
  const { account, client } = alice
  const { chain } = venue
  const newest = async () => (await client.call('private/get_transfers', { account }))[0]
  const reaches = (state: string) =>
    until(
      async () => {
        const transfer = await newest()
        return transfer.state === state ? transfer : null
      },
      `the newest transfer to be ${state}`,
      START_MS
    )

  await chain.send('evm_setIntervalMining', [0])
  const params = { account, token: 'USDC', amount: '7' }
  const answer = client.call('private/deposit', params)
  const sent = await reaches('submitted')
  t.alike([sent.kind, sent.token, sent.amount], ['deposit', 'USDC', '7'])
  await chain.send('evm_mine', [])
  const { transaction } = await answer
  t.is((await reaches('mined')).transaction, transaction)
  await chain.send('evm_setIntervalMining', [1])
  t.alike(await reaches('final'), { ...(await newest()), transaction, amount: '7' })

  const asked = await client.call('private/exit', { account, token: 'WBTC' })
  const delayed = await reaches('delayed')
  t.alike([delayed.kind, delayed.transaction], ['exit', asked.transaction])
  t.is(delayed.readyAt, asked.readyAt)
  const off = await client.call('private/exit', { account, token: 'WBTC', action: 'cancel' })
  t.is((await reaches('cancelled')).transaction, off.transaction)

  await client.call('private/withdraw', { account, token: 'USDC', amount: '1' })
  const claimed = await reaches('claimed')
  const receipt = await chain.getTransactionReceipt(claimed.transaction ?? '')
  const kinds = receipt?.logs.map((log) => venue.vault.interface.parseLog(log)?.name)
  t.ok(kinds?.includes('Claimed'), 'the transaction that paid it out')
})

test('owners - a batch that cannot settle is voided by its validator’s word, and trading goes on', async (t) => {
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
  const told = await until(async () => {
    const { settlement } = await venue.status('validator-1')
    return settlement?.problems.join().includes('transaction_unpayable') ? settlement : null
  }, 'the settler to say what keeps it')
  t.alike(told.turn, { batch, settler: signer, until: null })
  t.alike((await venue.status('trader-1')).settlement?.turn, told.turn, 'so reckon the others')
  const shown = (await type('node status', 'validator-1')).out
  t.ok(shown.includes(`batch ${batch}: the turn of ${signer}`), shown)
  t.ok(/^PROBLEM .*transaction_unpayable/m.test(shown), shown)
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

test('owners - the floor and the exit: asked for, waited for, carried out', async (t) => {
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
  const asked = await type('exit WBTC --id leaves', 'trader-2')
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
  const repeated = await type('exit WBTC --id leaves', 'trader-2')
  t.is(repeated.out, asked.out, 'the request, not a second one')
  t.ok((await venue.tokensOf(bob.account, 'WBTC')) > before)
  await until(async () => (await bob.balance('WBTC')).settled === '0', 'the exit on the tape')
})

test('owners - a validator need not scan the chain from its first block, and says when it began too late', async (t) => {
  const file = join(datadirOf('validator-1'), 'curb.toml')
  const before = await readFile(file, 'utf8')
  const address = venue.manifest.chain?.vault ?? ''
  const [first] = await venue.chain.getLogs({ address, fromBlock: 0 })
  const options: [ConfigKey, number | string][] = [
    ['chain.startBlock', first.blockNumber],
    ['settlement.gasWarnWei', `1${'0'.repeat(30)}`]
  ]
  const restarted = async (): Promise<void> => {
    await venue.kills('validator-1')
    const text = options.reduce((toml, [key, value]) => {
      const [table, name] = key.split('.')
      return toml.replace(`[${table}]\n`, `[${table}]\n${name} = ${JSON.stringify(value)}\n`)
    }, before)
    await writeFile(file, text)
    await venue.local.processes.restart('validator-1')
  }
  await restarted()
  t.is((await venue.ready('validator-1')).chain?.state, 'following')
  await until(
    async () => (await venue.status('validator-1')).settlement?.gasMoneyLow,
    'the warning of a purse that is never full enough'
  )

  options[0][1] = 1_000_000_000
  await restarted()
  await until(
    async () => {
      const { chain, reasons } = await venue.status('validator-1')
      return chain?.state === 'lying' && reasons.includes('chain_lying')
    },
    'the validator to say that events are missing',
    START_MS
  )
  options.length = 0
  await restarted()
  t.is((await venue.ready('validator-1')).chain?.state, 'following')
})

test.hook('owners - the venue goes down', { timeout: START_MS }, async () => venue.close())
