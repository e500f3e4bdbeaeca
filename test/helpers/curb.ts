// `curb` as its user runs it: a process with arguments, two streams and an exit code.
import { spawn, type ChildProcess } from 'node:child_process'
import { builtProgram } from './built.ts'

export type Ran = { code: number | null; out: string; err: string }

export function curb(
  words: readonly string[],
  environment: Record<string, string> = {}
): Promise<Ran> {
  return curbProcess(words, environment).ended
}

/** The same, for what goes on until it is told to end; `ran` grows meanwhile. */
export function curbProcess(
  words: readonly string[],
  environment: Record<string, string> = {}
): { child: ChildProcess; ran: Ran; ended: Promise<Ran> } {
  const child = spawn(process.execPath, [builtProgram('cli', 'curb.js'), ...words], {
    env: { ...process.env, NO_COLOR: '1', ...environment },
    stdio: ['ignore', 'pipe', 'pipe']
  })
  const ran: Ran = { code: null, out: '', err: '' }
  child.stdout.on('data', (chunk: Buffer) => (ran.out += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (ran.err += chunk.toString()))
  const ended = new Promise<Ran>((resolve) => {
    child.on('close', (code) => resolve({ ...ran, code }))
  })
  return { child, ran, ended }
}
