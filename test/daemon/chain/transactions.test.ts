import test, { type Assert } from 'brittle'
import { fork } from 'node:child_process'
import path from 'node:path'
import type { Wallet } from 'ethers'
import { vaultInterface } from '../../../contracts/vault.ts'
import { ChainFault } from '../../../daemon/chain/chain-fault.ts'
import {
  attemptOf,
  attemptRecord,
  doneRecord,
  readRecord
} from '../../../daemon/chain/transaction-record.ts'
import type { TransactionSender } from '../../../daemon/chain/transactions.ts'
import { until } from '../../helpers/until.ts'
import { SettlementVenue } from '../settlement/venue.ts'
import { RpcProxy } from './rpc-proxy.ts'

type Options = Parameters<SettlementVenue['sender']>[1]

async function opens(
  t: Assert,
  venue: SettlementVenue,
  wallet: Wallet,
  options: Options = {}
): Promise<TransactionSender> {
  const provider = options.provider ?? venue.provider()
  const sender = venue.sender(wallet, { ...options, provider })
  t.teardown(
    async () => {
      await sender.close()
      provider.destroy()
    },
    { order: 50 }
  )
  await sender.open()
  return sender
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'nothing',
    (fault: unknown) => (fault instanceof ChainFault ? fault.code : String(fault))
  )
}

const target = '0x' + '12'.repeat(20)

test('transactions - go out one nonce after the other, and are forgotten when deep', async (t) => {
  const venue = await SettlementVenue.open(t)
  const sender = await opens(t, venue, await venue.wallet('owner'))
  const sent = await Promise.all(
    [1n, 2n, 3n].map((value) => sender.send({ label: `${value}`, to: target, data: '0x', value }))
  )
  t.alike(
    sent.map(({ nonce }) => nonce),
    [0, 1, 2]
  )
  for (const { mined } of sent) t.is((await mined).outcome, 'succeeded')
  t.is(await venue.anvil.provider.getBalance(target), 6n)
  t.ok(sender.find('3') !== null, 'not deep yet')
  await venue.anvil.provider.send('anvil_mine', ['0x3'])
  await until(() => sender.pending.length === 0, 'all to be deep')
})

test('transactions - a refusal names what the vault says; an empty purse is told', async (t) => {
  const venue = await SettlementVenue.open(t)
  const sender = await opens(t, venue, await venue.wallet('owner'))
  const data = vaultInterface.encodeFunctionData('claimExit', [0])
  const to = venue.manifest.chain.vault
  await t.exception(sender.send({ label: 'exit', to, data }), /NoExit/)
  const poor = await opens(t, venue, venue.walletOf('poor'))
  t.is(await codeOf(poor.send({ label: 'x', to: target, data: '0x' })), 'transaction_unpayable')
  t.is(sender.pending.length + poor.pending.length, 0, 'nothing was journaled')
})

test('transactions - killed between journal and sending: it is sent after the restart', async (t) => {
  const venue = await SettlementVenue.open(t)
  const wallet = await venue.wallet('owner')
  const proxy = await RpcProxy.open(t, venue.anvil.url)
  proxy.swallowed.add('eth_sendRawTransaction')
  const folder = path.join(venue.folder, 'killed')
  const { id } = venue.manifest.chain
  const child = fork(
    path.join(import.meta.dirname, 'transactions-child.ts'),
    [proxy.url, folder, wallet.privateKey, String(id), target],
    { execArgv: ['--import', 'tsx'] }
  )
  t.teardown(() => child.kill('SIGKILL'))
  await new Promise<void>((resolve) => child.once('message', () => resolve()))
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  child.kill('SIGKILL')
  await ended
  t.is(await venue.anvil.provider.getTransactionCount(wallet.address), 0, 'nothing was sent')

  const sender = await opens(t, venue, wallet, { folder: 'killed' })
  const [restored] = sender.pending
  t.is(restored.label, 'one')
  const { hash, outcome } = await restored.mined
  t.is(outcome, 'succeeded')
  t.is(hash, restored.hash, 'the very transaction that was signed')
  const next = await sender.send({ label: 'two', to: target, data: '0x', value: 1n })
  await next.mined
  t.is(await venue.anvil.provider.getBalance(target), 6n, 'once')
})

test('transactions - one that waits too long is replaced by one that pays more', async (t) => {
  const venue = await SettlementVenue.open(t)
  await venue.anvil.provider.send('evm_setAutomine', [false])
  const sender = await opens(t, venue, await venue.wallet('owner'), { bumpMs: 150 })
  const sent = await sender.send({ label: 'slow', to: target, data: '0x', value: 4n })
  const pool = async () => {
    const { pending } = await venue.anvil.provider.send('txpool_content', [])
    const mine: { hash: string }[] = Object.values(Object.values(pending)[0] ?? {})
    return mine
  }
  await until(async () => (await pool()).some(({ hash }) => hash !== sent.hash), 'a replacement')
  await venue.anvil.provider.send('evm_mine', [])
  const { hash } = await sent.mined
  t.not(hash, sent.hash, 'the dearer one was mined')
  await venue.anvil.provider.send('anvil_mine', ['0x5'])
  await until(() => sender.pending.length === 0, 'it to be deep')
  t.is(await venue.anvil.provider.getBalance(target), 4n, 'once')
})

test('transactions - what a reorg takes back is sent again', async (t) => {
  const venue = await SettlementVenue.open(t, { confirmations: 4 })
  const sender = await opens(t, venue, await venue.wallet('owner'))
  const sent = await sender.send({ label: 'one', to: target, data: '0x', value: 9n })
  await sent.mined
  await venue.anvil.provider.send('anvil_reorg', [1, []])
  await until(async () => {
    await venue.anvil.provider.send('evm_mine', [])
    return sender.pending.length === 0
  }, 'it to be mined again, deep')
  t.is(await venue.anvil.provider.getBalance(target), 9n)
  t.ok(venue.said('a reorg took a transaction back'))
})

test('transactions - a nonce that somebody else used is told; a cancel takes its nonce', async (t) => {
  const venue = await SettlementVenue.open(t)
  await venue.anvil.provider.send('evm_setAutomine', [false])
  const wallet = await venue.wallet('owner')
  const sender = await opens(t, venue, wallet)
  const sent = await sender.send({ label: 'ours', to: target, data: '0x', value: 9n })
  const theirs = await wallet.connect(venue.anvil.provider).signTransaction({
    type: 2,
    chainId: venue.manifest.chain.id,
    nonce: 0,
    to: target,
    value: 1n,
    gasLimit: 21_000n,
    maxFeePerGas: 10n ** 11n,
    maxPriorityFeePerGas: 10n ** 11n
  })
  await venue.anvil.provider.send('eth_sendRawTransaction', [theirs])
  const superseded = codeOf(sent.mined)
  await venue.anvil.provider.send('anvil_mine', ['0x4'])
  t.is(await superseded, 'transaction_superseded')

  const second = await sender.send({ label: 'unwanted', to: target, data: '0x', value: 9n })
  await sender.cancel('unwanted')
  await venue.anvil.provider.send('anvil_mine', ['0x4'])
  t.is((await second.mined).outcome, 'cancelled')
  t.is(await venue.anvil.provider.getBalance(target), 1n, 'only theirs arrived')
})

test('transactions - what a client named is found again: under way, done, and after a restart', async (t) => {
  const venue = await SettlementVenue.open(t)
  const wallet = await venue.wallet('owner')
  const first = await opens(t, venue, wallet)
  const name = { id: 'rent-7', body: 'ab12' }
  t.is(first.named('rent-7'), null)
  const sent = await first.send({ label: 'one', name, to: target, data: '0x', value: 5n })
  t.alike(first.named('rent-7')?.name, name)
  const mined = await sent.mined
  await venue.anvil.provider.send('anvil_mine', ['0x5'])
  await until(() => first.pending.length === 0, 'it to be deep')
  t.alike(await first.named('rent-7')?.mined, mined, 'done')
  t.is(first.named('one'), null, 'a label is no name')
  await venue.anvil.provider.send('evm_setAutomine', [false])
  const waiting = { id: 'rent-8', body: 'cd34' }
  await first.send({ label: 'two', name: waiting, to: target, data: '0x', value: 6n })
  await first.close()

  const second = await opens(t, venue, wallet)
  t.alike(second.named('rent-7')?.name, name)
  t.alike(await second.named('rent-7')?.mined, mined, 'done before the restart')
  t.alike(second.named('rent-8')?.name, waiting, 'and under way')
  await venue.anvil.provider.send('evm_setAutomine', [true])
  await venue.anvil.provider.send('evm_mine', [])
  t.is((await second.named('rent-8')?.mined)?.outcome, 'succeeded')
  t.is(await venue.anvil.provider.getBalance(target), 11n)
})

/** Signed for a nonce of 3; as version 1 wrote it. */
const RAW =
  '02f868827a690301843b9aca008252089412121212121212121212121212121212121212120580c080a02ac1bb24dccd' +
  'a239108480ebb7a50b2a6a41d7f8ab5fde68c1f76bad309eb463a052f7c5addf4937d912046ced3629e6433281bea17a' +
  '31be222513d91415785a4a'
const ATTEMPT_V1 = `010308736574746c6520316b${RAW}`
const DONE_V1 = '0103'

test('transactions - records keep names and results; those of version 1 are still read', async (t) => {
  const attempt = attemptOf({ label: 'settle 1', name: { id: 'rent', body: 'ab' } }, `0x${RAW}`)
  t.alike(readRecord(attemptRecord(attempt)), attempt)
  const mined = {
    hash: `0x${'ab'.repeat(32)}`,
    block: 7,
    outcome: 'reverted',
    gas: 21_000
  } as const
  const done = { done: 3, named: { name: { id: 'rent', body: 'ab' }, mined } }
  t.alike(readRecord(doneRecord(done)), done)
  t.alike(readRecord(doneRecord({ done: 3, named: null })), { done: 3, named: null })
  const old = { kind: 1, payload: new Uint8Array(Buffer.from(ATTEMPT_V1, 'hex')) }
  t.alike(readRecord(old), { ...attempt, name: null })
  const oldDone = { kind: 2, payload: new Uint8Array(Buffer.from(DONE_V1, 'hex')) }
  t.alike(readRecord(oldDone), { done: 3, named: null })
  await t.exception(() => readRecord({ kind: 2, payload: Uint8Array.of(3, 3) }), /unknown version/)
})
