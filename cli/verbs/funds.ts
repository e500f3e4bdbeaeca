import { type Command, Option } from 'commander'
import type { RpcBalance, RpcMyTrade } from '../../protocol/rpc.ts'
import type { SocketClient } from '../../client/socket.ts'
import { Context } from '../context.ts'
import { wholeNumber } from '../numbers.ts'
import { table, timeText } from '../output.ts'
import { watch } from '../watch.ts'
import { accountOption, noWaitOption, waitParam } from './order-flags.ts'
import { tradesTable } from './order-text.ts'

type OfAccount = { account?: string }
type OfMove = OfAccount & { id?: string }

/** The RPC's names for the flags of a move of money. */
export function moveParams<F extends OfMove>({ id, ...rest }: F) {
  return { ...rest, ...(id === undefined ? {} : { clientRequestId: id }) }
}

/** Of each command that moves money. */
export function idOption(): Option {
  return new Option('--id <id>', 'your own id; the same request with it again is not a second one')
}

export function fundsCommands(program: Command): void {
  program
    .command('deposit <token> <amount>')
    .description('put tokens into the vault')
    .addOption(idOption())
    .addOption(accountOption())
    .action(async (token: string, amount: string, flags: OfMove, command: Command) => {
      const context = Context.of(command)
      const sent = await context.call((client) =>
        client.call('private/deposit', { token, amount, ...moveParams(flags) })
      )
      context.output.result(sent, ({ transaction }) => `deposit sent in ${transaction}`)
    })
  program
    .command('withdraw <token> <amount>')
    .description('take tokens out with the next batch')
    .addOption(idOption())
    .addOption(accountOption())
    .addOption(noWaitOption())
    .action(
      async (
        token: string,
        amount: string,
        { wait, ...flags }: OfMove & { wait: boolean },
        command: Command
      ) => {
        const context = Context.of(command)
        const params = { token, amount, ...moveParams(flags), ...waitParam({ wait }) }
        const taken = await context.call((client) => client.call('private/withdraw', params))
        context.output.result(taken, ({ state }) => `withdrawal ${state}; the next batch pays it`)
      }
    )
  program
    .command('exit <token>')
    .description('leave through the contract: needs no validator and no permission, only the delay')
    .addOption(new Option('--claim', 'take the balance out after the delay'))
    .addOption(new Option('--cancel', 'take the request back').conflicts('claim'))
    .addOption(idOption())
    .addOption(accountOption())
    .action(
      async (
        token: string,
        flags: OfMove & { claim?: boolean; cancel?: boolean },
        command: Command
      ) => {
        const context = Context.of(command)
        const { claim, cancel, ...rest } = flags
        const action = claim === true ? 'claim' : cancel === true ? 'cancel' : 'request'
        const sent = await context.call((client) =>
          client.call('private/exit', { token, action, ...moveParams(rest) })
        )
        context.output.result(sent, ({ transaction, readyAt }) =>
          readyAt === null
            ? `sent in ${transaction}`
            : `sent in ${transaction}; after ${timeText(readyAt)}: curb exit ${token} --claim`
        )
      }
    )
  program
    .command('balance')
    .description('settled, pending, reserved and available')
    .option('--watch', 'show every change until Ctrl-C')
    .addOption(accountOption())
    .action(showBalance)
  program
    .command('fills')
    .description('your trades and how far they are on their way to the chain')
    .option('--market <market>', 'only this market')
    .addOption(
      new Option('--count <count>', 'how many')
        .argParser(wholeNumber())
        .default(20)
        .conflicts('watch')
    )
    .addOption(
      new Option('--before <tapeIndex>', 'only those before this block of the tape')
        .argParser(wholeNumber(0))
        .conflicts('watch')
    )
    .option('--watch', 'show every change until Ctrl-C')
    .addOption(accountOption())
    .action(showFills)
}

async function showBalance(
  flags: OfAccount & { watch?: boolean },
  command: Command
): Promise<void> {
  const context = Context.of(command)
  if (flags.watch === true) {
    return watch(context, async (client) => {
      await checkNames(client, flags)
      await client.subscribe('user.balances', (data) => {
        // The channel's own shape, by its name.
        const balance = data as RpcBalance
        if (!isOf(balance, flags)) return
        context.output.line(balance, (each) => balanceRow(each).join('  '))
      })
    })
  }
  const balances = await context.call((client) => client.call('private/get_balances', flags))
  context.output.result(balances, (all) => {
    // An account is as wide as all the rest: it stands above, when there is but one.
    const accounts = [...new Set(all.map(({ account }) => account))]
    const shown = table(
      [
        { title: 'token' },
        ...['available', 'reserved', 'settled', 'pending'].map((title) => ({ title, right: true })),
        { title: '' }
      ],
      all.map((balance) => balanceRow(balance).slice(1)),
      'no balances; curb deposit TOKEN AMOUNT'
    )
    return accounts.length === 0 ? shown : `${accounts.join(', ')}\n${shown}`
  })
}

async function showFills(
  flags: OfAccount & { market?: string; count: number; before?: number; watch?: boolean },
  command: Command
): Promise<void> {
  const context = Context.of(command)
  const { watch: isWatched, ...params } = flags
  if (isWatched === true) {
    return watch(context, async (client) => {
      await checkNames(client, flags)
      await client.subscribe('user.trades', (data) => {
        const trade = data as RpcMyTrade
        if (isOf(trade, flags)) context.output.line(trade, (each) => tradesTable([each]))
      })
    })
  }
  const trades = await context.call((client) => client.call('private/get_my_trades', params))
  context.output.result(trades, tradesTable)
}

type Named = { account?: string; market?: string }

/** The channels bring what is of any hosted account: whoever named one sees that one's alone. */
function isOf(message: { account: string; market?: string }, { account, market }: Named): boolean {
  if (market !== undefined && message.market !== market) return false
  return account === undefined || message.account === account.toLowerCase()
}

/** A name that is none would be watched in vain. @throws RpcFault unknown_account, unknown_market */
async function checkNames(client: SocketClient, { account, market }: Named): Promise<void> {
  if (account !== undefined) await client.call('private/get_balances', { account })
  if (market !== undefined) await client.call('public/get_instrument', { market })
}

function balanceRow(balance: RpcBalance): string[] {
  const { account, token, available, reserved, settled, pending, exiting } = balance
  return [account, token, available, reserved, settled, pending, exiting ? 'leaving' : '']
}
