// Which accounts a daemon trades for: those whose owners have linked them to it, and no others.
import test from 'brittle'
import { Accounts } from '../../../daemon/trading/accounts.ts'
import { addressesOf } from '../../helpers/accounts.ts'
import { TraderApp } from '../../helpers/trader-app.ts'
import { TestVenue } from '../../helpers/venue.ts'
import { walletLink } from '../../helpers/wallet.ts'
import { MARKET } from './world.ts'

test('hosting - an address that nobody has signed for is not hosted, and changes no default', async (t) => {
  const venue = await TestVenue.create(t, { validators: 1, accounts: ['alice', 'carol'] })
  await venue.validators()
  const { manifest, bootstrap } = venue
  const alice = await TraderApp.create(t, { manifest, bootstrap, name: 'alice', seed: 78 })
  await alice.start()
  const carol = (await addressesOf(['carol'])).get('carol') ?? ''
  const hosted = async () => {
    const accounts = await alice.call('private/get_accounts', {})
    return accounts.map(({ account, linked }) => [account, linked])
  }
  const order = { market: MARKET, amount: '0.000001', price: '1000' }
  const link = (more: object = {}) =>
    alice.call('private/link_account', { account: carol, ...more })

  await link()
  t.alike(await hosted(), [[alice.address, false]])
  t.is((await alice.call('private/get_balances', {})).length, 2, 'the only one, though not linked')
  await alice.call('private/link_account', { account: alice.address })
  const asked = await link()
  t.alike(await hosted(), [[alice.address, true]])
  const placed = await alice.call('private/sell', order)
  t.ok(placed.order.orderId.startsWith(alice.address))

  const forged = await walletLink('bob', asked.typedData)
  await t.exception(link(forged), /bad_signature/)
  const { signature: _, ...unsigned } = forged
  await t.exception(link(unsigned), /nonce comes with a signature/)
  await t.exception(link({ signature: forged.signature }), /comes with its nonce/)
  t.alike(await hosted(), [[alice.address, true]])

  const signed = await walletLink('carol', asked.typedData)
  t.ok((await link(signed)).linked)
  t.alike(await hosted(), [
    [alice.address, true],
    [carol, true]
  ])
  await t.exception(alice.call('private/sell', order), /name one .*linked here/)
  await alice.stop()
  await alice.start()
  const addresses = (await hosted()).map(([account]) => account)
  t.alike(new Set(addresses), new Set([alice.address, carol]), 'also after a restart')
})

test('hosting - an account that is linked here is the default beside one that is not', async (t) => {
  const accounts = new Accounts(4)
  const at = (n: number) => `0x${n.toString(16).padStart(40, '0')}`
  await t.exception(() => accounts.meant(undefined), /hosts no account/)
  const one = accounts.host(at(1), null)
  t.is(accounts.meant(undefined), one)
  const two = accounts.host(at(2), null)
  await t.exception(() => accounts.meant(undefined), /none is linked yet/)
  two.linked = true
  t.is(accounts.meant(undefined), two)
  one.linked = true
  await t.exception(() => accounts.meant(undefined), /several accounts are linked here/)
  t.is(accounts.meant(at(1)), one)
})
