import { spawn } from 'node:child_process'

/** Runs a program to its end: its exit code, and all that it said on both of its outputs. */
export function runProgram(
  command: string,
  words: readonly string[],
  env: NodeJS.ProcessEnv = process.env
): Promise<{ code: number | null; said: string }> {
  const child = spawn(command, words, { stdio: ['ignore', 'pipe', 'pipe'], env })
  let said = ''
  const take = (chunk: Buffer): void => void (said += chunk.toString())
  child.stdout.on('data', take)
  child.stderr.on('data', take)
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => resolve({ code, said }))
  })
}
