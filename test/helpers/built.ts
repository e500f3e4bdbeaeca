// The built program for tests over processes: it starts in a third of the time that its source
// takes, and it is what a user runs. Built once in a process of tests.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { daemonFlags } from '../../cli/one-shot.ts'

const root = join(import.meta.dirname, '..', '..')
const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc')

let isBuilt = false

/** Path of a built program, as of the source now. @throws Error when the compiler makes none */
export function builtProgram(...place: string[]): string {
  const path = join(root, 'dist', ...place)
  // Errors of types are for the types' own check: the program comes out all the same.
  const run = isBuilt
    ? null
    : spawnSync(process.execPath, [compiler, '-p', join(root, 'tsconfig.build.json')])
  isBuilt = true
  if (existsSync(path)) return path
  throw new Error(`no ${path}: ${run?.stdout.toString() ?? ''}`)
}

/** How curbd is started with these words. */
export function builtDaemon(words: readonly string[]): { command: string; args: string[] } {
  const program = builtProgram('daemon', 'curbd.js')
  return { command: process.execPath, args: [...daemonFlags(words), program, ...words] }
}
