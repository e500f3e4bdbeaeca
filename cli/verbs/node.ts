import { createReadStream, existsSync } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import type { Command } from 'commander'
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
    .description('the log, when log.file names one')
    .action(async (_flags: object, command: Command) => {
      const { datadir } = Context.of(command)
      const file = loadConfig({ datadir, environment: process.env }).config['log.file']
      if (file === '' || !existsSync(file)) {
        throw new UsageError('the daemon writes no log file; set log.file, or ask journalctl')
      }
      await pipeline(createReadStream(file), process.stdout, { end: false })
    })
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
