import test, { type Assert } from 'brittle'
import { Interface, type TransactionResponse, type Wallet } from 'ethers'
import { artifact, type ContractName, vaultInterface } from '../../../contracts/vault.ts'
import type { Sent } from '../../../daemon/chain/transactions.ts'
import type { VaultAccount } from '../../../daemon/chain/vault-account.ts'
import { until } from '../../helpers/until.ts'
import { SettlementVenue } from '../settlement/venue.ts'

const token = new Interface(artifact('PlainToken').abi)
/** The third token's index. */
const more = 2

type World = { venue: SettlementVenue; account: VaultAccount; wallet: Wallet }

/** An owner of a venue whose third token is of the kind. */
async function world(t: Assert, kind: ContractName = 'PlainToken'): Promise<World> {
  const venue = await SettlementVenue.open(t, { more: kind })
  const wallet = await venue.wallet('owner')
  const provider = venue.provider()
  const sender = venue.sender(wallet, { provider })
  t.teardown(
    async () => {
      await sender.close()
      provider.destroy()
    },
    { order: 50 }
  )
  await sender.open()
  const data = token.encodeFunctionData('mint', [wallet.address, 10n ** 24n])
  const to = venue.manifest.tokens[more].address
  await venue.anvil.mined(venue.anvil.signers[0].sendTransaction({ to, data }))
  return { venue, wallet, account: venue.vaultOf(wallet, sender, provider) }
}

/** The call that the mined transaction made of the vault, and what the owner has there. */
async function done({ venue, wallet }: World, sent: Sent): Promise<[string, number]> {
  const { hash, outcome } = await sent.mined
  if (outcome !== 'succeeded') return [outcome, 0]
  const { data } = await transaction(venue, hash)
  const { vault } = venue.manifest.chain
  const ask = vaultInterface.encodeFunctionData('balanceOf', [wallet.address, more])
  const balance = BigInt(await venue.anvil.provider.call({ to: vault, data: ask }))
  return [vaultInterface.parseTransaction({ data })?.name ?? data, Number(balance)]
}

async function transaction(venue: SettlementVenue, hash: string): Promise<TransactionResponse> {
  const found = await venue.anvil.provider.getTransaction(hash)
  if (found === null) throw new Error(`no transaction ${hash}`)
  return found
}

test('vault account - deposits by permit in one transaction, once and again', async (t) => {
  const here = await world(t)
  t.alike(await done(here, await here.account.deposit(more, 500)), ['depositWithPermit', 500])
  t.alike(await done(here, await here.account.deposit(more, 20)), ['depositWithPermit', 520])
  const count = await here.venue.anvil.provider.getTransactionCount(here.wallet.address)
  t.is(count, 2, 'no approval went before')
})

test('vault account - a permit that somebody used first does not fail the deposit', async (t) => {
  const here = await world(t)
  const { venue, wallet, account } = here
  const { provider, signers } = venue.anvil
  await provider.send('evm_setAutomine', [false])
  const sent = await account.deposit(more, 500)
  const { data } = await until(() => provider.getTransaction(sent.hash), 'it to wait in the pool')
  const [, quanta, owner, ...permit] = vaultInterface.decodeFunctionData('depositWithPermit', data)
  const amount = quanta * BigInt(venue.manifest.tokens[more].quantum)
  const used = await signers[1].sendTransaction({
    to: venue.manifest.tokens[more].address,
    data: token.encodeFunctionData('permit', [
      owner,
      venue.manifest.chain.vault,
      amount,
      ...permit
    ]),
    gasPrice: 500_000_000_000n,
    gasLimit: 200_000
  })
  await provider.send('evm_mine', [])
  const first = await provider.getTransactionReceipt(used.hash)
  t.is(first?.status, 1, 'the stranger used the permit')
  t.is(first?.index, 0, 'before the deposit')
  t.is(owner, wallet.address)
  t.alike(await done(here, sent), ['depositWithPermit', 500])
})

test('vault account - approves where no permit is to be had', async (t) => {
  for (const kind of ['SilentToken', 'OtherPermitToken'] as const) {
    const here = await world(t, kind)
    t.alike(await done(here, await here.account.deposit(more, 500)), ['deposit', 500], kind)
    const count = await here.venue.anvil.provider.getTransactionCount(here.wallet.address)
    t.is(count, 2, 'an approval went before')
  }
})

test('vault account - what the vault may take already needs neither', async (t) => {
  const here = await world(t)
  const { venue, wallet, account } = here
  const data = token.encodeFunctionData('approve', [venue.manifest.chain.vault, 10n ** 24n])
  const owner = wallet.connect(venue.anvil.provider)
  const to = venue.manifest.tokens[more].address
  await venue.anvil.mined(owner.sendTransaction({ to, data }))
  t.alike(await done(here, await account.deposit(more, 500)), ['deposit', 500])
})

test('vault account - a token that wants its allowance taken back first gets that', async (t) => {
  const here = await world(t, 'SilentToken')
  const { venue, wallet, account } = here
  // As a deposit leaves it whose daemon was killed between approval and deposit.
  const data = token.encodeFunctionData('approve', [venue.manifest.chain.vault, 1n])
  const owner = wallet.connect(venue.anvil.provider)
  const to = venue.manifest.tokens[more].address
  await venue.anvil.mined(owner.sendTransaction({ to, data }))
  t.alike(await done(here, await account.deposit(more, 500)), ['deposit', 500])
})
