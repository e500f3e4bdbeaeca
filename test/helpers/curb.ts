// `curb` as its user runs it: a process with arguments, two streams and an exit code.
import { spawn } from 'node:child_process'
import { join } from 'node:path'

const program = join(import.meta.dirname, '..', '..', 'cli', 'curb.ts')

export type Ran = { code: number | null; out: string; err: string }

export function curb(
  words: readonly string[],
  environment: Record<string, string> = {}
): Promise<Ran> {
  const child = spawn(process.execPath, ['--import', 'tsx', program, ...words], {
    env: { ...process.env, NO_COLOR: '1', ...environment },
    stdio: ['ignore', 'pipe', 'pipe']
  })
  const ran: Ran = { code: null, out: '', err: '' }
  child.stdout.on('data', (chunk: Buffer) => (ran.out += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (ran.err += chunk.toString()))
  return new Promise((resolve) => child.on('close', (code) => resolve({ ...ran, code })))
}
