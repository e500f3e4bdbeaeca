import { Option, type Command } from 'commander'
import { RpcFault } from '../../client/fault.ts'
import type { RpcMethods } from '../../protocol/rpc.ts'
import { Context } from '../context.ts'
import { exitCodes, UsageError } from '../exit.ts'
import { wholeNumber } from '../numbers.ts'
import { oneShot } from '../one-shot.ts'
import { table, timeText } from '../output.ts'
import { idOption, moveParams } from './funds.ts'
import { accountOption } from './order-flags.ts'

export function accountCommands(program: Command): void {
  const account = program.command('account').description('keys, links and delegates')
  account
    .command('new')
    .description('make an account in the keystore')
    .option('--password-file <file>', 'file (0600) with the password; else it is asked for')
    .action((_flags: object, command: Command) => keys('account-new', [], command))
  account
    .command('import <keyfile>')
    .description('take over a key file of geth or foundry')
    .option('--password-file <file>', 'file (0600) with the password; else it is asked for')
    .action((keyfile: string, _flags: object, command: Command) =>
      keys('account-import', [keyfile], command)
    )
  account
    .command('list')
    .description('accounts of the keystore, and with a running daemon what they may do')
    .action(list)
  account
    .command('link <account>')
    .description('give the account’s trading to this daemon')
    .option('--signature <hex>', 'a wallet’s own, of the typed data that the first call shows')
    .addOption(
      new Option('--nonce <nonce>', 'of the typed data that was signed').argParser(wholeNumber())
    )
    .addOption(
      new Option('--expiry <seconds>', 'of the typed data that was signed').argParser(wholeNumber())
    )
    .action(link)
  account
    .command('delegate <delegate>')
    .description('let another key sign orders for the account; it can never withdraw')
    .addOption(
      new Option('--from <seconds>', 'beginning, whole seconds since 1970; else at once').argParser(
        wholeNumber()
      )
    )
    .addOption(new Option('--days <days>', 'days until it ends').argParser(wholeNumber()))
    .addOption(
      new Option('--until <seconds>', 'end, whole seconds since 1970')
        .argParser(wholeNumber())
        .conflicts('days')
    )
    .addOption(
      new Option('--revoke', 'end it; its orders are cancelled').conflicts([
        'from',
        'days',
        'until'
      ])
    )
    .option('--market <market>', 'only this market; else all')
    .option('--cosign', 'may sign net results of batches too')
    .addOption(idOption().conflicts('days'))
    .addOption(accountOption())
    .action(delegate)
  account
    .command('floor')
    .argument('[nonce]', 'orders with a smaller one; else all that were signed', wholeNumber())
    .description(
      'make orders dead on chain too: those with a nonce below this one, or all that were signed'
    )
    .option('--apply', 'carry the request out, after its delay')
    .addOption(idOption())
    .addOption(accountOption())
    .action(raiseFloor)
}

type LinkFlags = { signature?: string; nonce?: number; expiry?: number }

/** A locked account is linked in two steps: the first shows what its wallet has to sign, and fails,
 * since nothing is linked; the second brings the signature. */
async function link(address: string, flags: LinkFlags, command: Command): Promise<void> {
  const given = [flags.signature, flags.nonce, flags.expiry].filter((each) => each !== undefined)
  if (given.length > 0 && given.length < 3) {
    throw new UsageError('--signature, --nonce and --expiry come together')
  }
  const context = Context.of(command)
  const done = await context.call((client) =>
    client.call('private/link_account', { account: address, ...flags })
  )
  if (done.linked) return context.output.result(done, () => 'linked')
  context.output.result(done, ({ typedData }) => JSON.stringify(typedData, null, 2))
  context.output.word(
    [
      `curb: not linked: the daemon has no key of ${done.account}. Either of these links it:`,
      '- unlock it here: put it into keys.unlock, its password’s file into keys.passwordFile, start the daemon again, and ask again;',
      '- or sign the typed data above in its wallet (eth_signTypedData_v4), and hand in what it says:',
      `  curb account link ${done.account} --signature 0x... --nonce NONCE --expiry EXPIRY`
    ].join('\n')
  )
  process.exitCode = exitCodes.rejected
}

type DelegateFlags = {
  from?: number
  days?: number
  until?: number
  revoke?: boolean
  market?: string
  cosign?: boolean
  id?: string
  account?: string
}

async function delegate(
  address: string,
  { days, until, revoke, ...rest }: DelegateFlags,
  command: Command
): Promise<void> {
  const now = Math.floor(Date.now() / 1000)
  const end = revoke === true ? 0 : (until ?? (days === undefined ? null : now + days * 86_400))
  if (end === null) throw new UsageError('say when it ends: --days, --until, or --revoke')
  const context = Context.of(command)
  const sent = await context.call((client) =>
    client.call('private/set_delegate', { delegate: address, until: end, ...moveParams(rest) })
  )
  context.output.result(sent, ({ transaction }) => {
    return end === 0
      ? `revoked in ${transaction}`
      : `delegated in ${transaction}, until ${timeText(end * 1000)}`
  })
}

async function raiseFloor(
  nonce: number | undefined,
  { apply, ...rest }: { apply?: boolean; id?: string; account?: string },
  command: Command
): Promise<void> {
  if (apply === true && nonce !== undefined) throw new UsageError('--apply takes no nonce')
  const named = nonce === undefined ? {} : { nonce }
  const action = apply === true ? 'apply' : 'request'
  const context = Context.of(command)
  const sent = await context.call((client) =>
    client.call('private/raise_floor', { action, ...named, ...moveParams(rest) })
  )
  context.output.result(sent, ({ transaction, readyAt }) =>
    readyAt === null
      ? `applied in ${transaction}`
      : `sent in ${transaction}; after ${timeText(readyAt)}: curb account floor --apply`
  )
}

/** What the daemon says of its accounts; without one, what the keystore holds. */
async function list(_flags: object, command: Command): Promise<void> {
  const context = Context.of(command)
  const { datadir, output } = context
  let accounts: RpcMethods['private/get_accounts']['result']
  try {
    accounts = await context.call((client) => client.call('private/get_accounts', {}))
  } catch (fault) {
    if (!(fault instanceof RpcFault && fault.rpcName === 'unreachable')) throw fault
    output.word(`no daemon runs: these are the keys in ${datadir}`)
    return oneShot(['account-list', '--datadir', datadir, ...(output.json ? ['--json'] : [])])
  }
  output.result(accounts, (all) =>
    table(
      [{ title: 'account' }, { title: 'key' }, { title: 'linked here' }],
      all.map((each) => [
        each.account,
        each.unlocked ? 'unlocked' : 'locked',
        each.linked ? 'yes' : 'no'
      ]),
      'the daemon hosts no account; curb account new makes one'
    )
  )
}

async function keys(mode: string, words: string[], command: Command): Promise<void> {
  const { passwordFile } = command.opts<{ passwordFile?: string }>()
  const { datadir, output } = Context.of(command)
  const flags = passwordFile === undefined ? [] : ['--password-file', passwordFile]
  const json = output.json ? ['--json'] : []
  await oneShot([mode, ...words, '--datadir', datadir, ...flags, ...json])
}
