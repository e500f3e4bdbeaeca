import { createReadStream, existsSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { Command } from 'commander'
import { planFile } from '../../config/devnet-plan.ts'
import { loadConfig } from '../../config/load.ts'
import type { RpcPeer, RpcStatus } from '../../protocol/rpc.ts'
import { Context } from '../context.ts'
import { UsageError } from '../exit.ts'
import { facts, table, timeText } from '../output.ts'

export function nodeCommands(program: Command): void {
  const node = program.command('node').description('the daemon')
  node
    .command('status')
    .description('whether it may be trusted with orders now, and why not')
    .action(async (_flags: object, command: Command) => {
      const context = Context.of(command)
      const status = await context.call((client) => client.call('public/status', {}))
      context.output.result(status, statusText)
    })
  node
    .command('peers')
    .description('connected peers and how far behind they are')
    .action(async (_flags: object, command: Command) => {
      const context = Context.of(command)
      const { peers } = await context.call((client) => client.call('public/status', {}))
      context.output.result(peers, peersTable)
    })
  node
    .command('logs')
    .description('the log: the file that log.file names, or of a devnet’s daemon')
    .action(async (_flags: object, command: Command) => {
      const file = logFile(Context.of(command).datadir)
      await pipeline(createReadStream(file), process.stdout, { end: false })
    })
}

/** @throws UsageError */
function logFile(datadir: string): string {
  const named = loadConfig({ datadir, environment: process.env }).config['log.file']
  if (named !== '' && existsSync(named)) return named
  if (named !== '')
    throw new UsageError(`log.file is ${named}, and is not there: has the daemon run?`)
  // A devnet keeps what its daemons say beside their folders.
  const folder = resolve(datadir)
  const kept = `${folder}.log`
  if (existsSync(planFile(dirname(folder))) && existsSync(kept)) return kept
  throw new UsageError('the daemon writes no log file; set log.file, or ask journalctl -u curbd')
}

export function statusText(status: RpcStatus): string {
  const { tape, engine, validators, lanes, chain, settlement, finality } = status
  const cuts = tape.cutsPerSecond.toFixed(1)
  const lines: [string, string][] = [
    ['ready', [status.ready ? 'yes' : 'no', status.reasons.join(', ')].filter(Boolean).join(': ')],
    ['role', status.role],
    ['tape', `${tape.length} blocks, newest ${tape.ageMs} ms old, ${cuts} cuts/s`],
    ['engine', engine.reason === null ? engine.state : `${engine.state} (${engine.reason})`],
    ['event hash', `${tape.eventHash} after block ${engine.index}`],
    [
      'validators',
      `${validators.reached} of ${validators.total} reached, ${validators.quorum} needed`
    ],
    ['lanes', `${lanes.current} of ${lanes.known} current`],
    ['finality', `${finality.p50Ms.toFixed(0)} ms p50, ${finality.p99Ms.toFixed(0)} ms p99`]
  ]
  if (chain !== null) lines.push(['chain', `${chain.state}, block ${chain.block}`])
  if (settlement !== null) {
    const money = settlement.gasMoneyLow ? ', gas money low' : ''
    lines.push([
      'settlement',
      `${settlement.unsettled} unsettled, last ${settlement.lastSettled}${money}`
    ])
    const { turn, problems } = settlement
    if (turn !== null) {
      const until = turn.until === null ? '' : ` until ${timeText(turn.until)}`
      lines.push(['settler', `batch ${turn.batch}: the turn of ${turn.settler}${until}`])
    }
    for (const problem of problems) lines.push(['PROBLEM', problem])
  }
  for (const { kind, by, detail } of status.evidence)
    lines.push(['EVIDENCE', `${kind} by ${by}: ${detail}`])
  return facts(lines)
}

function peersTable(peers: RpcPeer[]): string {
  return table(
    [
      { title: 'peer' },
      { title: 'role' },
      { title: 'tape', right: true },
      { title: 'behind', right: true },
      { title: 'since' }
    ],
    peers.map((peer) => [
      peer.key.slice(0, 16),
      peer.role,
      String(peer.tapeLength),
      String(peer.lagBlocks),
      timeText(peer.connectedAt)
    ]),
    'no peers'
  )
}
