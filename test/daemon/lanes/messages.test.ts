import test from 'brittle'
import * as fc from 'fast-check'
import { decodeMessage, encodeMessage, encodeRun } from '../../../daemon/lanes/messages.ts'
import { decodeRecord, encodeRecord, laneRecordKinds } from '../../../daemon/lanes/records.ts'
import type { LaneMessage, LaneRecord, Run, SignedHead } from '../../../daemon/lanes/types.ts'
import { DecodeFault } from '../../../protocol/faults.ts'

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
const count = fc.oneof(
  fc.integer({ min: 1, max: 300 }),
  fc.integer({ min: 65_000, max: 66_000 }),
  fc.integer({ min: 2 ** 32 - 3, max: 2 ** 32 + 3 }),
  fc.constant(Number.MAX_SAFE_INTEGER)
)
const signedHead: fc.Arbitrary<SignedHead> = fc.record({
  signer: bytes(32),
  length: count,
  treeHash: bytes(32),
  signature: bytes(68)
})
const ack = fc.record({ lane: bytes(32), length: count, treeHash: bytes(32), signature: bytes(64) })
const node = fc.record({ size: count, hash: bytes(32) })
const evidence = fc.record({
  a: signedHead,
  b: signedHead,
  roots: fc.array(node, { maxLength: 6 }),
  leaves: fc.array(node, { maxLength: 6 })
})
const run: fc.Arbitrary<Run> = fc
  .tuple(
    signedHead,
    fc.array(fc.uint8Array({ minLength: 1, maxLength: 300 }), { minLength: 1, maxLength: 5 })
  )
  .map(([head, blocks]) => {
    const length = Math.max(head.length, blocks.length)
    return { ...head, length, from: length - blocks.length, blocks }
  })
const certificate = fc
  .tuple(
    bytes(32),
    count,
    bytes(32),
    fc.uniqueArray(fc.integer({ min: 0, max: 63 }), { maxLength: 5 }),
    bytes(64)
  )
  .map(([lane, length, treeHash, validators, signature]) => ({
    lane,
    length,
    treeHash,
    acks: validators.sort((a, b) => a - b).map((validator) => ({ validator, signature }))
  }))

const message: fc.Arbitrary<LaneMessage> = fc.oneof(
  run.map((made): LaneMessage => ({ kind: 'run', run: made, bytes: encodeRun(made) })),
  fc.array(ack, { maxLength: 5 }).map((acks): LaneMessage => ({ kind: 'acks', acks })),
  certificate.map((made): LaneMessage => ({ kind: 'certificate', certificate: made })),
  fc
    .tuple(bytes(32), fc.integer({ min: 0, max: 1000 }), count, bytes(32))
    .map(([lane, from, length, treeHash]): LaneMessage => {
      return { kind: 'request', lane, from, length: from + Math.min(length, 2 ** 50), treeHash }
    }),
  fc
    .array(fc.record({ head: signedHead, held: fc.boolean() }), { maxLength: 5 })
    .map((heads): LaneMessage => ({ kind: 'heads', heads })),
  evidence.map((made): LaneMessage => ({ kind: 'evidence', evidence: made })),
  bytes(32).map((signer): LaneMessage => ({ kind: 'claim', signer })),
  fc
    .tuple(bytes(32), fc.option(signedHead))
    .map(([signer, head]): LaneMessage => ({ kind: 'known', signer, head }))
)

const same = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0

test('lane messages - come back as they went', (t) => {
  const seen = new Set<string>()
  fc.assert(
    fc.property(message, (made) => {
      seen.add(made.kind)
      const { type, payload } = encodeMessage(made)
      const back = encodeMessage(decodeMessage(type, payload))
      return back.type === type && same(back.payload, payload)
    }),
    { numRuns: 400 }
  )
  t.is(seen.size, 8, 'every kind')
})

test('lane messages - have one encoding, and hostile bytes throw nothing but a DecodeFault', (t) => {
  let taken = 0
  let refused = 0
  const hostile = fc.tuple(
    message,
    fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 4 }),
    fc.integer({ min: -3, max: 3 })
  )
  fc.assert(
    fc.property(hostile, ([made, changes, longer]) => {
      const { type, payload } = encodeMessage(made)
      const altered = new Uint8Array(Math.max(0, payload.length + longer))
      altered.set(payload.subarray(0, altered.length))
      for (const [at, value] of changes)
        if (altered.length > 0) altered[at % altered.length] = value
      try {
        const back = encodeMessage(decodeMessage(type, altered))
        taken++
        return same(back.payload, altered)
      } catch (fault) {
        refused++
        return fault instanceof DecodeFault
      }
    }),
    { numRuns: 2000 }
  )
  t.ok(taken > 100 && refused > 100, `${taken} taken, ${refused} refused`)
})

test('lane messages - random bytes of any type throw nothing but a DecodeFault', (t) => {
  const random = fc.tuple(fc.integer({ min: 0, max: 12 }), fc.uint8Array({ maxLength: 300 }))
  fc.assert(
    fc.property(random, ([type, payload]) => {
      try {
        return same(encodeMessage(decodeMessage(type, payload)).payload, payload)
      } catch (fault) {
        return fault instanceof DecodeFault
      }
    }),
    { numRuns: 2000 }
  )
  t.pass()
})

const record: fc.Arbitrary<LaneRecord> = fc.oneof(
  run.map((made): LaneRecord => ({ kind: 'run', bytes: encodeRun(made) })),
  fc
    .record({
      lane: bytes(32),
      signer: fc.option(bytes(32)),
      length: count,
      roots: fc.array(node, { maxLength: 6 }),
      signature: fc.option(bytes(68))
    })
    .map((base): LaneRecord => ({ kind: 'base', base })),
  fc
    .tuple(count, bytes(32))
    .map(([incarnation, signer]): LaneRecord => ({ kind: 'own', incarnation, signer })),
  evidence.map((made): LaneRecord => ({ kind: 'evidence', evidence: made }))
)

test('lane records - come back from the journal as they went', (t) => {
  fc.assert(
    fc.property(record, (made) => {
      const { kind, payload } = encodeRecord(made)
      const back = decodeRecord(kind, payload)
      if (back === null) return false
      const again = encodeRecord(
        back.kind === 'run' ? { kind: 'run', bytes: encodeRun(back.run) } : back
      )
      return again.kind === kind && same(again.payload, payload)
    }),
    { numRuns: 200 }
  )
  t.is(decodeRecord(laneRecordKinds.run - 1, new Uint8Array(3)), null, 'others are not touched')
})
