import test from 'brittle'
import { addressesOf } from '../helpers/accounts.ts'
import { TestChain, type TestChainSource } from '../helpers/test-chain.ts'
import { until } from '../helpers/until.ts'
import { TestVenue } from '../helpers/venue.ts'

test('cluster - deposits reach every engine through the cuts, and are traded with', async (t) => {
  const chain = new TestChain()
  const sources: TestChainSource[] = []
  const venue = await TestVenue.create(t, {
    validators: 4,
    accounts: ['alice', 'bob'],
    chain: {
      manifest: { id: 31_337, vault: '0x' + 'c'.repeat(40), confirmations: 1 },
      // Each validator's own RPC is as far as it happens to be.
      source: () => {
        const source = chain.source(sources.length % 2)
        sources.push(source)
        return source
      }
    }
  })
  const [first, second] = await venue.validators()
  const addresses = await addressesOf(['alice', 'bob'])
  const [alice, bob] = [addresses.get('alice') ?? '', addresses.get('bob') ?? '']
  chain.mine(
    { kind: 'deposited', account: alice, token: 0, quanta: 1000 },
    { kind: 'deposited', account: bob, token: 1, quanta: 1_000_000 }
  )
  chain.mine(
    ...Array.from({ length: 40 }, () => {
      return { kind: 'deposited' as const, account: bob, token: 0, quanta: 1 }
    })
  )
  chain.mine()
  await until(() => first.daemon.engine.balances(bob)[0].settled === 40, 'the deposits')
  await venue.trader('alice', first).sells(5, 100)
  const bought = await venue.trader('bob', second).buys(5, 100)
  t.is(bought.rejected, null)
  await venue.agrees()
  t.is(first.daemon.engine.balances(bob)[0].pending, 500, 'five lots, not settled yet')
  t.is(first.daemon.engine.balances(alice)[0].settled, 1000)
  t.is(first.daemon.engine.cursor?.block, 2, 'half of them have not seen the third block')
  for (const source of sources) source.lag = 0
  chain.mine()
  await until(() => first.daemon.engine.cursor?.block === 4, 'the rest of the chain')
  await venue.agrees()
})

test('cluster - a daemon without a chain of its own takes the events from the tape', async (t) => {
  const chain = new TestChain()
  const sources = [0, 0, 0, 0].map(() => chain.source())
  let next = 0
  const venue = await TestVenue.create(t, {
    validators: 4,
    accounts: ['alice'],
    chain: {
      manifest: { id: 31_337, vault: '0x' + 'c'.repeat(40), confirmations: 1 },
      source: () => sources[next++] ?? chain.source(Infinity)
    }
  })
  await venue.validators()
  const follower = await venue.follower('follower')
  const alice = (await addressesOf(['alice'])).get('alice') ?? ''
  chain.mine({ kind: 'deposited', account: alice, token: 0, quanta: 7 })
  await until(() => follower.daemon.engine.balances(alice)[0].settled === 7, 'the deposit')
  await venue.agrees()
  t.pass('and computed the same')
})
