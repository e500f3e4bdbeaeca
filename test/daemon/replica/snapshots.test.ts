// When a snapshot may be on the disk: a restart begins from it.
import test from 'brittle'
import { blake2b256 } from '../../../crypto/blake2b.ts'
import { systemClock } from '../../../daemon/clock.ts'
import { SnapshotFetch } from '../../../daemon/replica/snapshot-fetch.ts'
import { SnapshotStore } from '../../../daemon/replica/snapshot-store.ts'
import { Snapshots } from '../../../daemon/replica/snapshots.ts'
import { hash } from '../../helpers/tape-maker.ts'
import { temporaryFolder } from '../../helpers/tmp.ts'
import { until } from '../../helpers/until.ts'
import { createBench, SNAPSHOT_CUTS } from './helpers.ts'

test('snapshots - none is written before what follows the tape beside it is on the disk', async (t) => {
  const bench = await createBench(['alice'])
  const { tape, replica } = await bench.make()
  const store = new SnapshotStore(
    { folder: await temporaryFolder(t), keep: 2 },
    { hash: blake2b256 }
  )
  const points = new SnapshotStore(
    { folder: await temporaryFolder(t), keep: 2 },
    { hash: blake2b256 }
  )
  let settled = (): void => undefined
  const settling = new Promise<void>((resolve) => (settled = resolve))
  let asked = 0
  const snapshots = new Snapshots({
    tape,
    replica,
    store,
    points,
    settle: () => {
      asked++
      return settling
    },
    fetch: new SnapshotFetch(
      { pieceMs: 1000, bytesMax: 2 ** 20, snapshotCuts: SNAPSHOT_CUTS },
      { key: bench.maker.key, hash, clock: systemClock, peers: () => [] }
    ),
    log: { warn: () => undefined },
    onoffer: () => undefined,
    onfault: (fault) => t.fail(String(fault))
  })
  await snapshots.open()
  const blocks = Array.from({ length: SNAPSHOT_CUTS }, () => bench.maker.next())
  for (const block of blocks) await tape.appendOwn(bench.maker.own([block]))
  await until(() => asked > 0, 'it to ask')
  t.is(await store.newest(), null, 'nothing is there while the history is not')
  settled()
  await until(async () => (await store.newest()) !== null, 'the snapshot')
  t.is((await store.newest())?.base.index, SNAPSHOT_CUTS - 1)
  await snapshots.close()
})
