// Whoever lies pays for it, and not who passes a lie on.
import test from 'brittle'
import { encodeMessage, laneMessageTypes } from '../../../daemon/lanes/messages.ts'
import type { Certificate } from '../../../daemon/lanes/types.ts'
import { toHex } from '../../../protocol/bytes.ts'
import { World, daemonKeys, entry } from './world.ts'

/** No validator. */
const TRADER = 9

function falseCertificate(lane: Uint8Array): Certificate {
  const acks = [0, 1, 2].map((validator) => ({ validator, signature: new Uint8Array(64).fill(7) }))
  return { lane, length: 1_000_000, treeHash: new Uint8Array(32).fill(7), acks }
}

test('lane blame - a false certificate goes no further than to whom it was given', async (t) => {
  const world = new World()
  const [a, b, c] = await world.venue()
  world.start(TRADER)
  for (let i = 0; i < 4; i++) world.connect(TRADER, i)
  await world.run(50)
  const trader = world.daemons[TRADER]
  trader.lanes.offer(entry(1))
  await world.run(200)
  const head = b.head(trader.key)
  const { payload } = encodeMessage({
    kind: 'certificate',
    certificate: falseCertificate(head.lane)
  })
  // The lane's owner to one validator, another validator to it as well.
  world.inject(TRADER, 1, laneMessageTypes.certificate, payload)
  world.inject(0, 1, laneMessageTypes.certificate, payload)
  const to = toHex(daemonKeys(2).publicKey)
  for (let i = 0; i < 3; i++) {
    b.lanes.reads.forward(trader.key, 0, head.length, head.treeHash, to)
    await world.run(20)
    c.lanes.reads.certified(trader.key, 0)
  }
  t.alike(c.misbehaviour, [], 'who forwards is not blamed')
  t.is(c.lanes.reads.certified(trader.key, 0)[0].length, head.length, 'the genuine one goes on')
  t.alike(
    b.misbehaviour.map(({ peer }) => peer).sort(),
    [a.id, trader.id].sort(),
    'their authors are'
  )
})
