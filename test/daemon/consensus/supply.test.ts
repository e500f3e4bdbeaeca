// Proposals that are handed to those who miss them.
import test from 'brittle'
import { blake2b256Parts } from '../../../crypto/blake2b.ts'
import { Validator } from '../../../daemon/consensus/core/validator.ts'
import { toHex } from '../../../protocol/bytes.ts'
import { MerkleLog } from '../../../protocol/merkle-log.ts'
import { simLimits, simPacing } from '../../sim/venue.ts'
import { four } from './bench.ts'
import { blockAt, genesis, noLanes, venue } from './committee.ts'

const one = blockAt(1, genesis)
const other = blockAt(2, genesis)

/** Validator 0, to whom two proposals were made, and to whom at a time a peer says many times over
 * that it misses one. Returns what each is sent. */
function asked() {
  const log = MerkleLog.empty(blake2b256Parts)
  const peers = [0, 1, 2, 3].map((index) => toHex(new Uint8Array(32).fill(0xa0 + index)))
  const validator = new Validator(
    {
      venue,
      validators: 4,
      quorum: four.quorum,
      self: 0,
      peers,
      pacing: simPacing,
      limits: simLimits
    },
    {
      crypto: four.crypto(0),
      lanes: noLanes,
      chain: { next: () => null, check: () => 'unknown' }
    },
    {
      id: genesis,
      log,
      time: 0,
      cursor: null,
      executed: null,
      snapshotIndex: -1,
      taken: new Map()
    }
  )
  validator.step({ kind: 'start', nonce: 1 }, 0)
  for (const block of [one, other]) {
    const message = four.proposal(block, genesis)
    validator.step({ kind: 'message', from: block.height, message }, 1)
  }
  return (from: number, block: typeof one, nowMs: number): string[] => {
    const said: string[] = []
    for (let i = 0; i < 100; i++) {
      const message = { kind: 'want' as const, block }
      for (const effect of validator.step({ kind: 'message', from, message }, nowMs)) {
        if (effect.kind !== 'send' || effect.message.kind !== 'propose') continue
        said.push(`${effect.message.block.height} to ${effect.to}`)
      }
    }
    return said
  }
}

test('supply - who asks without end for a proposal is sent it once in a while, not each time', (t) => {
  const ask = asked()
  t.alike(ask(3, one, 10), ['1 to 3'], 'a hundred questions')
  t.alike(ask(2, one, 10), ['1 to 2'], 'another peer has his own')
  t.alike(ask(3, other, 11), ['2 to 3'], 'another block is another question')
  t.alike(ask(3, one, 59), [])
  t.alike(ask(3, one, 60), ['1 to 3'], 'the answer may have been lost')
  t.alike(ask(3, { ...one, length: 9 }, 200), [], 'what is not here')
})
