#!/usr/bin/env node
// The daemon's program. Without a mode it runs the daemon; the modes are one-shot verbs that need
// engine, tape, chain or keys, which `curb` starts for its user. A mode is loaded when it is used:
// a daemon needs no deployment, and listing keys no network.
import { ConfigFault } from '../config/errors.ts'
import { endWithReader } from '../config/pipe.ts'
import { Fault } from '../protocol/faults.ts'
import { UsageFault } from './modes/usage.ts'

/** Exit codes, docs/cli.md. */
const exitCodes = { fault: 1, usage: 2 } as const

type Mode = (words: string[]) => Promise<void>

const run: Mode = async (words) => (await import('./modes/run.ts')).runMode(words)
const account = async () => (await import('./modes/account.ts')).accountMode

const modes: Record<string, Mode> = {
  'account-new': async (words) => (await account())('new', words),
  'account-import': async (words) => (await account())('import', words),
  'account-list': async (words) => (await account())('list', words),
  audit: async (words) => (await import('./modes/verify.ts')).verifyMode(words, true),
  'devnet-init': async (words) => (await import('./modes/devnet-init.ts')).devnetInitMode(words),
  dht: async (words) => (await import('./modes/bootstrap.ts')).bootstrapMode(words),
  replay: async (words) => (await import('./modes/replay.ts')).replayMode(words),
  verify: async (words) => (await import('./modes/verify.ts')).verifyMode(words, false),
  'venue-init': async (words) => (await import('./modes/venue-init.ts')).venueInitMode(words),
  'venue-join': async (words) => (await import('./modes/venue-join.ts')).venueJoinMode(words)
}

async function main(words: string[]): Promise<void> {
  const [first, ...rest] = words
  if (first === undefined || first.startsWith('-')) return run(words)
  const mode = modes[first]
  if (mode !== undefined) {
    endWithReader()
    return mode(rest)
  }
  throw new UsageFault(`no mode ${first}; there are ${Object.keys(modes).join(', ')}`)
}

main(process.argv.slice(2)).catch((fault: unknown) => {
  // A mode speaks for the verb of curb that it is.
  const speaker = (process.argv[2] ?? '-').startsWith('-') ? 'curbd' : 'curb'
  process.stderr.write(`${speaker}: ${textOf(fault)}\n`)
  const usage = fault instanceof ConfigFault || fault instanceof UsageFault
  process.exit(usage ? exitCodes.usage : exitCodes.fault)
})

/** A fault says what to do; anything else is a bug, and its stack is what helps. */
function textOf(fault: unknown): string {
  if (fault instanceof Fault || fault instanceof UsageFault) return fault.message
  return fault instanceof Error ? (fault.stack ?? fault.message) : String(fault)
}
