import test, { type Assert } from 'brittle'
import { toHex } from '../../protocol/bytes.ts'
import { encodeBlock } from '../../protocol/entries.ts'
import { blake2b256Parts } from '../../crypto/blake2b.ts'
import { ed25519Sign } from '../../crypto/ed25519.ts'
import { systemClock } from '../../daemon/clock.ts'
import {
  LANES_CHANNEL,
  encodeMessage,
  encodeRun,
  laneMessageRules
} from '../../daemon/lanes/messages.ts'
import { laneKey, signHead } from '../../daemon/lanes/lane-key.ts'
import type { Run } from '../../daemon/lanes/types.ts'
import { SwarmNetwork } from '../../daemon/network/network.ts'
import type { Channel } from '../../daemon/network/types.ts'
import { MerkleLog } from '../../protocol/merkle-log.ts'
import { venueId } from '../../protocol/venue.ts'
import { blake2b256 } from '../../crypto/blake2b.ts'
import { TAPE_CHANNEL, TAPE_MESSAGES, encodeTapeMessage } from '../../daemon/tape/messages.ts'
import { freePort } from '../helpers/dht.ts'
import { keyPairOf, TapeMaker } from '../helpers/tape-maker.ts'
import { type LocalDaemon, TEST_NETWORK } from '../helpers/test-daemon.ts'
import { until } from '../helpers/until.ts'
import { TestVenue } from '../helpers/venue.ts'

/** Someone who speaks the protocol and means no good. */
async function stranger(t: Assert, venue: TestVenue<LocalDaemon>, number: number) {
  const keyPair = keyPairOf(number)
  const id = venueId(venue.manifest, blake2b256)
  const network = new SwarmNetwork(
    {
      keyPair,
      bootstrap: venue.bootstrap,
      host: '127.0.0.1',
      port: await freePort(),
      firewalled: false,
      venue: id,
      role: 'daemon',
      validators: venue.manifest.validators.map(({ peer }) => Buffer.from(peer, 'hex')),
      dial: [],
      limits: TEST_NETWORK
    },
    {
      clock: systemClock,
      random: Math.random,
      log: { debug: none, info: none, warn: none, error: none },
      replicate: null
    }
  )
  const ignore = (): void => undefined
  const lanes = network.channel({
    name: LANES_CHANNEL,
    messages: laneMessageRules,
    onmessage: ignore
  })
  const tape = network.channel({ name: TAPE_CHANNEL, messages: TAPE_MESSAGES, onmessage: ignore })
  await network.open()
  t.teardown(() => network.close())
  const open = (channel: Channel): number => [...channel.peers].length
  await until(() => open(lanes) >= 4 && open(tape) >= 4, 'the stranger to be let in')
  return { network, lanes, tape, keyPair, venue: id }
}

function none(): void {}

test('cluster - a peer that sends garbage is dropped and the venue goes on', async (t) => {
  const venue = await TestVenue.create(t, { validators: 4, accounts: ['alice'] })
  const [first] = await venue.validators()
  const { lanes, tape, network } = await stranger(t, venue, 77)
  const alice = venue.trader('alice', first)
  await alice.sells(1, 100)
  for (let i = 0; i < 10; i++) {
    const garbage = new Uint8Array(40 + i).fill(255 - i)
    lanes.broadcast(i % laneMessageRules.length, garbage)
    tape.broadcast(i % TAPE_MESSAGES.length, garbage)
  }
  await until(() => network.peers().length === 0, 'everyone to drop the stranger')
  t.is((await alice.sells(1, 101)).rejected, null)
  await venue.agrees()
})

test('cluster - a tape that no quorum signed convinces nobody', async (t) => {
  const venue = await TestVenue.create(t, { validators: 4, accounts: ['alice'] })
  const [first] = await venue.validators()
  const follower = await venue.follower('follower')
  const { tape, network } = await stranger(t, venue, 78)
  const maker = new TapeMaker({ validators: 4, venue: new Uint8Array(32).fill(1) })
  const run = maker.run([maker.next()])
  const alice = venue.trader('alice', first)
  for (let i = 0; i < 5; i++) {
    const { taken } = follower.daemon.parts.tape
    const forged = encodeTapeMessage({ kind: 'run', run: { ...run, from: taken } })
    tape.broadcast(forged.type, forged.payload)
    await alice.sells(1, 100 + i)
  }
  const id = follower.id
  await until(() => network.peer(id) === null, 'the follower to drop the liar')
  t.ok((await venue.agrees()) > 0)
})

test('cluster - a lane that shows two histories is caught, and at most one is final', async (t) => {
  const venue = await TestVenue.create(t, { validators: 4, accounts: ['alice'] })
  const validators = await venue.validators()
  const { lanes, keyPair, venue: id } = await stranger(t, venue, 79)
  const lane = laneKey(blake2b256Parts, keyPair.publicKey, id)
  const open = {
    kind: 'open' as const,
    venue: id,
    daemon: keyPair.publicKey,
    incarnation: 0,
    laneKey: keyPair.publicKey
  }
  const history = (ttlMs: number): Run => {
    const blocks = [encodeBlock([open, { kind: 'lease', ttlMs }])]
    const log = MerkleLog.empty(blake2b256Parts).append(blocks[0])
    const sign = (message: Uint8Array) => ed25519Sign(message, keyPair.secretKey)
    const signature = signHead(sign, lane, 1, log.treeHash())
    const signer = keyPair.publicKey
    return { signer, from: 0, length: 1, treeHash: log.treeHash(), signature, blocks }
  }
  const two = [history(1), history(2)]
  const ids = validators.map((validator) => validator.id)
  for (const peer of lanes.peers) {
    const run = two[ids.indexOf(peer.id) % 2]
    const message = encodeMessage({ kind: 'run', run, bytes: encodeRun(run) })
    peer.send(LANES_CHANNEL, message.type, message.payload)
  }
  const key = Buffer.from(lane).toString('hex')
  for (const { name, daemon } of validators) {
    await until(
      () => daemon.parts.lanes.reads.lanes().some((each) => each.key === key && each.conflicted),
      `${name} to hold the evidence`
    )
  }
  const alice = venue.trader('alice', validators[0])
  t.is((await alice.sells(1, 100)).rejected, null, 'the venue goes on')
  await venue.agrees()
  const taken = validators.map(({ daemon }) => daemon.parts.ledger.get(lane))
  t.ok(taken.every((each) => (each?.log.length ?? 0) <= 1))
})

test('hostile - where bonds are asked for, a lane without one does not come to the tape', async (t) => {
  const venue = await TestVenue.create(t, {
    validators: 4,
    accounts: ['alice'],
    limits: { bond: { token: 'QUOTE', min: 1_000_000, entriesPerCutPerBond: 10 } }
  })
  const [first] = await venue.validators()
  const poor = await venue.follower('poor')
  const rich = await venue.follower('rich')
  for (let n = 0; n < 5; n++) poor.daemon.submit({ kind: 'lease', ttlMs: n })
  const zoe = venue.trader('zoe', poor)
  void zoe.links().catch(() => undefined)
  const lanesAt = (): string[] => first.daemon.parts.lanes.reads.lanes().map(({ key }) => key)
  await until(() => lanesAt().includes(poor.daemon.lane.key), 'the lane to be known')
  const alice = venue.trader('alice', rich)
  for (let n = 0; n < 5; n++) t.is((await alice.buys(1, 1000)).rejected, null)
  const onTape = first.daemon.parts.ledger.lanes().map(({ lane }) => toHex(lane))
  t.ok(onTape.includes(rich.daemon.lane.key))
  t.absent(onTape.includes(poor.daemon.lane.key))
})

test('hostile - a burst beyond the bond costs rejects, and stops nothing that comes after', async (t) => {
  const venue = await TestVenue.create(t, {
    validators: 4,
    accounts: ['alice'],
    limits: { bond: { token: 'QUOTE', min: 1_000_000_000_000, entriesPerCutPerBond: 4 } }
  })
  await venue.validators()
  const daemon = await venue.follower('far')
  const alice = venue.trader('alice', daemon)
  t.is((await alice.sells(1, 100)).rejected, null)
  for (let n = 0; n < 60; n++) daemon.daemon.submit({ kind: 'lease', ttlMs: 1000 + n })
  t.is((await alice.sells(1, 101)).rejected, null)
  t.is((await alice.cancels(alice.nonce)).rejected, null)
})

test('hostile - who claims a tape that nobody has keeps no validator from coming back', async (t) => {
  const venue = await TestVenue.create(t, { validators: 4, accounts: ['alice'] })
  const validators = await venue.validators()
  const { network } = await stranger(t, venue, 80)
  network.announce({ tapeLength: 2 ** 40, snapshot: null })
  const last = validators[3]
  await last.stop()
  const alice = venue.trader('alice', validators[0])
  t.is((await alice.sells(1, 100)).rejected, null)
  const { id } = last
  await last.start()
  last.blocks(validators.slice(0, 3))
  await until(() => network.peer(id) !== null, 'the liar to reach it first')
  t.absent(last.daemon.synced)
  last.blocks([])
  await until(() => last.daemon.synced, 'it to take part')
  await venue.agrees()
})
