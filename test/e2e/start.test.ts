// A devnet that cannot start.
import test from 'brittle'
import { join } from 'node:path'
import { LocalVenue } from '../../cli/devnet/local-venue.ts'
import { after } from '../../client/timer.ts'
import { builtDaemon } from '../helpers/built.ts'

const START_MS = 120_000

test(
  'devnet - a daemon that does not start is named, with its log',
  { timeout: START_MS },
  async (t) => {
    const dead = { command: process.execPath, args: ['-e', 'process.exit(3)'] }
    const venue = new LocalVenue(
      { root: join(await t.tmp(), 'venue'), validators: 1, traders: 1, seed: 1 },
      { after, program: (words) => (words[0] === '--datadir' ? dead : builtDaemon(words)) }
    )
    t.teardown(() => venue.close())
    await venue.open()
    await t.exception(
      venue.connect(venue.traders[0]),
      /^Error: trader-1 ended; its log: .*trader-1.log$/
    )
  }
)
