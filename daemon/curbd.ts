#!/usr/bin/env node
// The daemon's program. Without a mode it runs the daemon; the modes are one-shot verbs that need
// engine, tape, chain or keys, which `curb` starts for its user.
import { ConfigFault } from '../config/errors.ts'
import { Fault } from '../protocol/faults.ts'
import { accountMode } from './modes/account.ts'
import { bootstrapMode } from './modes/bootstrap.ts'
import { devnetInitMode } from './modes/devnet-init.ts'
import { runMode } from './modes/run.ts'
import { UsageFault } from './modes/usage.ts'
import { venueInitMode } from './modes/venue-init.ts'
import { venueJoinMode } from './modes/venue-join.ts'

/** Exit codes, docs/cli.md. */
const exitCodes = { fault: 1, usage: 2 } as const

type Mode = (words: string[]) => Promise<void>

const modes: Record<string, Mode> = {
  dht: bootstrapMode,
  'devnet-init': devnetInitMode,
  'account-new': (words) => accountMode('new', words),
  'account-import': (words) => accountMode('import', words),
  'account-list': (words) => accountMode('list', words),
  'venue-init': venueInitMode,
  'venue-join': venueJoinMode
}

async function main(): Promise<void> {
  const [first, ...rest] = process.argv.slice(2)
  if (first === undefined || first.startsWith('-')) return runMode(process.argv.slice(2))
  const mode = modes[first]
  if (mode === undefined) {
    throw new UsageFault(`no mode ${first}; there are ${Object.keys(modes).join(', ')}`)
  }
  return mode(rest)
}

main().catch((fault: unknown) => {
  const expected = fault instanceof Fault || fault instanceof UsageFault
  const text =
    fault instanceof Error
      ? expected
        ? fault.message
        : (fault.stack ?? fault.message)
      : String(fault)
  process.stderr.write(`curbd: ${text}\n`)
  const usage = fault instanceof ConfigFault || fault instanceof UsageFault
  process.exit(usage ? exitCodes.usage : exitCodes.fault)
})
