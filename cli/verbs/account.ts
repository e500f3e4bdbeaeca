import type { Command } from 'commander'
import { Context } from '../context.ts'
import { oneShot } from '../one-shot.ts'
import { table } from '../output.ts'

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
    .action(async (_flags: object, command: Command) => {
      const context = Context.of(command)
      const accounts = await context.call((client) => client.call('private/get_accounts', {}))
      context.output.result(accounts, (all) =>
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
    })
  account
    .command('link <account>')
    .description('give the account’s trading to this daemon')
    .action(async (address: string, _flags: object, command: Command) => {
      const context = Context.of(command)
      const linked = await context.call((client) =>
        client.call('private/link_account', { account: address })
      )
      context.output.result(linked, ({ linked: done }) => (done ? 'linked' : 'not linked yet'))
    })
  account
    .command('delegate <delegate>')
    .description('let another key sign orders for the account; it can never withdraw')
    .requiredOption('--until <seconds>', 'end, whole seconds since 1970; 0 revokes', Number)
    .option('--market <market>', 'only this market; else all')
    .option('--cosign', 'may sign net results of batches too')
    .option('--account <address>', 'account, when the daemon hosts several')
    .action(
      async (
        delegate: string,
        flags: { until: number; market?: string; cosign?: boolean; account?: string },
        command: Command
      ) => {
        const context = Context.of(command)
        const sent = await context.call((client) =>
          client.call('private/set_delegate', { delegate, ...flags })
        )
        context.output.result(sent, ({ transaction }) => `sent in ${transaction}`)
      }
    )
}

async function keys(mode: string, words: string[], command: Command): Promise<void> {
  const { passwordFile } = command.opts<{ passwordFile?: string }>()
  const { datadir, output } = Context.of(command)
  const flags = passwordFile === undefined ? [] : ['--password-file', passwordFile]
  const json = output.json ? ['--json'] : []
  await oneShot([mode, ...words, '--datadir', datadir, ...flags, ...json])
}
