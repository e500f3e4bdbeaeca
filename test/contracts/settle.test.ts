import test from 'brittle'
import { ZeroHash } from 'ethers'
import { fillFee, sweepsOf } from '../../contracts/batch.ts'
import { vaultInterface } from '../../contracts/vault.ts'
import type { Order } from '../../protocol/types.ts'
import { content, mark, openScene, type Scene } from './scene.ts'
import { startAnvil } from '../helpers/anvil.ts'
import { keyOf, byAddress, order, VaultVenue } from '../helpers/vault.ts'

test('vault - settles one trade between two signed orders', async (t) => {
  const venue = await VaultVenue.open()
  t.teardown(() => venue.close())
  const [seller, buyer] = [keyOf('alice'), keyOf('bob')]
  await venue.fund(seller.address, 0, 100_000)
  await venue.fund(buyer.address, 1, 1_000_000)
  const maker = order(seller.address, { side: 'sell', price: 200, quantity: 10, nonce: 1 })
  const taker = order(buyer.address, {
    side: 'buy',
    price: 210,
    quantity: 4,
    nonce: 7,
    timeInForce: 'ioc'
  })
  const groups = [
    { key: seller, order: maker },
    { key: buyer, order: taker }
  ]
    .sort((a, b) => byAddress(a.key, b.key))
    .map(({ key, order }) => ({
      kind: 'orders' as const,
      account: key.address,
      orders: [
        { order, restingPrice: order.price, proof: null, signature: venue.signOrder(key, order) }
      ]
    }))
  const sealed = await venue.seal({
    groups,
    sweeps: [{ taker, fills: [{ maker, lots: 4, price: 200 }] }],
    withdrawals: []
  })
  const receipt = await venue.settle(sealed)
  t.comment(`${receipt.gasUsed} gas`)

  // 4 lots of 1,000 base quanta at 200 ticks of 10 quote quanta: 8,000; maker 2 bps, taker 5 bps.
  t.is(await venue.balance(seller.address, 0), 96_000)
  t.is(await venue.balance(buyer.address, 0), 4000)
  t.is(await venue.balance(seller.address, 1), 8000 - 1)
  t.is(await venue.balance(buyer.address, 1), 1_000_000 - 8000 - 4)
  const settler = await venue.anvil.signers[0].getAddress()
  t.is(await venue.balance(settler.toLowerCase(), 1), 5)
  t.alike((await venue.vault.markOf(seller.address, 0)).map(Number), [1, 4], 'the maker is marked')
  t.is(Number((await venue.vault.accountOf(buyer.address)).sequence), 7)
  t.alike(await venue.last(), { index: 1, link: venue.linkOf(sealed) })
})

test('settle - fills add up over batches, in ring slots, until nothing is left', async (t) => {
  const scene = await openScene()
  t.teardown(() => scene.venue.close())
  const { venue, keys } = scene
  for (const slot of [0, 1, 3, 4]) {
    const maker = scene.sealed('alice', scene.sell('alice', { nonce: 50 + slot, slot }))
    for (const [round, lots] of [4, 5].entries()) {
      const taker = scene.sealed('bob', scene.buy('bob', { nonce: 100 + slot * 2 + round }))
      await venue.settle(await venue.seal(scene.trade(maker, taker, lots)))
    }
    t.alike(await marks(scene, slot), [50 + slot, 9], `slot ${slot}`)
    const taker = scene.sealed('bob', scene.buy('bob', { nonce: 200 }))
    t.is(
      await venue.refusal(await venue.seal(scene.trade(maker, taker, 2))),
      'Overfilled',
      'one lot is left'
    )
  }
  t.alike(await marks(scene, 2), [0, 0], 'neighbours are untouched')
  const successor = scene.sealed('alice', scene.sell('alice', { nonce: 60, slot: 3 }))
  const taker = scene.sealed('bob', scene.buy('bob', { nonce: 300 }))
  await venue.settle(await venue.seal(scene.trade(successor, taker, 1)))
  t.alike(await marks(scene, 3), [60, 1], 'a greater nonce takes the slot over')
  t.is(await venue.balance(keys.bob.address, 0), 10_000_000 + 37_000)
  t.alike(await marks(scene, 70_000), [0, 0], 'a slot that cannot be')
})

test('settle - two orders of one slot in one batch leave the later one there', async (t) => {
  const scene = await openScene()
  t.teardown(() => scene.venue.close())
  const { venue } = scene
  const makers = [30, 31].map((nonce) =>
    scene.sealed('alice', scene.sell('alice', { nonce, slot: 5 }))
  )
  const taker = scene.sealed('bob', scene.buy('bob', { nonce: 9 }))
  const fills = makers.map(({ order }, index) => ({ maker: order, lots: index + 2, price: 200 }))
  await venue.settle(
    await venue.seal(content(scene.groups(...makers, taker), [{ taker: taker.order, fills }]))
  )
  t.alike(await marks(scene, 5), [31, 3])
})

test("settle - fees follow the market, the least fee and the owner's ceiling", async (t) => {
  const scene = await openScene()
  t.teardown(() => scene.venue.close())
  const { venue, keys } = scene
  const settler = venue.anvil.wallets[0].address.toLowerCase()
  const paid = async (
    makerFields: Partial<Order>,
    takerFields: Partial<Order>,
    fills: number[],
    nonce: number
  ): Promise<[number, number]> => {
    const maker = scene.sealed(
      'alice',
      scene.sell('alice', { nonce, quantity: 9000, ...makerFields })
    )
    const taker = scene.sealed('bob', scene.buy('bob', { nonce, quantity: 9000, ...takerFields }))
    const before = await venue.balance(keys.alice.address, 1)
    const earned = await venue.balance(settler, 1)
    await venue.settle(
      await venue.seal(
        content(scene.groups(maker, taker), [
          {
            taker: taker.order,
            fills: fills.map((lots) => ({ maker: maker.order, lots, price: 200 }))
          }
        ])
      )
    )
    const gross = fills.reduce((sum, lots) => sum + lots * 200 * 10, 0)
    const makerFee = gross - ((await venue.balance(keys.alice.address, 1)) - before)
    return [makerFee, (await venue.balance(settler, 1)) - earned - makerFee]
  }
  // 2,000 quanta a lot; the maker pays 2, the taker 5 basis points of each fill, at least 3.
  t.alike(await paid({}, {}, [9], 100), [3, 9], 'floor of 3.6, floor of 9')
  t.alike(await paid({}, {}, [3, 3, 3], 101), [3, 9], 'each fill floored: 1.2 and 3, three times')
  t.alike(await paid({}, {}, [1], 102), [0, 3], 'the least fee of a command')
  t.alike(await paid({}, { feeMax: 2 }, [9], 103), [3, 2], 'no more than the taker allowed')
  t.alike(await paid({ feeMax: 1 }, {}, [3, 3, 3], 104), [1, 9], 'nor the maker, in all')
  t.alike(await paid({ feeMax: 0 }, { feeMax: 0 }, [9], 105), [0, 0])
  t.is(Number(fillFee(18_000n, 2)), 3)
  t.is(Number(fillFee(18_000n, 5)), 9)
})

test('settle - an order that takes and then makes shares one ceiling of fees', async (t) => {
  const scene = await openScene()
  t.teardown(() => scene.venue.close())
  const { venue, keys } = scene
  const first = scene.sealed('alice', scene.sell('alice', { nonce: 10 }))
  // Bob's gtc takes four lots of alice, then rests, and carol takes five of him.
  const both = scene.sealed(
    'bob',
    scene.buy('bob', { nonce: 11, timeInForce: 'gtc', slot: 2, quantity: 9, feeMax: 5 })
  )
  const last = scene.sealed(
    'carol',
    scene.sell('carol', { nonce: 12, price: 205, timeInForce: 'ioc' })
  )
  const before = await venue.balance(keys.bob.address, 1)
  await venue.settle(
    await venue.seal(
      content(scene.groups(first, both, last), [
        { taker: both.order, fills: [{ maker: first.order, lots: 4, price: 200 }] },
        { taker: last.order, fills: [{ maker: both.order, lots: 5, price: 210 }] }
      ])
    )
  )
  // Taker's part floor(4) = 4, maker's part floor(2.1) = 2: together 6, of which 5 are allowed.
  t.is(before - (await venue.balance(keys.bob.address, 1)), 8000 + 10_500 + 5)
  t.alike((await venue.vault.markOf(keys.bob.address, 2)).map(Number), [11, 9])
})

test('settle - co-signed accounts, order sides and withdrawals in one batch', async (t) => {
  const scene = await openScene()
  t.teardown(() => scene.venue.close())
  const { venue, keys } = scene
  // Alice (co-signed) sold 3 lots to carol (co-signed), 4 to bob and bought 2 of dave at 199.
  const bob = scene.sealed('bob', scene.buy('bob', { nonce: 7 }))
  const dave = scene.sealed('dave', scene.sell('dave', { nonce: 8, price: 199, slot: 6 }))
  const groups = [
    ...scene.groups(bob, dave),
    await scene.cosigned('alice', {
      deltas: [-5000, 6000 + 8000 - 3980 - 3],
      sequence: 12,
      floor: 4,
      marks: [mark(0, 9, 2), mark(300, 10, 5)]
    }),
    await scene.cosigned('carol', { deltas: [3000, -6003], floor: 20 })
  ]
  const ref = (name: 'alice' | 'carol', nonce: number): { account: string; nonce: number } => ({
    account: keys[name].address,
    nonce
  })
  const cosigned = new Set([keys.alice.address, keys.carol.address])
  const sweeps = sweepsOf(
    [
      { maker: ref('alice', 10), taker: ref('carol', 1), lots: 3, price: 200 },
      { maker: ref('alice', 10), taker: bob.order, lots: 4, price: 200 },
      { maker: dave.order, taker: ref('alice', 12), lots: 2, price: 199 }
    ],
    (account) => cosigned.has(account)
  )
  t.alike(sweeps, [
    { taker: bob.order, fills: [{ maker: null, lots: 4, price: 200 }] },
    { taker: null, fills: [{ maker: dave.order, lots: 2, price: 199 }] }
  ])
  const withdrawals = [
    scene.withdrawal('carol', { quanta: 2000, nonce: 5 }),
    scene.withdrawal('carol', { quanta: 99_999_999, nonce: 6 }),
    scene.withdrawal('carol', { token: 2, quanta: 1, nonce: 1 })
  ]
  const receipt = await venue.settle(await venue.seal(content(groups, sweeps, withdrawals)))
  const balances = async (name: 'alice' | 'bob' | 'carol' | 'dave'): Promise<number[]> => [
    await venue.balance(keys[name].address, 0),
    await venue.balance(keys[name].address, 1)
  ]
  const start = 10_000_000
  t.alike(await balances('alice'), [start - 5000, start + 10_017])
  t.alike(await balances('bob'), [start + 4000, start - 8000 - 4])
  t.alike(await balances('carol'), [0, start - 6003], 'as much as there was')
  t.alike(await balances('dave'), [start - 2000, start + 3980])
  t.is(await venue.balance(keys.carol.address, 2), start - 1)
  t.alike((await venue.vault.claimableOf(keys.carol.address, 0)).map(Number), [start + 3000, 6])
  const alice = await venue.vault.accountOf(keys.alice.address)
  t.alike([alice.sequence, alice.floor].map(Number), [12, 4])
  t.alike(await marks(scene, 0), [9, 2])
  t.alike(await marks(scene, 300), [10, 5])
  const [event] = receipt.logs.map((log) => vaultInterface.parseLog(log))
  t.is(event?.name, 'BatchSettled')
  // 3 of carol, 4 of bob, 3 of alice, and the maker's 0.
  t.alike(event?.args.fees.map(Number), [0, 10])

  await venue.settle(
    await venue.seal(
      content([
        await scene.cosigned('alice', {
          sequence: 1,
          floor: 1,
          marks: [mark(0, 9, 1), mark(300, 3, 3)]
        })
      ])
    )
  )
  const again = await venue.vault.accountOf(keys.alice.address)
  t.alike([again.sequence, again.floor].map(Number), [12, 4], 'nothing falls')
  t.alike(await marks(scene, 0), [9, 2])
  t.alike(await marks(scene, 300), [10, 5])
})

test('settle - bulk signatures of every height, alone and sharing a root', async (t) => {
  const scene = await openScene()
  t.teardown(() => scene.venue.close())
  const { venue, keys } = scene
  let nonce = 10
  for (let height = 1; height <= 8; height++) {
    const orders = Array.from({ length: Math.min(2 ** height, 5) }, (_, index) =>
      scene.sell('alice', { nonce: ++nonce, slot: index + 1, quote: true, quantity: 2 })
    )
    const [signature, proofs] = venue.signBulk(keys.alice, orders, height)
    const makers = orders.map((order, index) => ({
      order,
      restingPrice: order.price,
      proof: proofs[index],
      signature
    }))
    const taker = scene.sealed('bob', scene.buy('bob', { nonce }))
    const fills = orders.map((maker) => ({ maker, lots: 1, price: 200 }))
    const batch = content(scene.groups(...makers, taker), [{ taker: taker.order, fills }])
    const sealed = await venue.seal(batch)
    const wrong = { ...makers[0], proof: { ...proofs[0], index: 1 } }
    const forged = content(scene.groups(wrong, ...makers.slice(1), taker), batch.sweeps)
    t.is(await venue.refusal(await venue.seal(forged)), 'NotAuthorised', 'another place')
    if (makers.length > 1) {
      const odd = {
        ...makers[1],
        proof: { ...proofs[1], siblings: proofs[1].siblings.map((s) => s.toReversed()) }
      }
      const mixed = content(scene.groups(makers[0], odd, ...makers.slice(2), taker), batch.sweeps)
      t.is(await venue.refusal(await venue.seal(mixed)), 'BadSignature', 'another root')
    }
    await venue.settle(sealed)
    t.alike(await marks(scene, 2), [nonce - orders.length + 2, 1], `height ${height}`)
  }
})

test('settle - delegates sign what they were given, while they were', async (t) => {
  const scene = await openScene()
  t.teardown(() => scene.venue.close())
  const { venue, keys } = scene
  const { anvil } = venue
  // The first funded wallet is the account, dave its delegate.
  const account = anvil.wallets[0].address.toLowerCase()
  await venue.fund(account, 0, 1_000_000)
  await venue.fund(account, 2, 1_000_000)
  let nonce = 0
  const order = async (market: number): Promise<string | null> => {
    nonce++
    const sold = { ...scene.sell('dave', { nonce, market }), account }
    const maker = { ...scene.sealed('dave', sold) }
    const taker = scene.sealed('bob', scene.buy('bob', { nonce, market }))
    return venue.refusal(await venue.seal(scene.trade(maker, taker, 1)))
  }
  const delta = async (): Promise<string | null> => {
    const { index, link } = await venue.last()
    const signed = {
      batch: index + 1,
      parent: link,
      account,
      deltas: [-1],
      sequence: 0,
      floor: 0,
      marks: []
    }
    const signature = venue.signDelta(keys.dave, signed)
    return venue.refusal(
      await venue.seal(content([{ kind: 'cosigned', delta: signed, signature }]))
    )
  }
  const grant = (market: string, cosign: boolean, from: number, until: number): Promise<unknown> =>
    anvil.mined(venue.vault.setDelegate(keys.dave.address, market, cosign, from, until))
  const { exitDelay, grace } = venue.terms
  const far = 4_000_000_000

  t.is(await order(0), 'NotAuthorised', 'not yet a delegate')
  await grant(venue.marketHash(0), false, 0, far)
  t.is(await order(0), null, 'one market')
  t.is(await order(1), 'NotAuthorised', 'and no other')
  t.is(await delta(), 'NotAuthorised', 'no net deltas')
  await grant(ZeroHash, true, (await anvil.time()) + 1000, far)
  t.is(await order(1), 'NotAuthorised', 'a right that has not begun')
  await anvil.increaseTime(1000)
  t.is(await order(1), null, 'all markets')
  t.is(await delta(), null, 'and net deltas')
  const withdrawal = { ...scene.withdrawal('dave', { account }), account }
  t.is(
    await venue.refusal(await venue.seal(content([], [], [withdrawal]))),
    'NotAuthorised',
    'never a withdrawal'
  )

  await grant(ZeroHash, false, 0, 0)
  t.is(await delta(), null, 'a revocation waits')
  await grant(ZeroHash, false, 0, far)
  await anvil.increaseTime(10)
  await grant(ZeroHash, false, 0, 0)
  t.is(await delta(), null, 'a second one does not forget the first')
  await anvil.increaseTime(exitDelay - 100)
  t.is(await order(1), null)
  await anvil.increaseTime(200)
  t.is(await order(1), 'NotAuthorised', 'and then it holds')
  t.is(await delta(), 'NotAuthorised')
  t.is(await order(0), null, 'the one market stays')

  const until = (await anvil.time()) + 100
  await grant(ZeroHash, true, 0, until)
  await anvil.increaseTime(grace)
  t.is(await delta(), null, 'past its end, within grace')
  await anvil.increaseTime(200)
  t.is(await delta(), 'NotAuthorised', 'past its grace')
})

async function marks(scene: Scene, slot: number): Promise<number[]> {
  return (await scene.venue.vault.markOf(scene.keys.alice.address, slot)).map(Number)
}

test('settle - a quorum attests, however many validators there are', async (t) => {
  const anvil = await startAnvil()
  t.teardown(() => anvil.close())
  for (const validators of [1, 2, 3, 4, 5, 32]) {
    const venue = await VaultVenue.open({ anvil, validators })
    const listed: string[] = await venue.vault.validators()
    t.alike(
      listed.map((address) => address.toLowerCase()),
      venue.terms.validators,
      `${validators} validators`
    )
    const { threshold } = venue.terms
    const last = Array.from({ length: threshold }, (_, place) => validators - threshold + place)
    const attested = await venue.seal(content([]), { signers: last })
    t.is(await venue.refusal(attested), null, 'the last of them are a quorum')
    const short = await venue.seal(content([]), { signers: last.slice(1) })
    t.is(await venue.refusal(short), 'BadAttestation', 'one fewer are none')
    const early = { signers: last, sealedAt: await anvil.time() }
    const stranger = await venue.refusal(await venue.seal(content([]), early))
    t.is(stranger, 'SettlerWindow', 'a stranger waits')
    const settler = venue.validators[validators - 1].address
    t.is(await venue.refusal(await venue.seal(content([]), early), settler), null, 'they do not')
  }
})
