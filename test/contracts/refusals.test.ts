// Each rule of `settle` broken alone, against a batch that is right otherwise.
import test from 'brittle'
import { encodeContent, type BatchContent } from '../../contracts/batch.ts'
import type { Order } from '../../protocol/types.ts'
import { content, mark, openScene, type Scene } from './scene.ts'

/** Half the order of secp256k1, and one more. */
const highS = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a1n

async function refuses(
  t: { is(actual: unknown, expected: unknown, message: string): void },
  scene: Scene,
  error: string | null,
  batch: BatchContent | Uint8Array,
  message: string
): Promise<void> {
  t.is(await scene.venue.refusal(await scene.venue.seal(batch)), error, `${message}: ${error}`)
}

test('settle - refuses orders that their owners did not allow', async (t) => {
  const scene = await openScene()
  t.teardown(() => scene.venue.close())
  const { venue, keys } = scene
  const time = await venue.anvil.time()
  const maker = scene.sell('alice', { nonce: 20, slot: 1 })
  const taker = scene.buy('bob', { nonce: 30 })
  // Alice's floor is 10, bob's sequence 25; alice's slot 2 knows nonce 19 with 10 lots filled.
  await venue.settle(
    await venue.seal(
      content([
        await scene.cosigned('alice', { floor: 10, marks: [mark(2, 19, 10)] }),
        await scene.cosigned('bob', { sequence: 25 })
      ])
    )
  )
  const sold = (fields: Partial<Order>): BatchContent =>
    scene.trade(
      scene.sealed('alice', { ...maker, ...fields }),
      scene.sealed('bob', taker),
      Math.min(4, fields.quantity ?? 4)
    )
  const bought = (fields: Partial<Order>): BatchContent =>
    scene.trade(
      scene.sealed('alice', maker),
      scene.sealed('bob', { ...taker, ...fields }),
      Math.min(4, fields.quantity ?? 4)
    )
  const refusals: [string | null, BatchContent, string][] = [
    [null, sold({}), 'as it should be'],
    ['BelowFloor', sold({ nonce: 9 }), 'a nonce below the floor'],
    [null, sold({ nonce: 10 }), 'a nonce at the floor'],
    ['SequenceUsed', bought({ nonce: 25 }), 'an ioc at the sequence'],
    ['SequenceUsed', bought({ nonce: 25, timeInForce: 'fok' }), 'a fok at the sequence'],
    [null, bought({ nonce: 26 }), 'an ioc above the sequence'],
    [null, bought({ nonce: 25, timeInForce: 'gtc', slot: 9 }), 'a gtc knows no sequence'],
    [
      null,
      bought({ nonce: 25, slot: 9, trigger: { kind: 'stop', price: 199 } }),
      'a triggered ioc has a mark'
    ],
    ['SlotTaken', sold({ nonce: 18, slot: 2 }), 'a slot that knows a greater nonce'],
    ['Overfilled', sold({ nonce: 19, slot: 2 }), 'lots that were filled before'],
    ['InvalidOrder', bought({ slot: 1 }), 'an ioc in a slot'],
    ['InvalidOrder', sold({ quantity: 0 }), 'no quantity'],
    ['InvalidOrder', sold({ quantity: 2 ** 30 }), 'more than a mark can count'],
    ['InvalidOrder', sold({ price: 0 }), 'a price of zero'],
    ['Expired', sold({ expiry: time - venue.terms.grace - 100 }), 'past expiry and grace'],
    [null, sold({ expiry: time - venue.terms.grace + 100 }), 'past expiry, within grace'],
    ['NotAuthorised', sold({ feeMax: 7 }), 'another order than the one signed'],
    ['CannotTrade', bought({ price: 199 }), 'prices that do not cross'],
    ['CannotTrade', bought({ side: 'sell', price: 190 }), 'two sells'],
    ['CannotTrade', bought({ market: 1 }), 'two markets'],
    ['CannotTrade', bought({ postOnly: 'reject' }), 'a post-only order that takes'],
    ['CannotTrade', sold({ timeInForce: 'ioc', slot: 0 }), 'an ioc that rests'],
    [
      'CannotTrade',
      scene.trade(
        scene.sealed('alice', maker),
        scene.sealed('alice', { ...taker, account: keys.alice.address }),
        4
      ),
      'an account with itself'
    ],
    [
      'Overfilled',
      scene.trade(scene.sealed('alice', maker), scene.sealed('bob', taker), 11),
      'more lots than the order has'
    ],
    [
      'Overfilled',
      scene.trade(scene.sealed('alice', maker), scene.sealed('bob', taker), 0),
      'a fill of nothing'
    ],
    [
      'InsufficientBalance',
      scene.trade(
        scene.sealed('alice', { ...maker, quantity: 20_000 }),
        scene.sealed('bob', { ...taker, quantity: 20_000 }),
        20_000
      ),
      'more than the balance'
    ]
  ]
  // What is changed after signing is another order.
  const [, forged] = refusals[16]
  for (const group of forged.groups) {
    if (group.kind === 'orders' && group.account === keys.alice.address) {
      group.orders[0].order.feeMax = 8
    }
  }
  for (const [error, batch, message] of refusals) await refuses(t, scene, error, batch, message)
})

test('settle - refuses sweeps, co-signatures and sums that do not fit', async (t) => {
  const scene = await openScene()
  t.teardown(() => scene.venue.close())
  const { venue } = scene
  const maker = scene.sealed('alice', scene.sell('alice', { nonce: 20 }))
  const taker = scene.sealed('bob', scene.buy('bob', { nonce: 30 }))
  const other = scene.sealed('carol', scene.sell('carol', { nonce: 5 }))
  const fill = { maker: maker.order, lots: 2, price: 200 }
  const groups = scene.groups(maker, taker)

  await refuses(
    t,
    scene,
    'CannotTrade',
    content(groups, [
      { taker: taker.order, fills: [fill] },
      { taker: taker.order, fills: [fill] }
    ]),
    'an order that takes twice'
  )
  await refuses(
    t,
    scene,
    'NotFilled',
    content(scene.groups(maker, taker, other), [{ taker: taker.order, fills: [fill] }]),
    'an order without a fill'
  )
  const halves = (price: number): BatchContent =>
    content(groups, [{ taker: taker.order, fills: [fill, { maker: null, lots: 1, price }] }])
  await refuses(t, scene, 'BeyondLimit', halves(211), 'a co-signed maker beyond the limit')
  await refuses(t, scene, 'BeyondLimit', halves(0), 'a co-signed maker at no price')
  await refuses(t, scene, 'NotConserved', halves(210), 'lots out of nothing')
  await refuses(
    t,
    scene,
    'CannotTrade',
    content(groups, [
      { taker: null, fills: [{ maker: taker.order, lots: 1, price: 210 }] },
      { taker: taker.order, fills: [fill] }
    ]),
    'an ioc as the maker of a co-signed taker'
  )

  const slid = (postOnly: Order['postOnly'], restingPrice: number): BatchContent =>
    scene.trade(
      scene.sealed('alice', scene.sell('alice', { nonce: 21, postOnly }), { restingPrice }),
      taker,
      1
    )
  await refuses(t, scene, null, slid('slide', 205), 'a post-only order that slid away')
  await refuses(t, scene, 'BeyondLimit', slid('slide', 199), 'a slide beyond the limit')
  await t.exception.all(
    () => encodeContent(slid('reject', 205), venue.markets),
    'only slides rest elsewhere'
  )

  const pair = async (alice: number[], bob: number[]): Promise<BatchContent> =>
    content([
      await scene.cosigned('alice', { deltas: alice }),
      await scene.cosigned('bob', { deltas: bob })
    ])
  await refuses(t, scene, null, await pair([-5, 7], [5, -8]), 'what is left over is the fee')
  await refuses(t, scene, 'NotConserved', await pair([-5, 8], [5, -7]), 'more than was taken')
  await refuses(
    t,
    scene,
    'InsufficientBalance',
    await pair([0, 0, -10_000_001], [0, 0, 10_000_001]),
    'more than a balance beside the account word'
  )
  const { index } = await venue.last()
  await refuses(
    t,
    scene,
    'NotAuthorised',
    content([await scene.cosigned('alice', { batch: index + 2, floor: 9 })]),
    'a co-signature of another batch'
  )
  await refuses(
    t,
    scene,
    'NotAuthorised',
    content([await scene.cosigned('alice', { parent: new Uint8Array(24).fill(1), floor: 9 })]),
    'a co-signature upon another parent'
  )

  const withdraw = (fields: object): BatchContent =>
    content([], [], [scene.withdrawal('alice', fields)])
  await refuses(t, scene, null, withdraw({}), 'a withdrawal')
  await refuses(
    t,
    scene,
    'NotAuthorised',
    withdraw({ account: scene.keys.bob.address }),
    'of another'
  )
  await refuses(t, scene, 'Expired', withdraw({ expiry: 1 }), 'a withdrawal past its expiry')
  await refuses(t, scene, 'WithdrawalUsed', withdraw({ nonce: 0 }), 'a nonce that is not greater')
  await refuses(t, scene, 'UnknownToken', rawToken(encodeContent(withdraw({}), venue.markets)), '')
  const twice = [scene.withdrawal('alice', {}), scene.withdrawal('alice', {})]
  await refuses(t, scene, 'WithdrawalUsed', content([], [], twice), 'the same twice')
})

test('settle - refuses bytes that the layout does not know', async (t) => {
  const scene = await openScene()
  t.teardown(() => scene.venue.close())
  const { venue } = scene
  const maker = scene.sealed('alice', scene.sell('alice', { nonce: 20 }))
  const taker = scene.sealed('bob', scene.buy('bob', { nonce: 30 }))
  const batch = scene.trade(maker, taker, 4)
  const bytes = encodeContent(batch, venue.markets)
  // One market, then two groups of one order, 117 bytes each.
  const first = 1 + 27 + 2
  const groupBytes = 20 + 1 + 2 + 30 + 64
  const second = first + groupBytes
  const flags = first + 23
  const signature = flags + 30
  const sweeps = second + groupBytes
  const cases: [string, Uint8Array, string][] = [
    ['Malformed', Uint8Array.from([...bytes, 0]), 'a byte too many'],
    ['Malformed', bytes.slice(0, -1), 'a byte too few'],
    ['Malformed', edit(bytes, first + 20, [2]), 'a kind of group that does not exist'],
    ['Malformed', edit(bytes, first + 21, [0, 0]), 'a group without orders'],
    ['Malformed', edit(bytes, flags, [0x20]), 'an unknown flag'],
    ['Malformed', edit(bytes, flags + 1, [0x06]), 'a fourth time in force'],
    ['Malformed', edit(bytes, flags + 1, [0x18]), 'a fourth post-only'],
    ['Malformed', edit(bytes, flags, [0x06]), 'a third trigger'],
    ['Malformed', edit(bytes, flags, [0x10]), 'a shared root without a tree'],
    ['Malformed', edit(bytes, sweeps + 4, [0, 0]), 'a sweep without fills'],
    ['UnknownMarket', edit(bytes, flags + 2, [1]), 'a market that is not listed'],
    ['UnknownMarket', edit(bytes, 1, [1]), 'a token against itself'],
    ['UnknownMarket', edit(bytes, 1, [9]), 'a market of an unknown token'],
    ['UnknownOrder', edit(bytes, sweeps + 2, [0, 2]), 'a taker that is not listed'],
    ['UnknownOrder', edit(bytes, sweeps + 6, [0, 2]), 'a maker that is not listed'],
    ['AccountsNotAscending', swap(bytes, first, second, groupBytes), 'accounts out of order'],
    ['AccountsNotAscending', copy(bytes, first, second, groupBytes), 'an account twice'],
    ['AccountsNotAscending', edit(bytes, first, Array<number>(20).fill(0)), 'the zero account'],
    ['BadSignature', edit(bytes, signature, Array<number>(32).fill(0)), 'no signer at all'],
    ['BadSignature', edit(bytes, signature + 32, bigBytes(highS)), 'a high s']
  ]
  for (const [error, changed, message] of cases) await refuses(t, scene, error, changed, message)

  const two = [maker, scene.sealed('alice', scene.sell('alice', { nonce: 21, slot: 3 })), taker]
  const fills = [maker, two[1]].map(({ order }) => ({ maker: order, lots: 2, price: 200 }))
  const listed = content(scene.groups(...two), [{ taker: taker.order, fills }])
  await refuses(t, scene, null, listed, 'two orders of one account')
  const listedBytes = encodeContent(listed, venue.markets)
  const at = scene.keys.alice.address < scene.keys.bob.address ? first : second
  const doubled = copy(listedBytes, at + 23, at + 23 + 94, 94)
  await refuses(t, scene, 'OrdersNotAscending', doubled, 'an order twice')

  const marked = content([await scene.cosigned('alice', { marks: [mark(3, 1, 1), mark(4, 1, 1)] })])
  const markedBytes = encodeContent(marked, venue.markets)
  const marks = 1 + 2 + 21 + 13
  await refuses(t, scene, 'Malformed', copy(markedBytes, marks, marks + 11, 11), 'a slot twice')
  await refuses(t, scene, 'Malformed', edit(markedBytes, 1 + 2 + 21, [4]), 'too many deltas')
})

test('settle - refuses a batch that is not the next, or not attested', async (t) => {
  const scene = await openScene()
  t.teardown(() => scene.venue.close())
  const { venue } = scene
  const batch = content([await scene.cosigned('alice', { floor: 5 })])
  const sealed = await venue.seal(batch)
  const refusal = (changes: object): Promise<string | null> =>
    venue.refusal({ ...sealed, ...changes })
  t.is(await refusal({}), null)
  t.is(await refusal({ index: 2 }), 'WrongIndex')
  t.is(await refusal({ index: 0 }), 'WrongIndex')
  t.is(await refusal({ sealedAt: sealed.sealedAt - 1 }), 'BadAttestation')
  t.is(await refusal({ sealedAt: 2 ** 40 }), 'SettlerWindow')
  t.is(await refusal({ content: encodeContent(content([]), venue.markets) }), 'BadAttestation')
  t.is(await refusal({ attestations: venue.attest(sealed, [0, 1]) }), 'BadAttestation', 'two of 4')
  t.is(await refusal({ attestations: venue.attest(sealed, [1, 2, 3]) }), null, 'any three')
  t.is(await refusal({ attestations: venue.attest(sealed, [0, 1, 2, 3]) }), null, 'all four')
  const attested = sealed.attestations
  t.is(await refusal({ attestations: new Uint8Array(3) }), 'BadAttestation')
  t.is(await refusal({ attestations: edit(attested, 3, [0x17]) }), 'BadAttestation', 'a fifth')
  t.is(await refusal({ attestations: edit(attested, 3, [0x0b]) }), 'BadAttestation', 'another')
  t.is(await refusal({ attestations: Uint8Array.from([...attested, 0]) }), 'BadAttestation')
  t.is(await refusal({ attestations: copy(attested, 4, 68, 64) }), 'BadAttestation', 'one twice')
  const unlinked = { ...sealed, parent: new Uint8Array(24).fill(7) }
  t.is(await refusal({ attestations: venue.attest(unlinked, [0, 1, 2]) }), 'BadAttestation')

  const fresh = await venue.seal(batch, { sealedAt: await venue.anvil.time() })
  t.is(await venue.refusal(fresh), 'SettlerWindow', 'too early for a stranger')
  const [{ address }] = venue.validators
  t.is(await venue.refusal(fresh, address), null, 'a validator may')
  await venue.anvil.increaseTime(venue.terms.settlerWindow)
  t.is(await venue.refusal(fresh), null, 'later anyone may')

  await venue.settle(fresh)
  t.is(await venue.refusal(fresh), 'WrongIndex', 'nothing settles twice')
})

function rawToken(bytes: Uint8Array): Uint8Array {
  // No markets, groups or sweeps; one withdrawal: its account, then the token.
  return edit(bytes, 1 + 2 + 2 + 2 + 20, [3])
}

function edit(bytes: Uint8Array, at: number, values: readonly number[]): Uint8Array {
  const changed = bytes.slice()
  changed.set(values, at)
  return changed
}

function copy(bytes: Uint8Array, from: number, to: number, size: number): Uint8Array {
  return edit(bytes, to, [...bytes.subarray(from, from + size)])
}

function swap(bytes: Uint8Array, a: number, b: number, size: number): Uint8Array {
  return edit(copy(bytes, a, b, size), a, [...bytes.subarray(b, b + size)])
}

function bigBytes(value: bigint): number[] {
  return [...Buffer.from(value.toString(16).padStart(64, '0'), 'hex')]
}
