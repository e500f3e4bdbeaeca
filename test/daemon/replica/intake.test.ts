import test from 'brittle'
import { Intake } from '../../../daemon/replica/intake.ts'
import { LaneMaker } from '../../helpers/tape-maker.ts'
import { createBench, linkEntry } from './helpers.ts'

test('intake - what the engine has taken is not prepared by a late arrival, only when asked for', async (t) => {
  const bench = await createBench(['alice'])
  const lane = new LaneMaker(bench.maker.venue, 60)
  const { blocks } = lane.grow([linkEntry(bench, 'alice', lane, 1)])
  let checked = 0
  const intake = new Intake({
    context: {
      hasher: { batchLink: () => new Uint8Array(24), voidLink: () => new Uint8Array(24) },
      opens: () => true
    },
    signers: async (_lane, given) => {
      checked += given.length
      return given.map(() => [null, null])
    },
    onundecodable: () => t.fail('every block decodes')
  })
  intake.arrived(lane.lane, blocks)
  await intake.ready(lane.lane, blocks)
  const prepared = intake.take(blocks)
  t.is(prepared?.flat().length, 2, 'an open and a link')
  intake.taken([blocks])
  t.is(intake.take(blocks), null)
  intake.arrived(lane.lane, blocks)
  t.is(checked, 1)
  await intake.ready(lane.lane, blocks)
  t.alike(intake.take(blocks), prepared)
  t.is(checked, 2)
})
