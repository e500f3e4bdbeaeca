#!/usr/bin/env node
import { CommanderError } from 'commander'
import { endWithReader } from '../config/pipe.ts'
import { exitCodeOf, explain } from './exit.ts'
import { createProgram } from './program.ts'
import { interrupt } from './wait.ts'

process.on('SIGINT', interrupt)

endWithReader()

try {
  await createProgram().parseAsync(process.argv)
} catch (fault) {
  // Commander has said its own words already.
  if (!(fault instanceof CommanderError)) process.stderr.write(`curb: ${explain(fault)}\n`)
  process.exitCode = exitCodeOf(fault)
}
