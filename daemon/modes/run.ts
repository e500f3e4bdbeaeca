// The daemon itself: from configuration to a running daemon, until a signal asks it to end.
import { loadConfig } from '../../config/load.ts'
import { App } from '../app.ts'
import { systemClock, systemRandom } from '../clock.ts'
import { createLog } from '../log.ts'
import { askPassword } from './password.ts'
import { untilSignal } from './signals.ts'
import { readConfigFlags } from './usage.ts'

/** How long a drain may take before the process ends all the same. */
const drainMs = 20_000

export async function runMode(words: string[]): Promise<void> {
  const { datadir, flags } = readConfigFlags(words)
  const loaded = loadConfig({ datadir, flags, environment: process.env })
  const { config } = loaded
  const log = createLog({
    level: config['log.level'],
    format: config['log.format'],
    file: config['log.file']
  })
  process.on('unhandledRejection', (fault) => {
    log.fatal({ error: fault instanceof Error ? fault.stack : String(fault) }, 'a bug')
    process.exit(1)
  })
  const end = new AbortController()
  const faulted = new Promise<void>((resolve) => {
    end.signal.addEventListener('abort', () => resolve())
  })
  const terminal = process.stdin.isTTY ? { askPassword: () => askPassword('Password') } : {}
  const app = new App(loaded, {
    ...terminal,
    clock: systemClock,
    random: systemRandom,
    log,
    onfault: (fault) => {
      log.fatal({ error: String(fault) }, 'the daemon ends: nothing more can be promised')
      end.abort()
    }
  })
  await app.open()
  await Promise.race([untilSignal(), faulted])
  systemClock.after(drainMs, () => process.exit(1))
  await app.close()
  process.exit(end.signal.aborted ? 1 : 0)
}
