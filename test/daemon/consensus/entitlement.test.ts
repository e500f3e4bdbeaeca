import test from 'brittle'
import { Entitlement } from '../../../daemon/consensus/core/entitlement.ts'
import { Heights } from '../../../daemon/consensus/core/heights.ts'
import { quorumOf } from '../../../daemon/consensus/core/quorum.ts'
import type { BlockId } from '../../../daemon/consensus/core/types.ts'
import { Bench, four, ROUND_MS } from './bench.ts'
import { blockAt, genesis } from './committee.ts'

const one = blockAt(1, genesis)
const at = (height: number): BlockId => ({ height, length: 1, treeHash: new Uint8Array(32) })

/** A validator 0 without a journal, on a tape whose last block has height `final`. */
function amnesiac(final: number, validators = 4) {
  const heights = new Heights({ validators, self: 0 }, final === 0 ? genesis : at(final))
  const asked: number[] = []
  const entitled: number[] = []
  const said: boolean[] = []
  const entitlement = new Entitlement(
    { validators, quorum: quorumOf(validators), self: 0, hailMs: 100 },
    {
      heights,
      height: () => heights.final.height + 1,
      send: (to, message) => {
        if (message.kind === 'hail') asked.push(to)
        else said.push(message.votes)
      },
      entitle: (from) => {
        heights.votesFrom = from
        entitled.push(from)
      }
    }
  )
  const answers = (from: number, height: number, votes = true, nonce = 9) => {
    entitlement.answered(from, { kind: 'standing', nonce, height, votes })
    entitlement.look(1)
  }
  const finalizes = (height: number) => {
    heights.finalize(at(height), null)
    entitlement.look(2)
  }
  entitlement.start(9, 0)
  entitlement.look(0)
  return { entitlement, asked, entitled, said, answers, finalizes }
}

test('entitlement - it votes once three others stand where a final block is', (t) => {
  const { asked, entitled, answers, finalizes } = amnesiac(20)
  answers(1, 21)
  answers(2, 23)
  answers(2, 22)
  finalizes(22)
  t.alike(asked, [1, 2, 3], 'all are asked')
  t.alike(entitled, [], 'two are too few')
  answers(3, 24)
  finalizes(23)
  t.alike(entitled, [], 'the third was further')
  finalizes(24)
  t.alike(entitled, [26])
})

test('entitlement - of seven, one who names any number does not hold it up', (t) => {
  const { entitled, answers, finalizes } = amnesiac(20, 7)
  answers(1, 2 ** 50)
  for (const peer of [2, 3, 4, 5]) answers(peer, 21)
  finalizes(30)
  t.alike(entitled, [], 'four others are too few')
  answers(6, 30)
  t.alike(entitled, [32])
})

test('entitlement - old answers, and those of others who abstain, do not count', (t) => {
  const { entitlement, entitled, answers, finalizes, asked } = amnesiac(20)
  answers(1, 21)
  answers(2, 21)
  answers(3, 21, true, 8)
  answers(3, 21, false)
  answers(0, 21)
  finalizes(40)
  t.alike(entitled, [])
  asked.length = 0
  entitlement.look(150)
  t.alike(asked, [3], 'who may not vote either is asked again')
  answers(3, 40)
  t.alike(entitled, [42])
  entitlement.look(900)
  t.alike(asked, [3], 'then nobody is asked')
})

test('entitlement - at birth a quorum in the first height is enough, abstaining or not', (t) => {
  const { entitlement, entitled, said, answers } = amnesiac(0)
  entitlement.hailed(3, { kind: 'hail', nonce: 4 })
  answers(1, 5)
  answers(2, 1, false)
  t.alike(entitled, [], 'who is further says nothing of it')
  answers(3, 1)
  t.alike(entitled, [1])
  entitlement.hailed(3, { kind: 'hail', nonce: 4 })
  t.alike(said, [false, true], 'others are told whether it votes')
})

test('entitlement - alone it waits for nobody; with a journal it does not ask', (t) => {
  t.alike(amnesiac(7, 1).entitled, [8])
  const heights = new Heights({ validators: 4, self: 0 }, at(7))
  heights.restore({ kind: 'entitled', from: 3 })
  const entitlement = new Entitlement(
    { validators: 4, quorum: 3, self: 0, hailMs: 100 },
    {
      heights,
      height: () => 8,
      send: () => t.fail('it knows'),
      entitle: () => t.fail('it is already')
    }
  )
  entitlement.start(1, 0)
  entitlement.connected(1)
  entitlement.look(1000)
  t.is(heights.votesFrom, 3)
  t.alike(heights.checkpoint(), [{ kind: 'entitled', from: 3 }], 'a new journal says so too')
})

test('simplex - who abstains counts, and says nothing', (t) => {
  const bench = new Bench(1, [], genesis, Infinity)
  t.is(bench.did('propose').length, 0, 'the leader of height 1 does not propose')
  bench.step({ kind: 'demand' })
  bench.sleeps(10 * ROUND_MS)
  for (const peer of [0, 2, 3]) bench.hears(peer, four.nullify(peer, 1))
  t.is(bench.simplex.height, 2, 'it follows')
  const two = blockAt(2, genesis)
  bench.hears(2, four.proposal(two, genesis))
  t.is(bench.did('validate').length, 0)
  for (const peer of [0, 2, 3]) bench.hears(peer, four.vote(peer, two))
  for (const peer of [0, 2, 3]) bench.hears(peer, four.finalize(peer, two))
  t.is(bench.did('final').length, 1)
  const own = bench.journal.filter(({ kind }) => /^(propose|vote|nullify|finalize)$/.test(kind))
  t.alike(own, [])

  bench.step({ kind: 'entitled', from: 4 })
  t.is(bench.simplex.height, 3)
  bench.hears(3, four.proposal(blockAt(3, two), two))
  t.is(bench.did('validate').length, 0, 'the height below is not voted in either')
  for (const peer of [0, 2, 3]) bench.hears(peer, four.nullify(peer, 3))
  bench.said()
  bench.isProposed(blockAt(4, two), two)
  t.alike(bench.said().slice(-1), ['vote 4'])
})

test('simplex - the right to vote is in the journal before the first ballot', (t) => {
  const bench = new Bench(1, [], genesis, Infinity)
  bench.step({ kind: 'entitled', from: 1 })
  t.is(bench.did('propose').length, 1)
  bench.step({
    kind: 'proposed',
    block: one,
    parent: genesis,
    cut: four.proposal(one, genesis).cut
  })
  t.alike(
    bench.journal.slice(0, 2).map(({ kind }) => kind),
    ['entitled', 'propose']
  )
  const again = new Bench(1, bench.journal, genesis, Infinity)
  t.is(again.simplex.heights.votesFrom, 1)
})
