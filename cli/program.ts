import { Command } from 'commander'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
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

/** Of package.json, which lies one folder above the source and two above the built program. */
function version(): string {
  const above = [join('..', 'package.json'), join('..', '..', 'package.json')]
  const file = above.map((path) => join(import.meta.dirname, path)).find((path) => existsSync(path))
  return file === undefined ? 'unknown' : String(JSON.parse(readFileSync(file, 'utf8')).version)
}

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
    .version(version(), '--version', 'print the version')
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
