import test from 'brittle'
import { blake2b256Parts } from '../../../crypto/blake2b.ts'
import { ed25519KeyPair, ed25519Sign, ed25519Verify } from '../../../crypto/ed25519.ts'
import { LaneBook } from '../../../daemon/lanes/lane-book.ts'
import { laneKey, signHead } from '../../../daemon/lanes/lane-key.ts'
import { encodeRun } from '../../../daemon/lanes/messages.ts'
import { laneLimitDefaults, repairDefaults } from '../../../daemon/lanes/options.ts'
import type { LaneMessage, Run, SignedHead } from '../../../daemon/lanes/types.ts'
import { toHex } from '../../../protocol/bytes.ts'
import { joinBlock } from '../../../protocol/entries.ts'
import { MerkleLog } from '../../../protocol/merkle-log.ts'
import { daemonKeys, entry, VENUE } from './world.ts'

const validators = [0, 1].map((index) => daemonKeys(index).publicKey)
const peer = toHex(validators[1])
const { gossipMs, gossipRounds } = laneLimitDefaults

/** The first run of a lane of its own. */
function runOf(lane: number): Run {
  const seed = new Uint8Array(32)
  new DataView(seed.buffer).setUint32(0, lane + 1)
  const { publicKey: signer, secretKey } = ed25519KeyPair(seed)
  const block = joinBlock([entry(lane)])
  const treeHash = MerkleLog.empty(blake2b256Parts).append(block).treeHash()
  const name = laneKey(blake2b256Parts, signer, VENUE)
  const signature = signHead((bytes) => ed25519Sign(bytes, secretKey), name, 1, treeHash)
  return { signer, from: 0, length: 1, treeHash, signature, blocks: [block] }
}

/** A validator's lanes, whose journal is as fast as can be. `tick` returns the lanes that it then
 * tells another validator of, by their signers. */
function createBook() {
  let now = 1000
  let told: SignedHead[] = []
  const send = (to: string, message: LaneMessage): boolean => {
    if (to === peer && message.kind === 'heads') told = message.heads.map(({ head }) => head)
    return true
  }
  const book = new LaneBook(
    {
      venue: VENUE,
      validators,
      quorum: 2,
      self: validators[0],
      limits: { ...laneLimitDefaults, strangersMax: 512 },
      repair: repairDefaults
    },
    {
      hash: blake2b256Parts,
      verify: ed25519Verify,
      sign: () => new Uint8Array(64),
      now: () => now,
      admits: () => true,
      host: {
        send,
        persist: (_record, then) => then(),
        later: () => undefined,
        arrived: () => undefined,
        available: () => undefined,
        evidence: () => undefined,
        misbehaved: () => undefined
      }
    }
  )
  book.opened(peer)
  const tick = () => {
    told = []
    book.tick()
    now += gossipMs
    return told.map(({ signer }) => toHex(signer))
  }
  return { book, tick }
}

test('lane gossip - lanes take turns when they are more than one message holds', (t) => {
  const { book, tick } = createBook()
  const lanes = new Set<string>()
  for (let lane = 0; lane < 300; lane++) {
    const run = runOf(lane)
    lanes.add(toHex(run.signer))
    book.receive(peer, { kind: 'run', run, bytes: encodeRun(run) })
  }
  tick()
  for (const turn of ['first', 'second']) {
    const seen = new Set<string>()
    for (let message = 0; message < 3; message++) for (const lane of tick()) seen.add(lane)
    t.is(seen.size, lanes.size, `every lane in the ${turn} three messages`)
  }
})

test('lane gossip - heads without blocks are all told before it falls silent', (t) => {
  const { book, tick } = createBook()
  const lanes = Array.from({ length: 250 }, (_, lane) => runOf(lane))
  const heads = lanes.map(({ signer, length, treeHash, signature }) => {
    return { head: { signer, length, treeHash, signature }, held: false }
  })
  for (let at = 0; at < heads.length; at += 100) {
    book.receive(peer, { kind: 'heads', heads: heads.slice(at, at + 100) })
  }
  const times = new Map<string, number>()
  let messages = 0
  for (let told = tick(); told.length > 0 || messages === 0; told = tick()) {
    messages++
    for (const signer of told) times.set(signer, (times.get(signer) ?? 0) + 1)
    if (messages > 100) break
  }
  t.is(times.size, lanes.length)
  t.ok(Math.min(...times.values()) >= gossipRounds)
  t.ok(messages < 50, 'it does fall silent')
})
