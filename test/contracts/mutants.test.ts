// The hostile quorum: every byte of a valid batch changed in turn, and attested by all validators.
// What the vault still accepts must be what docs/settlement.md says that a quorum can do, and even
// then no owner may get less than he signed for.
import test from 'brittle'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { encodeContent, type SealedOrder } from '../../contracts/batch.ts'
import type { Order } from '../../protocol/types.ts'
import type { VaultVenue } from '../helpers/vault.ts'
import { fieldsOf } from './layout.ts'
import { randomFrom } from './random.ts'
import { content, mark, openScene, type Scene } from './scene.ts'

const long = process.env.TEST_LONG !== undefined

test('vault - accepts no mutant that a quorum may not make', { timeout: 1_800_000 }, async (t) => {
  const scene = await openScene({ validators: 1 })
  t.teardown(() => scene.venue.close())
  const { venue } = scene
  const orders = ordersOf(scene)
  const batch = await batchOf(scene, orders)
  const bytes = encodeContent(batch, venue.markets)
  const fields = fieldsOf(bytes)
  t.is(fields.length, bytes.length, 'the layout names every byte')
  t.is(await venue.refusal(await venue.seal(bytes)), null, 'the batch itself is right')
  const allowed = quorumsFreedom()
  const random = randomFrom(1)
  const accepted = new Map<string, number>()
  let tried = 0
  for (let at = 0; at < bytes.length; at++) {
    const masks = long ? [1, 2, 4, 8, 16, 32, 64, 128, 255] : [1, 1 + random(255)]
    for (const mask of new Set(masks)) {
      const mutant = bytes.slice()
      mutant[at] ^= mask
      tried++
      const sealed = await venue.seal(mutant)
      if ((await venue.refusal(sealed)) !== null) continue
      const field = fields[at]
      accepted.set(field, (accepted.get(field) ?? 0) + 1)
      if (!allowed.has(field)) t.fail(`byte ${at} (${field}) ^ ${mask} is accepted`)
      const id = await venue.anvil.snapshot()
      const before = await balances(venue, orders)
      await venue.settle(sealed)
      const after = await balances(venue, orders)
      for (const [place, { order }] of orders.entries()) {
        if (!isFair(venue, order, before[place], after[place])) {
          t.fail(`byte ${at} (${field}) ^ ${mask} robs ${order.account}`)
        }
      }
      await venue.anvil.revert(id)
    }
  }
  t.comment(`${tried} mutants, accepted: ${JSON.stringify(Object.fromEntries(accepted))}`)
  t.ok(accepted.size > 0, 'a quorum is free in something, or this test sees nothing')
})

/** One order for each account, so that what its owner has afterwards tells what it did. */
function ordersOf(scene: Scene): SealedOrder[] {
  const { venue, keys } = scene
  const [resting, other] = [
    scene.sell('carol', { nonce: 9, slot: 3 }),
    scene.sell('carol', { nonce: 10, slot: 4 })
  ]
  const [signature, proofs] = venue.signBulk(keys.carol, [resting, other], 1)
  return [
    { order: resting, restingPrice: 200, proof: proofs[0], signature },
    scene.sealed('dave', scene.sell('dave', { nonce: 4, slot: 70, postOnly: 'slide' }), {
      restingPrice: 205
    }),
    scene.sealed('bob', scene.buy('bob', { nonce: 8, trigger: { kind: 'stop', price: 190 } }))
  ]
}

async function batchOf(
  scene: Scene,
  [carol, dave, bob]: SealedOrder[]
): Promise<ReturnType<typeof content>> {
  const alice = await scene.cosigned('alice', {
    deltas: [-1000, 2000, -1],
    sequence: 3,
    floor: 2,
    marks: [mark(0, 5, 1), mark(9, 6, 2)]
  })
  return content(
    [...scene.groups(carol, dave, bob), alice],
    [
      {
        taker: bob.order,
        fills: [
          { maker: carol.order, lots: 3, price: 200 },
          { maker: dave.order, lots: 2, price: 205 },
          { maker: null, lots: 1, price: 207 }
        ]
      }
    ],
    [scene.withdrawal('alice', { quanta: 77 })]
  )
}

function balances(venue: VaultVenue, orders: readonly SealedOrder[]): Promise<number[][]> {
  return Promise.all(
    orders.map(({ order }) =>
      Promise.all([0, 1, 2].map((token) => venue.balance(order.account, token)))
    )
  )
}

/** Whether the change is one that the order's owner signed: whole lots up to the quantity, at the
 * limit or better, fees up to the ceiling, and nothing else. */
function isFair(venue: VaultVenue, order: Order, before: number[], after: number[]): boolean {
  const terms = venue.markets[order.market]
  const way = order.side === 'buy' ? 1 : -1
  const lots = (way * (after[0] - before[0])) / terms.lotSize
  const quote = after[1] - before[1]
  return (
    Number.isInteger(lots) &&
    lots >= 0 &&
    lots <= order.quantity &&
    quote >= -way * lots * order.price * terms.tickValue - order.feeMax &&
    after[2] === before[2]
  )
}

/** The fields that docs/settlement.md lists as the quorum's to choose. */
function quorumsFreedom(): Set<string> {
  const file = path.join(import.meta.dirname, '../../docs/settlement.md')
  const [, section] = readFileSync(file, 'utf8').split('## What a dishonest quorum can do')
  return new Set([...section.matchAll(/^- `([^`]+)`/gm)].map(([, field]) => field))
}
