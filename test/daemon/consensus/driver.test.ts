import test, { type Assert } from 'brittle'
import { randomBytes } from 'node:crypto'
import { blake2b256Parts } from '../../../crypto/blake2b.ts'
import { type Clock, steadyClock, systemClock } from '../../../daemon/clock.ts'
import type { TapeState } from '../../../daemon/consensus/core/chain.ts'
import {
  decodeMessage,
  encodeMessage,
  MESSAGE_KINDS
} from '../../../daemon/consensus/core/messages.ts'
import { ConsensusDriver } from '../../../daemon/consensus/driver.ts'
import { CONSENSUS_RECORD } from '../../../daemon/consensus/types.ts'
import { disk } from '../../../daemon/journal/file-system.ts'
import { FileJournal } from '../../../daemon/journal/journal.ts'
import type { Channel, ChannelOptions, Peer } from '../../../daemon/network/types.ts'
import { toHex } from '../../../protocol/bytes.ts'
import { MerkleLog } from '../../../protocol/merkle-log.ts'
import { seededRandom } from '../../helpers/random.ts'
import { temporaryFolder } from '../../helpers/tmp.ts'
import { until } from '../../helpers/until.ts'
import { blockAt, Committee, noLanes, venue } from './committee.ts'

const four = new Committee(4)
const keys = Array.from({ length: 4 }, (_, i) => new Uint8Array(32).fill(0xa0 + i))

/** Joins the channels of validators that live in one process. */
class Hub {
  readonly #ends = new Map<number, ChannelOptions>()
  readonly misbehaved: string[] = []

  join(index: number, options: ChannelOptions): Channel {
    this.#ends.set(index, options)
    for (const [other, end] of this.#ends) {
      if (other === index) continue
      queueMicrotask(() => options.onopen?.(this.#peer(index, other)))
      queueMicrotask(() => end.onopen?.(this.#peer(other, index)))
    }
    return {
      name: options.name,
      peers: [],
      broadcast: (type, payload) => {
        for (const to of this.#ends.keys()) if (to !== index) this.say(index, to, type, payload)
        return this.#ends.size - 1
      }
    }
  }

  leave(index: number): void {
    this.#ends.delete(index)
    for (const [other, end] of this.#ends) end.onclose?.(this.#peer(other, index))
  }

  say(from: number, to: number, type: number, payload: Uint8Array): void {
    queueMicrotask(() => this.#ends.get(to)?.onmessage(this.#peer(to, from), type, payload))
  }

  /** `other`, as `own` sees it. */
  #peer(own: number, other: number): Peer {
    return {
      id: toHex(keys[other]),
      key: keys[other],
      role: 'validator',
      hello: {
        version: 1,
        venue,
        role: 'validator',
        lane: null,
        link: new Uint8Array(),
        tapeLength: 0
      },
      announced: { tapeLength: 0, snapshot: null },
      closed: false,
      send: (_channel, type, payload) => {
        this.say(own, other, type, payload)
        return true
      },
      has: () => true,
      misbehaved: (reason) => this.misbehaved.push(`${other}: ${reason}`),
      close: () => undefined
    }
  }
}

function genesisState(): TapeState {
  const log = MerkleLog.empty(blake2b256Parts)
  return {
    id: { height: 0, length: 0, treeHash: log.treeHash() },
    log,
    time: 0,
    cursor: null,
    executed: null,
    snapshotIndex: -1,
    taken: new Map()
  }
}

/** One validator with a journal of its own on the disk; its tape is a list. */
class Node {
  readonly index: number
  readonly hub: Hub
  readonly folder: string
  readonly tape: { hash: string; bytes: Uint8Array }[]
  #journal: FileJournal | null = null
  driver: ConsensusDriver | null = null
  restored = 0
  readonly offences: string[] = []
  /** Indexes at which it was told that the venue stops. */
  readonly stops: number[] = []
  /** Its engine. */
  computes = (hash: Uint8Array): Uint8Array => hash
  /** All nodes, for catching up. */
  venue: Node[] = []
  /** By how much somebody has set the clock on or back. */
  setByMs = 0
  readonly wall: Clock = { ...systemClock, now: () => systemClock.now() + this.setByMs }

  constructor(index: number, hub: Hub, folder: string, tape: Node['tape'] = []) {
    this.index = index
    this.hub = hub
    this.folder = folder
    this.tape = tape
  }

  async open(t: Assert): Promise<void> {
    const onFault = (fault: unknown) => t.fail(String(fault))
    const journal = new FileJournal(
      { folder: this.folder },
      { files: disk, randomBytes: (length) => randomBytes(length), onFault }
    )
    const driver = new ConsensusDriver(
      {
        venue,
        validators: keys,
        quorum: four.quorum,
        self: this.index,
        pacing: {
          heartbeatMs: 20,
          roundMs: 200,
          absentLeaderMs: 15,
          standstillMs: 300,
          relayMs: 20,
          cutLightMs: 5,
          cutBusyMs: 10,
          busyEntries: 10,
          clockDriftMaxMs: 500,
          inclusionMaxMs: 500,
          executedEvery: 1,
          forwardMs: 10
        },
        limits: {
          bytesMax: 1000,
          entriesMax: 10,
          lanesMax: 10,
          venueLanesMax: 100,
          laneEntriesMax: 10
        }
      },
      {
        clock: steadyClock(this.wall, () => performance.now()),
        wall: this.wall,
        random: seededRandom(this.index + 1),
        journal,
        network: { channel: (options) => this.hub.join(this.index, options) },
        crypto: four.crypto(this.index),
        lanes: noLanes,
        chain: { next: () => null, check: () => 'unknown' },
        host: {
          onfinal: ({ tips }) => {
            for (const { block, log } of tips) {
              if (!block || block.cut.index < this.tape.length) continue
              this.tape.push({ hash: toHex(log.treeHash()), bytes: block.bytes })
              driver.executed(block.cut.index, this.computes(log.treeHash()))
            }
          },
          onbehind: () => this.catchUp(),
          onevidence: ({ offence }) => this.offences.push(offence),
          ondiverged: ({ index }) => this.stops.push(index),
          onentitled: () => undefined,
          onfault: onFault
        }
      }
    )
    await journal.open((kind, payload) => {
      if (driver.restore(kind, payload)) this.restored++
    })
    driver.register()
    driver.start(genesisState())
    for (const [index, { bytes }] of this.tape.entries()) driver.adopted(index, bytes)
    this.#journal = journal
    this.driver = driver
  }

  /** Takes the tape from whoever has more of it. */
  catchUp(): void {
    for (const { tape } of this.venue) {
      for (let index = this.tape.length; index < tape.length; index++) {
        this.tape.push(tape[index])
        this.driver?.adopted(index, tape[index].bytes)
      }
    }
  }

  async close(): Promise<void> {
    this.driver?.close()
    this.hub.leave(this.index)
    await this.#journal?.close()
  }
}

async function openFour(t: Assert): Promise<{ hub: Hub; nodes: Node[] }> {
  const hub = new Hub()
  const nodes: Node[] = []
  for (let index = 0; index < 4; index++) {
    const node = new Node(index, hub, await temporaryFolder(t))
    t.teardown(() => node.close())
    nodes.push(node)
  }
  for (const node of nodes) {
    node.venue = nodes
    await node.open(t)
  }
  return { hub, nodes }
}

function agree(t: Assert, nodes: readonly Node[], length: number): void {
  for (const node of nodes) {
    t.alike(node.offences, [], 'nobody is dishonest')
    t.alike(node.stops, [], 'all engines agree')
    t.alike(
      node.tape.slice(0, length).map(({ hash }) => hash),
      nodes[0].tape.slice(0, length).map(({ hash }) => hash)
    )
  }
}

test('driver - four validators on four journals make one tape', async (t) => {
  const { hub, nodes } = await openFour(t)
  await until(() => nodes.every(({ tape }) => tape.length >= 8), 'eight blocks')
  agree(t, nodes, 8)
  t.alike(hub.misbehaved, [])
  t.alike(nodes[2].driver?.status().connected, [0, 1, 3])
})

test('driver - a validator goes on from its journal; the others do without it', async (t) => {
  const { hub, nodes } = await openFour(t)
  await until(() => nodes.every(({ tape }) => tape.length >= 4), 'four blocks')
  const [, , third] = nodes
  await third.close()
  const others = nodes.filter((node) => node !== third)
  const length = Math.max(...others.map(({ tape }) => tape.length))
  await until(() => others.every(({ tape }) => tape.length >= length + 4), 'four more without it')
  // Its tape comes from a peer, as the tape's stream would bring it.
  const tape = others[0].tape.slice()
  const known = tape.length
  const again = new Node(2, hub, third.folder, tape)
  t.teardown(() => again.close())
  again.venue = others
  await again.open(t)
  t.ok(again.restored > 0, 'its ballots come back')
  const all = [...others, again]
  await until(() => all.every((node) => node.tape.length >= known + 8), 'eight more with it')
  agree(t, all, known + 8)
})

test('driver - garbage and a wrong type count against their sender, and stop nothing', async (t) => {
  const { hub, nodes } = await openFour(t)
  hub.say(3, 0, 0, new Uint8Array([1, 2, 3]))
  hub.say(3, 0, 0, new Uint8Array())
  const vote = encodeMessage(four.vote(3, genesisState().id))
  hub.say(3, 0, MESSAGE_KINDS.indexOf('nullify'), vote)
  await until(() => nodes.every(({ tape }) => tape.length >= 4), 'four blocks')
  t.alike(hub.misbehaved, ['3: malformed', '3: malformed', '3: malformed'])
})

test('driver - evidence survives a restart, and is told to who connects later', async (t) => {
  const { hub, nodes } = await openFour(t)
  const [first, second] = nodes
  await until(() => nodes.every(({ tape }) => tape.length >= 2), 'two blocks')
  await second.close()
  const height = (first.driver?.status().height ?? 0) + 60
  for (const variant of [0, 1]) {
    const block = blockAt(height, genesisState().id, variant)
    hub.say(3, 0, MESSAGE_KINDS.indexOf('vote'), encodeMessage(four.vote(3, block)))
  }
  const evidence = (node: Node) => node.driver?.status().evidence ?? []
  await until(() => evidence(first).length === 1, 'two votes of one height are evidence')
  const late = new Node(1, hub, second.folder, first.tape.slice())
  t.teardown(() => late.close())
  late.venue = [first]
  await late.open(t)
  await until(() => evidence(late).length === 1, 'it is told to who was away')
  await first.close()
  // Nobody to tell it again.
  const again = new Node(0, new Hub(), first.folder, first.tape.slice())
  t.teardown(() => again.close())
  await again.open(t)
  t.alike(
    evidence(again).map(({ offence }) => offence),
    ['vote']
  )
  const kept = again.driver?.checkpoint().map(({ payload }) => decodeMessage(payload).kind)
  t.ok(kept?.includes('evidence'), 'a new journal holds it too')
})

test('driver - engines that differ stop the venue, and what each signed is kept', async (t) => {
  const { hub, nodes } = await openFour(t)
  const [first, , third, fourth] = nodes
  await until(() => nodes.every(({ tape }) => tape.length >= 2), 'two blocks')
  for (const node of [third, fourth]) node.computes = (hash) => hash.map((byte) => byte ^ 1)
  await until(() => nodes.every(({ driver }) => driver?.status().halted), 'all have stopped')
  const shown = (node: Node) =>
    (node.driver?.status().differing ?? []).filter(
      ({ executed }) => executed.index === first.stops[0]
    )
  t.is(first.stops.length, 1)
  await until(() => shown(first).length === 4, 'what each of the four signed')
  const hashes = shown(first)
    .toSorted((a, b) => a.validator - b.validator)
    .map(({ executed }) => toHex(executed.eventHash))
  t.is(hashes[0], hashes[1])
  t.is(hashes[2], hashes[3])
  t.not(hashes[1], hashes[2])
  const kept = first.driver?.checkpoint().map(({ payload }) => decodeMessage(payload).kind)
  t.is(kept?.filter((kind) => kind === 'executed').length, first.driver?.status().differing.length)
  t.alike(hub.misbehaved, [])
  await first.close()
  const again = new Node(0, new Hub(), first.folder, first.tape.slice())
  t.teardown(() => again.close())
  await again.open(t)
  again.stops.push(...first.stops)
  t.ok(shown(again).length >= 3, 'it survives a restart')
})

test('driver - a checkpoint holds what a restart needs', async (t) => {
  const { nodes } = await openFour(t)
  await until(() => nodes.every(({ tape }) => tape.length >= 2), 'two blocks')
  const records = nodes[0].driver?.checkpoint() ?? []
  t.ok(records.length > 0)
  t.ok(records.every(({ kind }) => kind === CONSENSUS_RECORD))
  const other = new Node(0, new Hub(), await temporaryFolder(t))
  t.teardown(() => other.close())
  await other.open(t)
  t.ok(records.every(({ kind, payload }) => other.driver?.restore(kind, payload)))
})

test('driver - clocks that are set back by an hour hold nothing up', async (t) => {
  const { hub, nodes } = await openFour(t)
  await until(() => nodes.every(({ tape }) => tape.length >= 3), 'three blocks')
  for (const node of nodes) node.setByMs = -3_600_000
  const { length } = nodes[0].tape
  await until(() => nodes.every(({ tape }) => tape.length >= length + 4), 'four more')
  agree(t, nodes, length + 4)
  t.alike(hub.misbehaved, [])
})

test('driver - clocks that jump on, as after a sleep, hold nothing up', async (t) => {
  const { hub, nodes } = await openFour(t)
  await until(() => nodes.every(({ tape }) => tape.length >= 3), 'three blocks')
  for (const node of nodes) node.setByMs = 3_600_000
  const { length } = nodes[0].tape
  await until(() => nodes.every(({ tape }) => tape.length >= length + 4), 'four more')
  agree(t, nodes, length + 4)
  t.alike(hub.misbehaved, [])
})
