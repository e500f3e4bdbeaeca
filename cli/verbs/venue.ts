import type { Command } from 'commander'
import { checkManifest } from '../../protocol/manifest-check.ts'
import { formatAmount } from '../../protocol/money.ts'
import type { RpcVenue } from '../../protocol/rpc.ts'
import { Context } from '../context.ts'
import { oneShot } from '../one-shot.ts'
import { facts, table } from '../output.ts'
import { audit, chainOption, type ChainFlags } from './check.ts'
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
    .description('tokens, markets, and the limits of orders and accounts')
    .action(async (_flags: object, command: Command) => {
      const context = Context.of(command)
      const info = await context.call((client) => client.call('public/get_venue', {}))
      context.output.result(info, infoText)
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
    .addOption(chainOption())
    .action((flags: ChainFlags, command: Command) => audit(Context.of(command), 'audit', flags))
}

function infoText(info: RpcVenue): string {
  const parts = [
    facts([
      ['venue', `${info.name} (${info.venueId})`],
      ['chain', info.chainId === null ? 'none (development)' : String(info.chainId)],
      ['vault', info.vault ?? '-'],
      ['validators', String(info.validators.length)]
    ]),
    table(
      [
        { title: 'token' },
        { title: 'decimals', right: true },
        { title: 'smallest amount', right: true },
        { title: 'contract' }
      ],
      info.tokens.map((each) => [each.symbol, String(each.decimals), each.quantum, each.address])
    ),
    table(
      [
        { title: 'market' },
        ...['tick', 'lot', 'maker fee', 'taker fee', 'least fee'].map((title) => ({
          title,
          right: true
        }))
      ],
      info.instruments.map((each) => [
        each.market,
        each.tickSize,
        each.lotSize,
        `${each.makerFeeBps} bps`,
        `${each.takerFeeBps} bps`,
        `${each.minTakerFee} ${each.quote}`
      ])
    ),
    table(
      [
        { title: 'an order in' },
        ...['least value', 'most amount', 'most price', 'off the last price'].map((title) => ({
          title,
          right: true
        }))
      ],
      info.instruments.map((each) => [
        each.market,
        `${each.minNotional} ${each.quote}`,
        `${each.maxAmount} ${each.base}`,
        `${each.maxPrice} ${each.quote}`,
        each.bandBps === 0 ? 'no limit' : `${each.bandBps / 100}% at most`
      ])
    ),
    facts(accountLimits(info))
  ]
  return parts.join('\n\n')
}

/** What an account may do, out of the manifest. */
function accountLimits({ manifest }: RpcVenue): [string, string][] {
  const { limits, admission, settlement, tokens } = checkManifest(manifest)
  const { bond } = limits
  const token = tokens.find(({ symbol }) => symbol === bond?.token)
  return [
    ['who may trade', admission === 'open' ? 'everyone' : `${admission.length} listed accounts`],
    [
      'bond',
      bond === null || token === undefined
        ? 'none'
        : `${formatAmount(bond.min, token)} ${bond.token}; each allows ${bond.entriesPerCutPerBond} entries a cut`
    ],
    ['live orders', `${limits.liveOrdersMax} an account at most`],
    ['life of an order', `${limits.orderLifeMaxSeconds} s at most`],
    ['fills of a command', `${limits.fillsPerCommandMax} at most`],
    ['entries of a daemon', `${limits.entriesPerLanePerCut} a cut at most`],
    ['exit through the vault', `${settlement.exitDelaySeconds} s after it is asked for`]
  ]
}

function asJson(command: Command): string[] {
  return Context.of(command).output.json ? ['--json'] : []
}
