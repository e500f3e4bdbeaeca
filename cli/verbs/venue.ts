import type { Command } from 'commander'
import { Context } from '../context.ts'
import { oneShot } from '../one-shot.ts'
import { facts, table } from '../output.ts'
import { audit } from './check.ts'
import { statusText } from './node.ts'

type InitFlags = {
  rpcUrl?: string
  chainUrl: string
  account: string
  passwordFile: string
  confirmations: string
  out: string
}

export function venueCommands(program: Command): void {
  const venue = program.command('venue').description('the venue: its manifest and its state')
  venue
    .command('init <draft>')
    .description('deploy the vault of a new venue and write its manifest')
    .requiredOption('--chain-url <url>', 'JSON-RPC of the chain')
    .requiredOption('--account <address>', 'account of the keystore that pays for the deployment')
    .requiredOption('--password-file <file>', 'file (0600) with its password')
    .option('--confirmations <count>', 'blocks before an event counts', '6')
    .option('--out <file>', 'where the manifest goes', 'venue.json')
    .action(async (draft: string, flags: InitFlags, command: Command) => {
      const { datadir } = Context.of(command)
      const words = ['venue-init', draft, '--datadir', datadir, '--rpc-url', flags.chainUrl]
      words.push('--account', flags.account, '--password-file', flags.passwordFile)
      words.push('--confirmations', flags.confirmations, '--out', flags.out)
      await oneShot([...words, ...asJson(command)])
    })
  venue
    .command('join <manifest>')
    .description('check a manifest and put it into the data directory')
    .action(async (manifest: string, _flags: object, command: Command) => {
      const { datadir } = Context.of(command)
      await oneShot(['venue-join', manifest, '--datadir', datadir, ...asJson(command)])
    })
  venue
    .command('info')
    .description('tokens, markets and validators')
    .action(async (_flags: object, command: Command) => {
      const context = Context.of(command)
      const info = await context.call((client) => client.call('public/get_venue', {}))
      context.output.result(info, (value) =>
        [
          facts([
            ['venue', `${value.name} (${value.venueId})`],
            ['chain', value.chainId === null ? 'none (development)' : String(value.chainId)],
            ['vault', value.vault ?? '-'],
            ['validators', String(value.validators.length)]
          ]),
          '',
          table(
            [
              { title: 'market' },
              ...['tick', 'lot', 'maker fee', 'taker fee'].map((title) => ({ title, right: true }))
            ],
            value.instruments.map((each) => [
              each.market,
              each.tickSize,
              each.lotSize,
              `${each.makerFeeBps} bps`,
              `${each.takerFeeBps} bps`
            ])
          )
        ].join('\n')
      )
    })
  venue
    .command('status')
    .description('tape, engine, validators, settlement, evidence')
    .action(async (_flags: object, command: Command) => {
      const context = Context.of(command)
      const status = await context.call((client) => client.call('public/status', {}))
      context.output.result(status, statusText)
    })
  venue
    .command('audit')
    .description('replay the tape from the start and hold every balance against the vault')
    .action((_flags: object, command: Command) => audit(Context.of(command), 'audit'))
}

function asJson(command: Command): string[] {
  return Context.of(command).output.json ? ['--json'] : []
}
