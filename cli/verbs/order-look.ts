// Looking at orders: those that live, those that ended, and where each one is.
import { type Command, Option } from 'commander'
import { Context } from '../context.ts'
import { UsageError } from '../exit.ts'
import { wholeNumber } from '../numbers.ts'
import { facts } from '../output.ts'
import { accountOf, accountOption, isOrderId, orderIdOf } from './order-flags.ts'
import { ordersTable, orderText } from './order-text.ts'

/** `order list`, `show` and `explain`. */
export function lookCommands(order: Command): void {
  order
    .command('list [market]')
    .description('open orders, or with --history ended ones')
    .option('--history', 'ended orders')
    .addOption(
      new Option('--count <count>', 'how many ended ones; else 100').argParser(wholeNumber())
    )
    .addOption(
      new Option('--before <nonce>', 'only ended ones with a smaller nonce').argParser(
        wholeNumber(0)
      )
    )
    .addOption(accountOption())
    .action(list)
  order
    .command('show <order>')
    .description('one order, by its id or by yours')
    .addOption(accountOption())
    .action(async (id: string, flags: { account?: string }, command: Command) => {
      const context = Context.of(command)
      const params = isOrderId(id) ? { orderId: id } : { clientOrderId: id, ...accountOf(flags) }
      const found = await context.call((client) => client.call('private/get_order', params))
      context.output.result(found, orderText)
    })
  order
    .command('explain <order>')
    .description('every hash stage of an order, where it is, and who has it')
    .addOption(accountOption())
    .action(async (id: string, flags: { account?: string }, command: Command) => {
      const context = Context.of(command)
      const told = await context.call(async (client) => {
        const orderId = await orderIdOf(client, id, flags)
        return client.call('private/explain_order', { orderId })
      })
      context.output.result(told, ({ structHash, digest, signer, lane, tape, words }) =>
        [
          facts([
            ['struct hash', structHash],
            ['digest', digest],
            ['signer', signer ?? 'unknown'],
            ['lane', lane === null ? 'not known' : `${lane.key} block ${lane.block}`],
            ['acknowledged', lane === null ? '' : `${lane.acknowledgedBy.length} validators`],
            ['tape', tape === null ? 'not final' : `block ${tape.index}, entry ${tape.entry}`]
          ]),
          ...words
        ].join('\n')
      )
    })
}

type ListFlags = { history?: boolean; count?: number; before?: number; account?: string }

async function list(
  market: string | undefined,
  { history, ...page }: ListFlags,
  command: Command
): Promise<void> {
  const { account, count, before } = page
  if (history !== true && (count !== undefined || before !== undefined)) {
    throw new UsageError('--count and --before are for --history: open orders come all at once')
  }
  const context = Context.of(command)
  const named = market === undefined ? {} : { market }
  const orders = await context.call((client) =>
    history === true
      ? client.call('private/get_order_history', { ...page, ...named })
      : client.call('private/get_open_orders', { ...accountOf({ account }), ...named })
  )
  context.output.result(orders, ordersTable)
}
