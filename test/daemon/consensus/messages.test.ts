import test from 'brittle'
import {
  decodeMessage,
  encodeMessage,
  MESSAGE_KINDS
} from '../../../daemon/consensus/core/messages.ts'
import { Signables } from '../../../daemon/consensus/core/signing.ts'
import type { Message } from '../../../daemon/consensus/core/types.ts'
import { toHex } from '../../../protocol/bytes.ts'
import { DecodeFault } from '../../../protocol/faults.ts'
import { between, seededRandom } from '../../helpers/random.ts'
import { blockAt, Committee, genesis, venue } from './committee.ts'

const four = new Committee(4)
const one = blockAt(1, genesis)
const other = blockAt(1, genesis, 1)

const executed = { index: 5, eventHash: new Uint8Array(32).fill(5) }
const snapshot = { index: 4, hash: new Uint8Array(32).fill(4) }

/** One of every kind, and of every shape that a kind has. */
const messages: Message[] = [
  four.proposal(one, genesis),
  four.vote(1, one),
  four.nullify(2, 300),
  four.finalize(3, one),
  four.notarization(one),
  four.nullification(70_000),
  four.final(one),
  four.authority(1).signExecuted(1, { executed, snapshot: null }),
  four.authority(1).signExecuted(1, { executed, snapshot }),
  { kind: 'want', block: one },
  { kind: 'hail', nonce: 2 ** 47 + 1 },
  { kind: 'standing', nonce: 7, height: 70_000, votes: true },
  { kind: 'entitled', from: 3 },
  ...four.offences(one, other, genesis, [0, 0])
]

test('messages - every kind is what it was after a trip through bytes', (t) => {
  t.alike(
    [...new Set(messages.map((message) => message.kind))].sort(),
    [...MESSAGE_KINDS].sort(),
    'none is forgotten'
  )
  for (const message of messages) t.alike(decodeMessage(encodeMessage(message)), message)
})

test('messages - bytes that are cut short, too long or changed never pass for the same', (t) => {
  const random = seededRandom(1)
  let taken = 0
  for (const message of messages) {
    const bytes = encodeMessage(message)
    void t.exception(() => decodeMessage(bytes.subarray(0, bytes.length - 1)), /decode|ends|byte/)
    void t.exception(() => decodeMessage(new Uint8Array([...bytes, 0])), /left over/)
    for (let i = 0; i < 300; i++) {
      const changed = bytes.slice()
      changed[between(random, 0, bytes.length - 1)] ^= 1 << between(random, 0, 7)
      try {
        // What still decodes has this one encoding.
        t.is(toHex(encodeMessage(decodeMessage(changed))), toHex(changed))
        taken++
      } catch (fault) {
        if (!(fault instanceof DecodeFault)) throw fault
      }
    }
  }
  t.ok(taken > 0, `${taken} changes made another message`)
})

test('messages - signers are in order, each once', (t) => {
  const { block, signatures } = four.notarization(one)
  const [first, second, third] = signatures
  for (const list of [
    [second, first, third],
    [first, first, third]
  ]) {
    const bytes = encodeMessage({ kind: 'notarization', block, signatures: list })
    void t.exception(() => decodeMessage(bytes), /out of order/)
  }
})

test('signing - no signature stands for another venue, kind, height or block', (t) => {
  const here = new Signables(venue)
  const there = new Signables(new Uint8Array(32).fill(7))
  const hash = new Uint8Array(32)
  const signables = [
    here.vote(one),
    there.vote(one),
    here.vote(other),
    here.vote({ ...one, height: 2 }),
    here.vote({ ...one, length: 2 }),
    here.propose(one, genesis, hash),
    here.propose(
      one,
      genesis,
      hash.map(() => 1)
    ),
    here.propose(one, other, hash),
    here.nullify(1),
    here.nullify(2),
    there.nullify(1),
    here.executed(executed, null),
    here.executed(executed, snapshot),
    here.executed({ ...executed, index: 1 }, null)
  ]
  t.is(new Set(signables.map(toHex)).size, signables.length)
})

test('authority - what a validator signed, and nothing else', (t) => {
  const judge = four.authority(3)
  const vote = four.vote(1, one)
  t.ok(judge.vote(vote))
  t.absent(judge.vote({ ...vote, validator: 2 }))
  t.absent(judge.vote({ ...vote, validator: 4 }), 'no such validator')
  t.absent(judge.vote({ ...vote, block: other }))
  const proposal = four.proposal(one, genesis)
  t.ok(judge.propose(proposal))
  t.absent(judge.propose({ ...proposal, cut: new Uint8Array(4) }), 'the cut is bound')
  t.absent(judge.propose({ ...proposal, parent: other }), 'so is the parent')
  const byAnother = four.authority(2).signPropose(one, genesis, proposal.cut)
  t.absent(judge.propose(byAnother), 'not the leader of the height')
  const crooked = four.authority(1).signPropose({ ...one, length: 7 }, genesis, proposal.cut)
  t.absent(judge.propose(crooked), 'a tape grows by one block')
})

test('authority - evidence has to prove something', (t) => {
  const judge = four.authority(3)
  const kind = 'evidence' as const
  const vote = four.vote(0, one)
  t.ok(judge.evidence({ kind, offence: 'vote', first: vote, second: four.vote(0, other) }))
  t.absent(judge.evidence({ kind, offence: 'vote', first: vote, second: vote }))
  t.absent(judge.evidence({ kind, offence: 'vote', first: vote, second: four.vote(1, other) }))
  const later = blockAt(2, one)
  t.absent(judge.evidence({ kind, offence: 'vote', first: vote, second: four.vote(0, later) }))
  const finalize = four.finalize(0, one)
  const notarization = four.notarization(one)
  const second = four.nullify(0, 1)
  t.ok(judge.evidence({ kind, offence: 'finalize', first: finalize, second, notarization }))
  const elsewhere = four.notarization({ ...one, height: 2 })
  t.absent(
    judge.evidence({ kind, offence: 'finalize', first: finalize, second, notarization: elsewhere }),
    'the notarization binds the finalize to the height'
  )
})
