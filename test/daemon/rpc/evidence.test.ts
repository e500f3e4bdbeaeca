import test from 'brittle'
import { executedEvidence, laneEvidence, validatorEvidence } from '../../../daemon/rpc/evidence.ts'
import { blockAt, Committee, genesis } from '../consensus/committee.ts'

const four = new Committee(4)
const keys = Array.from({ length: 4 }, (_, i) => new Uint8Array(32).fill(0xa0 + i))
const one = blockAt(1, genesis)
const other = blockAt(1, genesis, 1)

test('evidence - a validator is named by its key, with what it did and where', (t) => {
  const evidence = four.offences(one, other, genesis, [2, 3])
  t.alike(validatorEvidence(evidence, keys), [
    {
      kind: 'double_proposal',
      by: 'a1'.repeat(32),
      detail: 'proposed two blocks at height 1'
    },
    { kind: 'double_vote', by: 'a2'.repeat(32), detail: 'voted for two blocks at height 1' },
    {
      kind: 'finalize_and_nullify',
      by: 'a3'.repeat(32),
      detail: 'finalized and nullified at height 1'
    }
  ])
})

test('evidence - engines that differ are shown with what each signed', (t) => {
  const notes = [0, 3].map((validator) =>
    four.authority(validator).signExecuted(validator, {
      executed: { index: 7, eventHash: new Uint8Array(32).fill(validator) },
      snapshot: null
    })
  )
  t.alike(
    executedEvidence(notes, keys),
    ['00', '03'].map((byte, i) => ({
      kind: 'executed_differs',
      by: ['a0', 'a3'][i].repeat(32),
      detail: `signed event hash ${byte.repeat(32)} for block 7`
    }))
  )
})

test('evidence - of lanes only those that forked', (t) => {
  const shown = laneEvidence([
    { key: 'aa', conflicted: true },
    { key: 'bb', conflicted: false }
  ])
  t.alike(shown, [{ kind: 'lane_fork', by: 'aa', detail: 'the lane signed two histories' }])
})
