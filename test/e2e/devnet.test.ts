// `curb devnet` as its user runs it: in one terminal the venue, in another its faults and his orders.
import test, { type Assert } from 'brittle'
import { type ChildProcess, spawn } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { connect as connectTo } from '../../cli/devnet/trader.ts'
import { after } from '../../client/timer.ts'
import { type Member, members, type Plan } from '../../config/devnet-plan.ts'
import type { RpcOrderResult, RpcStatus } from '../../protocol/rpc.ts'
import { builtProgram } from '../helpers/built.ts'
import { curb } from '../helpers/curb.ts'
import { until } from '../helpers/until.ts'

const START_MS = 120_000
const repository = join(import.meta.dirname, '..', '..')

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

async function planOf(root: string): Promise<Plan> {
  return JSON.parse(await readFile(join(root, 'devnet.json'), 'utf8'))
}

async function statusOf(member: Member): Promise<RpcStatus> {
  const client = await connectTo(member, after)
  try {
    return await client.call('public/status', {})
  } finally {
    await client.close()
  }
}

test(
  'devnet - takes faults from another terminal, and ends whole',
  { timeout: START_MS },
  async (t) => {
    const root = join(await t.tmp(), 'venue')
    const terminal = devnet(t, root)
    await until(() => /linked and funded/.test(terminal.said), 'the devnet', START_MS)
    const plan = await planOf(root)
    const { ports } = plan
    const [validator, trader] = members(plan)
    const fault = (line: string) => curb([...line.split(' '), '--root', root])
    const order = () =>
      curb(['order', 'buy', 'WETH/USDC', '0.1', '@', '1000', '--datadir', trader.datadir])
    const ready = async (what: string): Promise<void> => {
      await until(async () => (await statusOf(trader)).ready, `the trader after ${what}`, START_MS)
      t.is((await order()).code, 0, `orders are taken after ${what}`)
    }
    const stands = (what: string) =>
      until(async () => !(await statusOf(trader)).ready, `the trader to notice: ${what}`, START_MS)
    await ready('the start')

    t.is((await fault('devnet pause 1')).code, 0)
    await stands('a paused validator')
    t.ok(await listens(validator.rpcPort), 'its process is there')
    t.not((await order()).code, 0)
    t.is((await fault('devnet resume 1')).code, 0)
    await ready('the pause')

    t.is((await fault('devnet kill 1')).code, 0)
    await until(async () => !(await listens(validator.rpcPort)), 'its process to be gone')
    await stands('a dead validator')
    t.is((await fault('devnet resume 1')).code, 0)
    await until(() => listens(validator.rpcPort), 'a process anew', START_MS)
    await ready('the kill')

    t.is((await fault('devnet partition trader-1')).code, 0)
    await stands('that it is cut off')
    t.is((await statusOf(trader)).validators.reached, 0)
    t.ok((await statusOf(validator)).ready, 'the rest goes on')
    t.not((await order()).code, 0)
    t.is((await fault('devnet heal')).code, 0)
    await ready('the partition')
    t.is((await statusOf(trader)).validators.reached, 1)

    const stranger = await fault('devnet kill 9')
    t.is(stranger.code, 1)
    t.ok(stranger.err.includes('validator-9'), stranger.err)
    t.is((await fault('devnet kill')).code, 2, 'whom?')
    const second = devnet(t, root)
    await until(() => second.child.exitCode !== null, 'the second one to give up')
    t.is(second.child.exitCode, 1)
    t.ok(second.said.includes('another one runs in'), second.said)

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

/** npm ends by the signal that its child was ended with. */
function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null
}

/** As `npm start` in a terminal: Ctrl-C reaches every process of the group. */
function npmStart(t: Assert, root: string): Terminal {
  const shell = process.platform === 'win32'
  const words = ['start', '--', '--root', root, '--seed', '5']
  const child = spawn('npm', words, { cwd: repository, shell, detached: !shell })
  const terminal = { child, said: '' }
  const take = (chunk: Buffer): void => void (terminal.said += chunk.toString())
  child.stdout.on('data', take)
  child.stderr.on('data', take)
  t.teardown(() => {
    if (!hasEnded(child) && child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
  })
  return terminal
}

test(
  'devnet - npm start: bots trade, batches settle, and there is room for an order of one’s own',
  { timeout: START_MS },
  async (t) => {
    const root = join(await t.tmp(), 'venue')
    const terminal = npmStart(t, root)
    const settled = /settled batch (\d+): ([1-9]\d*) trades, (0x[0-9a-f]{64})/
    await until(() => settled.test(terminal.said) || hasEnded(terminal.child), 'a batch', START_MS)
    const [, , , transaction] = settled.exec(terminal.said) ?? []
    t.ok(transaction, terminal.said)
    const plan = await planOf(root)
    const answer = await fetch(`http://127.0.0.1:${plan.ports.chain}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        jsonrpc: '2.0',
        id: 1,
        method: 'eth_getTransactionReceipt',
        params: [transaction]
      })
    })
    const { result }: { result: { status: string } | null } = JSON.parse(await answer.text())
    t.is(result?.status, '0x1', 'the chain has it')
    t.ok(terminal.said.includes('order buy WETH/USDC 0.1 @'), 'how to take part')
    const { datadir } = members(plan)[5]
    const words = ['order', 'buy', 'WETH/USDC', '0.1', '@', '2200', '--json', '--datadir', datadir]
    const own = await curb(words)
    t.is(own.code, 0, own.err)
    const { order }: RpcOrderResult = JSON.parse(own.out)
    t.is(order.state, 'filled', 'by the maker bot')

    if (terminal.child.pid !== undefined) process.kill(-terminal.child.pid, 'SIGINT')
    await until(() => hasEnded(terminal.child), 'it to end')
    t.ok(terminal.said.includes('Stopped.'), 'in order')
    for (const port of [plan.ports.rpc, plan.ports.rpc + 5, plan.ports.chain]) {
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
    const { ports } = await planOf(root)
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
