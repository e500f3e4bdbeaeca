import { Command } from 'commander'
import { devnetCommand } from './devnet/command.ts'
import { accountCommands } from './verbs/account.ts'
import { batchCommands } from './verbs/batch.ts'
import { checkCommands } from './verbs/check.ts'
import { configCommands } from './verbs/config.ts'
import { fundsCommands } from './verbs/funds.ts'
import { marketCommands } from './verbs/market.ts'
import { nodeCommands } from './verbs/node.ts'
import { orderCommands } from './verbs/order.ts'
import { tokenCommands } from './verbs/token.ts'
import { venueCommands } from './verbs/venue.ts'

/** The whole command line of `curb`. */
export function createProgram(): Command {
  const program = new Command('curb')
    .description('Trade on a Curb venue, and look after its daemon')
    .option('--datadir <folder>', 'data directory of the daemon (CURB_DATADIR)')
    .option(
      '--rpc-url <url>',
      'address of the daemon, such as http://127.0.0.1:8650 (CURB_RPC_URL)'
    )
    .option('--token <token>', 'access token; else the cookie of the data directory')
    .option('--json', 'print the RPC’s own objects')
    .showHelpAfterError('(--help shows what there is)')
    .showSuggestionAfterError()
    .exitOverride()
  const groups = [
    orderCommands,
    marketCommands,
    fundsCommands,
    accountCommands,
    venueCommands,
    batchCommands,
    nodeCommands,
    tokenCommands,
    configCommands,
    checkCommands,
    devnetCommand
  ]
  for (const add of groups) add(program)
  return program
}
