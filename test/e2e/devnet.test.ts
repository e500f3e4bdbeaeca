// `curb devnet` as its user runs it: in one terminal the venue, in another its faults.
import test, { type Assert } from 'brittle'
import { type ChildProcess, spawn } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import type { Plan } from '../../config/devnet-plan.ts'
import { builtProgram } from '../helpers/built.ts'
import { curb } from '../helpers/curb.ts'
import { until } from '../helpers/until.ts'

const START_MS = 120_000

type Terminal = { child: ChildProcess; said: string }

function devnet(t: Assert, root: string): Terminal {
  const words = ['devnet', '--no-bots', '--root', root, '--validators', '1', '--traders', '1']
  const child = spawn(process.execPath, [builtProgram('cli', 'curb.js'), ...words])
  const terminal = { child, said: '' }
  const take = (chunk: Buffer): void => void (terminal.said += chunk.toString())
  child.stdout.on('data', take)
  child.stderr.on('data', take)
  t.teardown(() => child.kill('SIGKILL'))
  return terminal
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy()
      resolve(true)
    })
    socket.on('error', () => resolve(false))
  })
}

test(
  'devnet - takes faults from another terminal, and ends whole',
  { timeout: START_MS },
  async (t) => {
    const root = join(await t.tmp(), 'venue')
    const terminal = devnet(t, root)
    await until(() => /linked and funded/.test(terminal.said), 'the devnet', START_MS)
    const fault = (line: string) => curb([...line.split(' '), '--root', root])
    t.is((await fault('devnet pause trader-1')).code, 0)
    t.is((await fault('devnet resume trader-1')).code, 0)
    t.is((await fault('devnet kill 1')).code, 0)
    t.is((await fault('devnet resume 1')).code, 0)
    t.is((await fault('devnet partition trader-1')).code, 0)
    t.is((await fault('devnet heal')).code, 0)
    const stranger = await fault('devnet kill 9')
    t.is(stranger.code, 1)
    t.ok(stranger.err.includes('validator-9'), stranger.err)

    t.is((await fault('devnet kill')).code, 2, 'whom?')
    const second = devnet(t, root)
    await until(() => second.child.exitCode !== null, 'the second one to give up')
    t.is(second.child.exitCode, 1)
    t.ok(second.said.includes('another one runs in'), second.said)

    const { ports }: Plan = JSON.parse(await readFile(join(root, 'devnet.json'), 'utf8'))
    t.ok(await listens(ports.chain))
    terminal.child.kill('SIGINT')
    await until(() => terminal.child.exitCode !== null, 'the devnet to end')
    t.is(terminal.child.exitCode, 130)
    // A process that was killed lets go of its port a moment after its parent has ended.
    for (const port of [ports.rpc, ports.rpc + 1, ports.chain]) {
      await until(async () => !(await listens(port)), `port ${port} to be free`)
    }
  }
)

test(
  'devnet - one that is killed leaves no daemon and no chain behind',
  { timeout: START_MS },
  async (t) => {
    const root = join(await t.tmp(), 'venue')
    const terminal = devnet(t, root)
    await until(() => /linked and funded/.test(terminal.said), 'the devnet', START_MS)
    const { ports }: Plan = JSON.parse(await readFile(join(root, 'devnet.json'), 'utf8'))
    terminal.child.kill('SIGKILL')
    for (const port of [ports.rpc, ports.rpc + 1, ports.chain]) {
      await until(async () => !(await listens(port)), `port ${port} to be free`)
    }
  }
)

test('devnet - a folder that is not its own is left as it is', { timeout: START_MS }, async (t) => {
  const root = await t.tmp()
  const file = join(root, 'precious')
  await writeFile(file, 'mine')
  const terminal = devnet(t, root)
  await until(() => terminal.child.exitCode !== null, 'it to give up')
  t.is(terminal.child.exitCode, 1)
  t.ok(terminal.said.includes('not a devnet’s folder'), terminal.said)
  t.is(await readFile(file, 'utf8'), 'mine')
})
