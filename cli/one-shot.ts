// The daemon's program as a child: verbs that need engine, tape, chain or keys are modes of curbd.
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

/** How to start curbd with these words: as source under tsx, or as built JavaScript, whichever
 * this program itself is. */
export function daemonCommand(words: readonly string[]): { command: string; args: string[] } {
  const source = import.meta.url.endsWith('.ts')
  const file = new URL(source ? '../daemon/curbd.ts' : '../daemon/curbd.js', import.meta.url)
  const loader = source ? ['--import', 'tsx'] : []
  const args = [...daemonFlags(words), ...loader, fileURLToPath(file), ...words]
  return { command: process.execPath, args }
}

/** Node's own flags. A daemon's young objects die young: with little room for them it takes a quarter
 * less memory at rest, and is no slower. A mode that replays a tape has use for more. */
export function daemonFlags([first]: readonly string[]): string[] {
  const isMode = first !== undefined && !first.startsWith('-')
  return isMode ? [] : ['--max-semi-space-size=4']
}

/** Runs a mode in this terminal; its exit code becomes ours. */
export async function oneShot(words: string[]): Promise<void> {
  const { command, args } = daemonCommand(words)
  const child = spawn(command, args, { stdio: 'inherit' })
  process.exitCode = await ended(child)
}

/** Runs a mode and hands on what it says. @returns its exit code */
export async function runOneShot(
  words: string[],
  { onStdout, onStderrLine }: { onStdout(text: string): void; onStderrLine(line: string): void }
): Promise<number> {
  const { command, args } = daemonCommand(words)
  const child = spawn(command, args, { stdio: ['inherit', 'pipe', 'pipe'] })
  child.stdout.on('data', (chunk: Buffer) => onStdout(chunk.toString('utf8')))
  createInterface({ input: child.stderr }).on('line', onStderrLine)
  return ended(child)
}

function ended(child: ReturnType<typeof spawn>): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => resolve(code ?? 130))
  })
}
