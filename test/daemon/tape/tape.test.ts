import test, { type Assert } from 'brittle'
import Corestore from 'corestore'
import Hypercore from 'hypercore'
import path from 'node:path'
import { systemClock } from '../../../daemon/clock.ts'
import { TapeArchive } from '../../../daemon/tape/archive.ts'
import { readRun } from '../../../daemon/tape/messages.ts'
import { TAPE_RECORD, type TapeOptions, VenueTape } from '../../../daemon/tape/tape.ts'
import type { FinalBlock } from '../../../daemon/tape/types.ts'
import { equalBytes } from '../../../protocol/bytes.ts'
import { encodeHeadSignature } from '../../../protocol/log-manifest.ts'
import { Reader } from '../../../protocol/wire.ts'
import { LaneMaker, TapeMaker, hash } from '../../helpers/tape-maker.ts'
import { temporaryFolder } from '../../helpers/tmp.ts'
import { until } from '../../helpers/until.ts'

const OPTIONS: TapeOptions = {
  archiveMs: 5,
  retainBlocks: 4,
  retainBytes: 1024 * 1024,
  snapshotCuts: 100
}

/** A journal whose disk is as fast or slow as the test says. */
class HeldJournal {
  readonly records: Uint8Array[] = []
  #waiting: (() => void)[] = []
  held = false

  append(kind: number, payload: Uint8Array): Promise<void> {
    if (kind !== TAPE_RECORD) throw new Error(`kind ${kind}`)
    this.records.push(payload)
    if (!this.held) return Promise.resolve()
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  release(): void {
    for (const resolve of this.#waiting.splice(0)) resolve()
  }
}

type Made = {
  tape: VenueTape
  archive: TapeArchive
  journal: HeldJournal
  finals: FinalBlock[]
  faults: unknown[]
  close: () => Promise<void>
}

async function createTape(
  t: Assert,
  maker: TapeMaker,
  folder: string,
  records: Uint8Array[] = []
): Promise<Made> {
  const store = new Corestore(path.join(folder, 'store'))
  const archive = new TapeArchive(OPTIONS, { store, key: maker.key, hash })
  const journal = new HeldJournal()
  const finals: FinalBlock[] = []
  const faults: unknown[] = []
  const tape = new VenueTape(OPTIONS, {
    key: maker.key,
    hash,
    clock: systemClock,
    journal,
    archive,
    onfault: (fault) => faults.push(fault)
  })
  tape.onfinal((final) => finals.push(final))
  await tape.open(records, null)
  let closed: Promise<void> | null = null
  const close = (): Promise<void> => (closed ??= tape.close().then(() => store.close()))
  t.teardown(close)
  return { tape, archive, journal, finals, faults, close }
}

test('tape key - a quorum of partials is what Hypercore itself asks for', async (t) => {
  const maker = new TapeMaker({ validators: 4 })
  const store = new Corestore(await temporaryFolder(t))
  t.teardown(() => store.close())
  const core = store.get({ key: maker.key.key, manifest: maker.key.coreManifest })
  await core.ready()
  t.ok(equalBytes(Hypercore.key(maker.key.coreManifest), maker.key.key), 'the same key')
  const first = maker.next()
  const two = encodeHeadSignature(maker.partials(first.log, [0, 1]))
  await t.exception(core.append([first.bytes], { signature: two }), 'two of four are refused')
  await core.append([first.bytes], { signature: maker.key.assemble(maker.partials(first.log)) })
  t.is(core.length, 1)
})

test('tape key - a head has one form of signature only', async (t) => {
  const maker = new TapeMaker({ validators: 4 })
  const { log } = maker.next()
  const head = (signature: Uint8Array) => maker.key.verifyHead(1, log.treeHash(), signature)
  t.ok(head(maker.key.assemble(maker.partials(log))))
  t.ok(head(maker.key.assemble(maker.partials(log, [3, 0, 2]))), 'any three, in order')
  t.absent(head(encodeHeadSignature(maker.partials(log, [0, 1]))), 'too few')
  t.absent(head(encodeHeadSignature(maker.partials(log, [0, 1, 2, 3]))), 'too many')
  t.absent(head(encodeHeadSignature(maker.partials(log, [0, 0, 1]))), 'one twice')
  t.absent(head(encodeHeadSignature(maker.partials(log, [1, 0, 2]))), 'out of order')
  const forged = maker.key.assemble(maker.partials(log))
  forged[20] ^= 1
  t.absent(head(forged), 'a bit off')
  await t.exception.all(() => maker.key.assemble(maker.partials(log, [0, 1])), /not 3/)
})

test('tape - a final block is announced only when it is in the journal, and in order', async (t) => {
  const maker = new TapeMaker({ validators: 4 })
  const { tape, journal, finals } = await createTape(t, maker, await temporaryFolder(t))
  journal.held = true
  const done = Promise.all([
    tape.appendOwn(maker.own([maker.next()])),
    tape.appendOwn(maker.own([maker.next()]))
  ])
  t.is(tape.taken, 2)
  t.is(tape.length, 0, 'nothing is announced yet')
  journal.release()
  await done
  t.alike(
    finals.map(({ index }) => index),
    [0, 1]
  )
  t.ok(equalBytes(tape.log.treeHash(), maker.log.treeHash()))
})

test('tape - a run from a peer is taken as a whole or not at all', async (t) => {
  const maker = new TapeMaker({ validators: 4 })
  const { tape, finals } = await createTape(t, maker, await temporaryFolder(t))
  const blocks = [maker.next(), maker.next(), maker.next()]
  const run = maker.run(blocks)
  const altered = { ...run, blocks: [run.blocks[0], run.blocks[1].slice(), run.blocks[2]] }
  altered.blocks[1][5] ^= 1
  t.is(tape.appendRun(altered), 'invalid')
  t.is(tape.appendRun({ ...run, from: 1 }), 'gap')
  t.is(tape.appendRun({ ...run, signature: run.signature.subarray(1) }), 'invalid')
  t.is(tape.length, 0)
  t.is(tape.appendRun(run), 'ok')
  await until(() => tape.length === 3, 'the run')
  t.is(tape.appendRun(run), 'ok', 'again: nothing to do')
  t.alike(
    finals.map(({ signature }) => signature !== null),
    [false, false, true]
  )
  const more = maker.next()
  t.is(tape.appendRun(maker.run([blocks[2], more])), 'ok', 'it may overlap')
  await until(() => tape.length === 4, 'the next')
})

test('tape - two tapes signed by a quorum are a fault, not an answer', async (t) => {
  const maker = new TapeMaker({ validators: 4 })
  const other = new TapeMaker({ validators: 4 })
  const { tape, faults } = await createTape(t, maker, await temporaryFolder(t))
  await tape.appendOwn(maker.own([maker.next()]))
  await tape.appendOwn(other.own([other.next([], { time: 5 })]))
  t.is(faults.length, 1)
  t.ok(String(faults[0]).includes('two different tapes'))
})

test('tape - it is archived in bulk, read back, and served in runs that end at signatures', async (t) => {
  const maker = new TapeMaker({ validators: 4 })
  const lane = new LaneMaker(maker.venue, 50)
  const folder = await temporaryFolder(t)
  const { tape, archive, journal, close } = await createTape(t, maker, folder)
  const blocks = Array.from({ length: 150 }, () =>
    maker.next([lane.grow([{ kind: 'lease', ttlMs: 1 }])])
  )
  for (const block of blocks) await tape.appendOwn(maker.own([block]))
  await until(() => archive.length === 150, 'the archive')
  await until(() => tape.kept.first === 146, 'what is archived leaves memory')
  t.is(archive.core.length, 150)
  const read = await tape.read(3)
  t.ok(read !== null && equalBytes(read.bytes, blocks[3].bytes))
  const lengths: number[] = []
  for (let from = 10; from < 150;) {
    const run = await tape.run(from)
    if (run === null) break
    from += run.blocks.length
    t.ok(maker.key.verifyHead(from, blocks[from - 1].log.treeHash(), run.signature))
    lengths.push(from)
  }
  t.alike(lengths.slice(0, 3), [64, 100, 128], 'every 64 blocks and where a snapshot is due')
  t.is(tape.first, 0)

  await tape.flush()
  t.is([...tape.checkpoint()].length, 0, 'the journal need not keep what is archived')
  await tape.appendOwn(maker.own([maker.next()]))
  await tape.flush()
  await close()
  const again = await createTape(t, maker, folder, journal.records.slice(-1))
  t.is(again.tape.length, 151, 'from the archive and the journal')
  t.ok(equalBytes(again.tape.log.treeHash(), maker.log.treeHash()))
  t.is(again.finals.length, 0, 'nothing is announced twice')
  const tail = await again.tape.run(128)
  t.is(tail?.from, 128)
})

test('tape - between the flush and the checkpoint that counts on it nothing is archived', async (t) => {
  const maker = new TapeMaker({ validators: 4 })
  const { tape, archive } = await createTape(t, maker, await temporaryFolder(t))
  await tape.appendOwn(maker.own([maker.next()]))
  await until(() => archive.length === 1, 'the archive')
  await tape.appendOwn(maker.own([maker.next()]))
  await tape.flush()
  const archived = archive.length
  await tape.appendOwn(maker.own([maker.next()]))
  // As long as another part of the daemon takes to sync its own.
  await new Promise((resolve) => setTimeout(resolve, 10 * OPTIONS.archiveMs))
  t.is(archive.length, archived, 'what came later is not on the disk for sure')
  const kept = [...tape.checkpoint()].map(({ payload }) => readRun(new Reader(payload)))
  const blocks = kept.reduce((sum, run) => sum + run.blocks.length, 0)
  t.is(blocks, 3 - archived, 'so the journal keeps it')
  await until(() => archive.length === 3, 'and it goes on')
})

test('tape - what the journal held and no archive has comes back', async (t) => {
  const maker = new TapeMaker({ validators: 4 })
  const folder = await temporaryFolder(t)
  const runs = [maker.own([maker.next(), maker.next()]), maker.own([maker.next()])]
  const first = await createTape(t, maker, folder)
  for (const run of runs) await first.tape.appendOwn(run)
  await first.close()
  const elsewhere = await temporaryFolder(t)
  const again = await createTape(t, maker, elsewhere, first.journal.records)
  t.is(again.tape.length, 3)
  await until(() => again.archive.length === 3, 'the archive is filled from the journal')
})

test('tape - an archive that no quorum signed is emptied', async (t) => {
  const maker = new TapeMaker({ validators: 4 })
  const folder = await temporaryFolder(t)
  const made = await createTape(t, maker, folder)
  await made.tape.appendOwn(maker.own([maker.next()]))
  await until(() => made.archive.length === 1, 'the archive')
  // Hypercore takes a signature with proofs beyond the quorum; we do not.
  const next = maker.next()
  const junk = encodeHeadSignature(maker.partials(next.log, [0, 1, 2, 3]))
  await made.archive.core.append([next.bytes], { signature: junk, maxLength: 2 })
  t.is(made.archive.core.length, 2)
  await made.close()
  const again = await createTape(t, maker, folder)
  t.ok(again.archive.emptied)
  t.is(again.archive.core.length, 0)
})

test('tape - more under one signature than a run may hold has to come from peers', async (t) => {
  const maker = new TapeMaker({ validators: 4 })
  const { tape, journal, finals, faults, close } = await createTape(
    t,
    maker,
    await temporaryFolder(t)
  )
  const lanes = Array.from({ length: 16 }, (_, i) => new LaneMaker(maker.venue, 50 + i))
  const heavy = Array.from({ length: 8 }, () =>
    maker.next(lanes.map((lane) => lane.growRaw(new Uint8Array(2 ** 16))))
  )
  const next = maker.next()
  t.absent(await tape.appendOwn(maker.own(heavy)))
  t.absent(await tape.appendOwn(maker.own([next])), 'nor what follows on it')
  t.is(journal.records.length, 0)
  // Others have it in pieces, since they made it final piece by piece.
  for (const block of heavy) t.is(tape.appendRun(maker.run([block])), 'ok')
  await until(() => finals.length === 8, 'the blocks')
  t.ok(await tape.appendOwn(maker.own([next])))
  t.is(tape.length, 9)
  t.alike(faults, [])
  await close()
})

test('tape - history that is filled up waits for the checkpoint as well', async (t) => {
  const maker = new TapeMaker({ validators: 4 })
  const { tape, archive, close } = await createTape(t, maker, await temporaryFolder(t))
  const early = Array.from({ length: 4 }, () => maker.next())
  const { length } = maker.log
  tape.rebase({ length, roots: maker.log.roots() })
  const history = maker.run(early)
  t.is(tape.appendRun(maker.run([maker.next()])), 'ok')
  await until(() => tape.length === length + 1, 'the newest block')
  t.alike(tape.missing, { from: 0, to: length })
  await tape.flush()
  t.is(await tape.backfill(history), 'gap')
  t.is(archive.length, 0, 'what came after the flush would be on no disk')
  t.is([...tape.checkpoint()].length, 1)
  t.is(await tape.backfill(history), 'ok')
  await until(() => archive.length === length + 1, 'all of it')
  await close()
})
