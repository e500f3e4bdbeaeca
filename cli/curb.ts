#!/usr/bin/env node
import { CommanderError } from 'commander'
import { exitCodeOf, exitCodes, explain } from './exit.ts'
import { createProgram } from './program.ts'
import { interrupt } from './wait.ts'

process.on('SIGINT', interrupt)

// Whoever reads has read enough (`curb fills --watch | head`): that is no fault. A reader of words
// who went away changes nothing.
process.stdout.on('error', (fault: NodeJS.ErrnoException) => {
  if (fault.code !== 'EPIPE') throw fault
  process.exit(exitCodes.ok)
})
process.stderr.on('error', (fault: NodeJS.ErrnoException) => {
  if (fault.code !== 'EPIPE') throw fault
})

try {
  await createProgram().parseAsync(process.argv)
} catch (fault) {
  // Commander has said its own words already.
  if (!(fault instanceof CommanderError)) process.stderr.write(`curb: ${explain(fault)}\n`)
  process.exitCode = exitCodeOf(fault)
}
