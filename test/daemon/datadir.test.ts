import { fork } from 'node:child_process'
import { once } from 'node:events'
import test from 'brittle'
import { datadirPaths } from '../../config/paths.ts'
import { DatadirFault, lockDatadir } from '../../daemon/datadir.ts'
import { temporaryFolder } from '../helpers/tmp.ts'

test('datadir - a data directory takes one daemon at a time', async (t) => {
  const paths = datadirPaths(await temporaryFolder(t))
  const unlock = await lockDatadir(paths)
  await t.exception(lockDatadir(paths), /in use by another daemon/)
  await unlock()
  await (
    await lockDatadir(paths)
  )()
})

test('datadir - a killed daemon lets go of its data directory at once', async (t) => {
  const folder = await temporaryFolder(t)
  const child = fork(new URL('./datadir-child.ts', import.meta.url), [folder], {
    execArgv: ['--import', 'tsx']
  })
  t.teardown(() => child.kill('SIGKILL'))
  const [said] = await once(child, 'message')
  t.is(said, 'locked')
  const paths = datadirPaths(folder)
  const refused = await lockDatadir(paths).catch((fault: unknown) => fault)
  t.ok(refused instanceof DatadirFault && refused.code === 'datadir_locked')
  child.kill('SIGKILL')
  await once(child, 'exit')
  await (
    await lockDatadir(paths)
  )()
})
