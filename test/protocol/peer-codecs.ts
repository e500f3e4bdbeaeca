// What peers say to each other, for the decoders' fuzzer: a sample of every kind of message, and
// how to decode and encode it again. A channel's type number stands before its message.
import {
  decodeMessage as decodeConsensus,
  encodeMessage as encodeConsensus
} from '../../daemon/consensus/core/messages.ts'
import type {
  BlockId,
  Finalize,
  Message,
  Notarization,
  Nullify,
  Propose,
  Signed,
  Vote
} from '../../daemon/consensus/core/types.ts'
import { decodeMessage, encodeMessage, encodeRun } from '../../daemon/lanes/messages.ts'
import { decodeRecord, encodeRecord } from '../../daemon/lanes/records.ts'
import type { LaneMessage, LaneRecord, Run, SignedHead } from '../../daemon/lanes/types.ts'
import {
  encodeAnnouncement,
  encodeHello,
  readAnnouncement,
  readHello
} from '../../daemon/network/hello.ts'
import { PROTOCOL_VERSION } from '../../daemon/network/types.ts'
import {
  decodeTapeMessage,
  encodeTapeMessage,
  type TapeMessage
} from '../../daemon/tape/messages.ts'
import type { Random } from '../../daemon/clock.ts'
import { DecodeFault } from '../../protocol/faults.ts'
import { between, pick, randomBytes } from '../helpers/random.ts'
import { boolean, integer } from './generate.ts'
import type { Codec } from './fuzz-decoders.ts'

const hash = (random: Random) => randomBytes(random, 32)
const count = (random: Random, min = 0) => integer(random, min, 2 ** 52)
const many = <T>(random: Random, max: number, make: () => T): T[] =>
  Array.from({ length: between(random, 0, max) }, make)
const nodes = (random: Random) =>
  many(random, 3, () => ({ size: count(random), hash: hash(random) }))

// Consensus

const blockId = (random: Random): BlockId => {
  return { height: count(random), length: count(random), treeHash: hash(random) }
}
const signed = (random: Random): Signed => {
  return { validator: between(random, 0, 6), signature: randomBytes(random, 64) }
}
const quorum = (random: Random): Signed[] => {
  return [1, 2, 5].map((validator) => ({ ...signed(random), validator }))
}
const propose = (random: Random): Propose => {
  const cut = randomBytes(random, between(random, 0, 80))
  const [block, parent] = [blockId(random), blockId(random)]
  return { kind: 'propose', block, parent, cut, signature: randomBytes(random, 64) }
}
const vote = (random: Random): Vote => {
  return { kind: 'vote', block: blockId(random), ...signed(random) }
}
const finalize = (random: Random): Finalize => ({ ...vote(random), kind: 'finalize' })
const nullify = (random: Random): Nullify => {
  return { kind: 'nullify', height: count(random), ...signed(random) }
}
const notarization = (random: Random): Notarization => {
  return { kind: 'notarization', block: blockId(random), signatures: quorum(random) }
}
const mark = (random: Random) => ({ index: count(random), hash: hash(random) })

const consensus: readonly ((random: Random) => Message)[] = [
  propose,
  vote,
  nullify,
  finalize,
  notarization,
  (random) => ({ kind: 'nullification', height: count(random), signatures: quorum(random) }),
  (random) => ({ kind: 'final', notarization: notarization(random), partials: quorum(random) }),
  (random) => ({
    kind: 'executed',
    executed: { index: count(random), eventHash: hash(random) },
    snapshot: boolean(random) ? mark(random) : null,
    ...signed(random)
  }),
  (random) => ({ kind: 'want', block: blockId(random) }),
  (random) => ({
    kind: 'evidence',
    offence: 'propose',
    first: propose(random),
    second: propose(random)
  }),
  (random) => ({ kind: 'evidence', offence: 'vote', first: vote(random), second: vote(random) }),
  (random) => ({
    kind: 'evidence',
    offence: 'finalize',
    first: finalize(random),
    second: nullify(random),
    notarization: notarization(random)
  }),
  (random) => ({ kind: 'hail', nonce: count(random) }),
  (random) => ({
    kind: 'standing',
    nonce: count(random),
    height: count(random, 1),
    votes: boolean(random)
  }),
  (random) => ({ kind: 'entitled', from: count(random, 1) })
]

// Lanes

const head = (random: Random, least = 1): SignedHead => ({
  signer: hash(random),
  length: count(random, least),
  treeHash: hash(random),
  signature: randomBytes(random, 68)
})
const run = (random: Random): Run => {
  const blocks = Array.from({ length: between(random, 1, 3) }, () =>
    randomBytes(random, between(random, 1, 40))
  )
  const at = head(random, blocks.length)
  return { ...at, from: at.length - blocks.length, blocks }
}
const ack = (random: Random) => {
  const { length, treeHash } = head(random)
  return { lane: hash(random), length, treeHash, signature: randomBytes(random, 64) }
}
const forkProof = (random: Random) => ({
  a: head(random),
  b: head(random),
  roots: nodes(random),
  leaves: nodes(random)
})

const lanes: readonly ((random: Random) => LaneMessage)[] = [
  (random) => {
    const made = run(random)
    return { kind: 'run', run: made, bytes: encodeRun(made) }
  },
  (random) => ({ kind: 'acks', acks: many(random, 3, () => ack(random)) }),
  (random) => {
    const { lane, length, treeHash } = ack(random)
    const acks = quorum(random)
    return { kind: 'certificate', certificate: { lane, length, treeHash, acks } }
  },
  (random) => {
    const [from, treeHash] = [count(random), hash(random)]
    return { kind: 'request', lane: hash(random), from, length: from + 1, treeHash }
  },
  (random) => ({
    kind: 'heads',
    heads: many(random, 3, () => ({ head: head(random), held: boolean(random) }))
  }),
  (random) => ({ kind: 'evidence', evidence: forkProof(random) }),
  (random) => ({ kind: 'claim', signer: hash(random) }),
  (random) => ({
    kind: 'known',
    signer: hash(random),
    head: boolean(random) ? head(random) : null
  })
]

const records: readonly ((random: Random) => LaneRecord)[] = [
  (random) => ({ kind: 'run', bytes: encodeRun(run(random)) }),
  (random) => ({ kind: 'own', incarnation: count(random), signer: hash(random) }),
  (random) => ({ kind: 'evidence', evidence: forkProof(random) }),
  (random) => ({
    kind: 'base',
    base: {
      lane: hash(random),
      signer: boolean(random) ? hash(random) : null,
      length: count(random),
      roots: nodes(random),
      signature: boolean(random) ? randomBytes(random, 68) : null
    }
  })
]

// Tape

const tape: readonly ((random: Random) => TapeMessage)[] = [
  (random) => ({ kind: 'subscribe', from: count(random) }),
  () => ({ kind: 'unsubscribe' }),
  (random) => ({ kind: 'behind', length: count(random) }),
  () => ({ kind: 'full' }),
  (random) => ({ kind: 'fetch', from: count(random) }),
  (random) => {
    const { blocks } = run(random)
    return { kind: 'run', run: { from: count(random), blocks, signature: randomBytes(random, 90) } }
  },
  (random) => ({
    kind: 'missing',
    from: count(random),
    first: count(random),
    length: count(random)
  }),
  () => ({ kind: 'snapshot' }),
  (random) => {
    if (boolean(random)) return { kind: 'base', base: null }
    const [bytes, signature] = [count(random, 1), randomBytes(random, 90)]
    return { kind: 'base', base: { ...mark(random), bytes, roots: nodes(random), signature } }
  },
  (random) => ({ kind: 'piece', index: count(random), offset: count(random) }),
  (random) => ({
    kind: 'bytes',
    index: count(random),
    offset: count(random),
    bytes: randomBytes(random, between(random, 1, 60))
  })
]

const typed = ({ type, payload }: { type: number; payload: Uint8Array }) =>
  Uint8Array.of(type, ...payload)

const refuses = (fault: unknown): boolean => fault instanceof DecodeFault

/** The hello's readers answer, where the others throw. */
function refused(): never {
  throw new DecodeFault('refused', 0)
}

function helloAgain(bytes: Uint8Array): Uint8Array {
  const read = readHello(bytes)
  return read.kind === 'hello' ? encodeHello(read.hello) : refused()
}

function announcementAgain(bytes: Uint8Array): Uint8Array {
  const read = readAnnouncement(bytes)
  return read === null ? refused() : encodeAnnouncement(read)
}

function lanesAgain(bytes: Uint8Array): Uint8Array {
  const message = decodeMessage(bytes[0], bytes.subarray(1))
  const isRun = message.kind === 'run'
  return typed(encodeMessage(isRun ? { ...message, bytes: encodeRun(message.run) } : message))
}

function recordAgain(bytes: Uint8Array): Uint8Array {
  const record = decodeRecord(bytes[0], bytes.subarray(1)) ?? refused()
  const again: LaneRecord =
    record.kind === 'run' ? { kind: 'run', bytes: encodeRun(record.run) } : record
  const { kind, payload } = encodeRecord(again)
  return typed({ type: kind, payload })
}

export const peerCodecs: readonly Codec[] = [
  {
    name: 'consensus message',
    weight: 8,
    sample: (random) => encodeConsensus(pick(random, consensus)(random)),
    again: (bytes) => encodeConsensus(decodeConsensus(bytes)),
    refuses
  },
  {
    name: 'lanes message',
    weight: 6,
    sample: (random) => typed(encodeMessage(pick(random, lanes)(random))),
    again: lanesAgain,
    refuses
  },
  {
    name: 'lanes record',
    weight: 2,
    sample: (random) => {
      const { kind, payload } = encodeRecord(pick(random, records)(random))
      return typed({ type: kind, payload })
    },
    again: recordAgain,
    refuses
  },
  {
    name: 'tape message',
    weight: 6,
    sample: (random) => typed(encodeTapeMessage(pick(random, tape)(random))),
    again: (bytes) => typed(encodeTapeMessage(decodeTapeMessage(bytes[0], bytes.subarray(1)))),
    refuses
  },
  {
    name: 'hello',
    weight: 2,
    sample: (random) =>
      encodeHello({
        version: PROTOCOL_VERSION,
        venue: hash(random),
        role: boolean(random) ? 'validator' : 'daemon',
        lane: boolean(random) ? hash(random) : null,
        link: randomBytes(random, between(random, 0, 99)),
        tapeLength: count(random)
      }),
    again: helloAgain,
    refuses
  },
  {
    name: 'announcement',
    weight: 2,
    sample: (random) =>
      encodeAnnouncement({
        tapeLength: count(random),
        snapshot: boolean(random) ? mark(random) : null
      }),
    again: announcementAgain,
    refuses
  }
]
