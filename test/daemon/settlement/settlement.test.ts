import test, { type Assert } from 'brittle'
import { toBeHex } from 'ethers'
import { vaultInterface } from '../../../contracts/vault.ts'
import { systemClock } from '../../../daemon/clock.ts'
import { treeProofs } from '../../../protocol/bulk.ts'
import { fromHex } from '../../../protocol/bytes.ts'
import { until } from '../../helpers/until.ts'
import { entriesOf } from '../../../daemon/replica/intake.ts'
import { RpcProxy } from '../chain/rpc-proxy.ts'
import { Member, type MemberOptions } from './member.ts'
import { mint, SettlementVenue, VALIDATORS } from './venue.ts'

test('settlement - trades of both sides settle, co-signed and not, and come back', async (t) => {
  const venue = await SettlementVenue.open(t)
  await venue.validators()
  const alice = await venue.member('alice')
  const bob = await venue.member('bob', { cosigns: false })
  venue.run()
  await Promise.all([venue.funds(alice, 1_000_000), venue.funds(bob, 1_000_000)])
  await until(() => alice.engine.balances(bob.account)[2]?.settled === 1_000_000, 'deposits')

  const states: string[] = []
  alice.settlement.onprogress(({ batch, state }) => {
    if (batch === 1) states.push(state)
  })
  await alice.places({ side: 'sell', price: 20, quantity: 50, postOnly: 'slide' })
  const taken = await bob.places({ side: 'buy', price: 21, quantity: 30, timeInForce: 'ioc' })
  t.is(taken.rejected, null)

  await until(() => alice.settlement.progressOf(1)?.state === 'final', 'the batch to be final')
  t.alike(
    states.filter((state) => state !== 'submitted'),
    ['sealed', 'attested', 'mined', 'final'],
    'each state in its turn'
  )
  t.ok(alice.settlement.progressOf(1)?.transaction?.startsWith('0x'), 'with its transaction')
  await venue.balances(venue.members.map(({ account }) => account))
  t.is(bob.engine.balances(bob.account)[0].settled, 1_000_000 + 3000)
})

test('settlement - the settler in turn waits for no poll when a batch is attested', async (t) => {
  const venue = await SettlementVenue.open(t)
  await venue.validators({ pollMs: 3_600_000 })
  const { alice, bob } = await traders(venue)
  await trade(alice, bob)
  await settles(venue, alice)
})

test('settlement - a settler without gas money says so, and the next one takes over', async (t) => {
  const venue = await SettlementVenue.open(t)
  const validators = await venue.validators()
  const { alice, bob } = await traders(venue)
  // Batch 1 is the turn of validator 1.
  await venue.anvil.provider.send('anvil_setBalance', [validators[1].account, '0x0'])
  await trade(alice, bob)
  await until(() => alice.settlement.progressOf(1)?.state === 'final', 'the batch to be final')
  const { gasLow, problems } = validators[1].settlement.status()
  t.ok(gasLow, 'its status says that gas money is low')
  t.ok(problems.join().includes('transaction_unpayable'), problems.join())
  t.ok(venue.said("the settler's gas money runs low"), 'and so does its log')
  t.ok(alice.engine.balances(validators[2].account)[1].settled > 0, 'the next one has the fees')
  await venue.balances(venue.members.map(({ account }) => account))
})

test('settlement - gas money that arrives is used at once, however long the wait has grown', async (t) => {
  const venue = await SettlementVenue.open(t)
  const [settler] = await onlySettler(venue)
  const { alice, bob } = await traders(venue)
  await venue.anvil.provider.send('anvil_setBalance', [settler.account, '0x0'])
  await trade(alice, bob)
  await until(() => problemsOf(settler).includes('transaction_unpayable'), 'the empty purse')
  const turn = { batch: 1, settler: settler.account }
  t.alike({ ...settler.settlement.status().turn, until: 0 }, { ...turn, until: 0 })
  // By the clocks of the others its turn passes, and then every validator's.
  await until(() => alice.settlement.status().turn?.until === null, 'all turns to have begun')
  t.is(alice.settlement.status().turn?.settler, venue.manifest.validators[0].signer)
  await venue.anvil.provider.send('anvil_setBalance', [settler.account, toBeHex(10n ** 20n)])
  await settles(venue, alice)
  t.is(problemsOf(settler), '')
  t.is(alice.settlement.status().turn, null, 'nobody has to settle anything')
})

test('settlement - a void that is decided is tried at once, however long the wait has grown', async (t) => {
  const venue = await SettlementVenue.open(t)
  const proxy = await RpcProxy.open(t, venue.anvil.url)
  const [settler, ...others] = await onlySettler(venue, proxy.url)
  const { alice, bob } = await traders(venue)
  // To this settler, its purse is empty for good.
  proxy.alter = ({ method }, result) => (method === 'eth_getBalance' ? '0x0' : result)
  await trade(alice, bob)
  await until(() => problemsOf(settler).includes('transaction_unpayable'), 'the empty purse')
  await venue.skip(venue.manifest.settlement.horizonSeconds + 2)
  const past = (alice.engine.batch(1)?.sealedAt ?? 0) + venue.manifest.settlement.horizonSeconds
  await until(() => alice.engine.time > past * 1000, 'the horizon to pass on the tape')
  const { selector } = vaultInterface.getFunction('voidBatch') ?? { selector: '' }
  const triesVoid = () => proxy.calls.some((call) => JSON.stringify(call.params).includes(selector))
  t.absent(triesVoid())
  for (const { settlement } of others) settlement.voidBatch(1)
  await until(triesVoid, 'it to try the void')
  proxy.alter = (_call, result) => result
  await voided(t, alice)
})

test('settlement - a settler whose RPC is down leaves the batch to the next, and recovers', async (t) => {
  const venue = await SettlementVenue.open(t)
  const proxy = await RpcProxy.open(t, venue.anvil.url)
  for (let i = 0; i < VALIDATORS; i++) {
    const url = i === 1 ? proxy.url : venue.anvil.url
    await venue.member(`validator ${i}`, { settles: true, validator: i, url })
  }
  const [, first, second] = venue.members
  const { alice, bob } = await traders(venue)
  proxy.isDown = true
  await trade(alice, bob)
  await until(() => alice.settlement.progressOf(1)?.state === 'final', 'the batch to be final')
  t.ok(first.settlement.status().problems.join().includes('chain_unreachable'), 'it says why')
  t.ok(alice.engine.balances(second.account)[1].settled > 0, 'the next one has the fees')
  proxy.isDown = false
  await until(() => first.settlement.status().problems.length === 0, 'it to recover')
  await venue.balances(venue.members.map(({ account }) => account))
})

test('settlement - a settler that starts late finds what it needs on the tape', async (t) => {
  const venue = await SettlementVenue.open(t)
  await venue.validators({ settles: false })
  const { alice, bob } = await traders(venue)
  await trade(alice, bob)
  await until(
    () => alice.settlement.progressOf(1)?.state === 'attested',
    'the batch to be attested'
  )
  venue.members[0] = await restart(venue, 'validator 0', { settles: true, validator: 0 })
  await settles(venue, alice)
})

test('settlement - a batch that a reorg took from the chain settles again, once', async (t) => {
  const venue = await SettlementVenue.open(t, { confirmations: 12 })
  await venue.validators({ turnMs: 60_000 })
  const { alice, bob } = await traders(venue)
  await trade(alice, bob)
  await until(() => alice.settlement.progressOf(1)?.state === 'mined', 'the batch to be mined')
  await venue.anvil.provider.send('anvil_reorg', [4, []])
  await settles(venue, alice)
})

test('settlement - deposits asked for at once are made one after the other', async (t) => {
  const venue = await SettlementVenue.open(t)
  const { alice } = await traders(venue)
  const data = mint(alice.account, 300n * 1_000_000_000n)
  const to = venue.manifest.tokens[0].address
  await venue.anvil.mined(venue.anvil.signers[0].sendTransaction({ to, data }))
  const sent = await Promise.all([100, 100, 100].map((quanta) => alice.vault.deposit(0, quanta)))
  for (const { mined } of sent) t.is((await mined).outcome, 'succeeded')
  await venue.balances([alice.account])
  t.is(await alice.vault.held(0), 0n)
})

test('settlement - a withdrawal is settled by the next batch, and paid out', async (t) => {
  const venue = await SettlementVenue.open(t)
  await venue.validators()
  const { alice } = await traders(venue)
  const before = await alice.vault.held(0)
  const { rejected } = await alice.withdraws(0, 1234)
  t.is(rejected, null)
  const paid = before + 1234n * BigInt(venue.manifest.tokens[0].quantum)
  await until(async () => (await alice.vault.held(0)) === paid, 'the tokens')
  await venue.balances([alice.account])
  t.is(alice.engine.balances(alice.account)[0].settled, 1_000_000 - 1234)
})

test('settlement - a batch that cannot settle is voided after its horizon, by command', async (t) => {
  const venue = await SettlementVenue.open(t)
  const validators = await venue.validators({ settles: false })
  const { alice, bob } = await traders(venue)
  await trade(alice, bob)
  await until(
    () => alice.settlement.progressOf(1)?.state === 'attested',
    'the batch to be attested'
  )
  await t.exception(() => validators[0].settlement.voidBatch(1), /can be voided at/)
  await t.exception(() => validators[0].settlement.voidBatch(7), /no unsettled batch 7/)
  await t.exception(() => alice.settlement.voidBatch(1), /only a validator/)
  await venue.skip(venue.manifest.settlement.horizonSeconds + 2)
  const [first] = validators
  const past = (first.engine.batch(1)?.sealedAt ?? 0) + venue.manifest.settlement.horizonSeconds
  await until(() => first.engine.time > past * 1000, 'the horizon to pass on the tape')
  for (const { settlement } of validators.slice(0, 3)) settlement.voidBatch(1)
  await until(() => venue.said('voting to void'), 'the votes')
  await until(() => tapeHasVoid(venue), 'the votes to be on the tape')
  venue.members[0] = await restart(venue, 'validator 0', { settles: true, validator: 0 })
  await undone(t, venue, { alice, bob })
})

test('settlement - a batch on which the validators disagree is voided too, and trading goes on', async (t) => {
  const venue = await SettlementVenue.open(t)
  for (const i of [0, 1]) await venue.member(`validator ${i}`, { validator: i })
  // Their words are given below, by hand.
  const others = await Promise.all([2, 3].map((i) => venue.member(`validator ${i}`)))
  const { alice, bob } = await traders(venue)
  await trade(alice, bob)
  await until(() => alice.engine.batch(1)?.state === 'sealed', 'the batch to be sealed')
  const batch = alice.engine.batch(1)
  const parent = fromHex(batch?.parent ?? '')
  if (batch === null || parent === null) throw new Error('no batch')
  for (const [i, validator] of others.entries()) {
    const { rejected } = await validator.does({
      kind: 'attest',
      batch: 1,
      parent,
      content: new Uint8Array(32).fill(i + 1),
      sealedAt: batch.sealedAt,
      signature: new Uint8Array(65)
    })
    t.is(rejected, null, 'a word on other bytes')
  }
  for (const i of [2, 3]) {
    const name = `validator ${i}`
    const at = venue.members.findIndex((member) => member.name === name)
    // It has spoken, and says the other thing in vain.
    venue.members[at] = await restart(venue, name, { settles: true, validator: i })
  }
  await venue.skip(venue.manifest.settlement.horizonSeconds + 2)
  const past = batch.sealedAt + venue.manifest.settlement.horizonSeconds
  await until(() => alice.engine.time > past * 1000, 'the horizon to pass on the tape')
  t.is(alice.engine.batch(1)?.state, 'sealed', 'no quorum has agreed')
  const validators = venue.members.filter(({ name }) => name.startsWith('validator'))
  for (const { settlement } of validators.slice(1)) settlement.voidBatch(1)
  await undone(t, venue, { alice, bob })
})

test('settlement - one signature under two trees, the second by a delegate that nobody is', async (t) => {
  const venue = await SettlementVenue.open(t)
  await venue.validators()
  const { alice, bob } = await traders(venue)
  const { hasher, crypto } = venue
  // Bytes that sign one tree are a signature of any other as well, by some address: its owner can
  // make that address his delegate. Both orders are good, but they have no root in common.
  const [first, second] = [20, 21].map((price) => {
    const order = bob.order({ side: 'buy', price, quantity: 5 })
    const [proof] = treeProofs([hasher.orderStruct(order)], crypto.keccak)
    return { order, proof }
  })
  const signature = bob.signs(hasher.placeDigest(first.order, first.proof))
  const delegate = crypto.recover(hasher.placeDigest(second.order, second.proof), signature)
  if (delegate === null) throw new Error('no signer')
  const expiry = Math.floor(Date.now() / 1000) + 1_000_000
  const grant = { delegate, market: null, cosign: false, from: 1, until: expiry }
  await (
    await bob.vault.setDelegate(grant)
  ).mined
  await until(() => bob.engine.accountOf(delegate) !== null, 'the delegate')
  for (const placed of [first, second]) {
    const ticket = bob.submit({ kind: 'place', ...placed, signature })
    t.is((await bob.outcome(ticket)).rejected, null)
  }
  await alice.places({ side: 'sell', price: 20, quantity: 10 })
  await settles(venue, alice)
})

async function traders(venue: SettlementVenue): Promise<{ alice: Member; bob: Member }> {
  const alice = await venue.member('alice')
  const bob = await venue.member('bob', { cosigns: false })
  venue.run()
  await Promise.all([venue.funds(alice, 1_000_000), venue.funds(bob, 1_000_000)])
  await until(() => {
    const balances = [alice, bob].flatMap(({ account }) => alice.engine.balances(account))
    return balances.every(({ settled }) => settled === 1_000_000)
  }, 'deposits')
  return { alice, bob }
}

/** Four validators, of whom one settles, first, by a clock that stands still: it never waits long
 * enough by itself. */
async function onlySettler(venue: SettlementVenue, url = venue.anvil.url): Promise<Member[]> {
  const now = Date.now()
  const clock = { ...systemClock, now: () => now }
  const settler = await venue.member('validator 1', { validator: 1, settles: true, clock, url })
  const others = [0, 2, 3].map((i) => venue.member(`validator ${i}`, { validator: i }))
  return [settler, ...(await Promise.all(others))]
}

function problemsOf({ settlement }: Member): string {
  return settlement.status().problems.join()
}

/** Waits until the batch is final, and everybody has what the vault says. */
async function settles(venue: SettlementVenue, member: Member, batch = 1): Promise<void> {
  await until(() => member.settlement.progressOf(batch)?.state === 'final', `batch ${batch} final`)
  await venue.balances(venue.members.map(({ account }) => account))
}

/** Waits until batch 1 is void, and holds that nobody has any more or less for it. */
async function voided(t: Assert, { settlement, engine, account }: Member): Promise<void> {
  await until(() => settlement.progressOf(1)?.state === 'reverted', 'the void')
  t.alike(
    engine.balances(account).map(({ settled, pending }) => [settled, pending]),
    [1, 2, 3].map(() => [1_000_000, 0]),
    'as if there had been no trade'
  )
}

/** The same, and the venue goes on upon the void. */
async function undone(
  t: Assert,
  venue: SettlementVenue,
  { alice, bob }: { alice: Member; bob: Member }
): Promise<void> {
  await voided(t, alice)
  await trade(alice, bob)
  await settles(venue, alice, 2)
}

async function trade(alice: Member, bob: Member): Promise<void> {
  await alice.places({ side: 'sell', price: 20, quantity: 50 })
  const { rejected } = await bob.places({
    side: 'buy',
    price: 21,
    quantity: 50,
    timeInForce: 'ioc'
  })
  if (rejected !== null) throw new Error(`rejected: ${rejected}`)
}

/** The member ends, and comes again with nothing but the tape and its journal. */
async function restart(
  venue: SettlementVenue,
  name: string,
  options: Partial<MemberOptions>
): Promise<Member> {
  const old = venue.members.findIndex((member) => member.name === name)
  await venue.members[old].close()
  const again = new Member(venue, name, { settles: false, cosigns: true, turnMs: 300, ...options })
  await again.open()
  return again
}

function tapeHasVoid(venue: SettlementVenue): boolean {
  let votes = 0
  for (const { block } of venue.tape) {
    for (const entry of block.blocks.flat().flatMap(entriesOf)) {
      if (entry.kind === 'attest' && entry.content === null) votes++
    }
  }
  return votes >= 3
}
