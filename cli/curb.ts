#!/usr/bin/env node
import { CommanderError } from 'commander'
import { exitCodeOf, explain } from './exit.ts'
import { createProgram } from './program.ts'

process.on('SIGINT', () => process.exit(130))

try {
  await createProgram().parseAsync(process.argv)
} catch (fault) {
  // Commander has said its own words already.
  if (!(fault instanceof CommanderError)) process.stderr.write(`curb: ${explain(fault)}\n`)
  process.exitCode = exitCodeOf(fault)
}
