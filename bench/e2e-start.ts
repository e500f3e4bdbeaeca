// `npm start` as its user types it, up to the first batch that is settled on the chain.
import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export const root = join(import.meta.dirname, '..')

const PATIENCE_MS = 60_000

/** From the command to the words "settled batch 1". @throws Error when they do not come */
export async function startSeconds(): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'curb-start-'))
  const began = performance.now()
  const words = ['start', '--silent', '--', '--root', join(folder, 'devnet')]
  // A group of its own: Ctrl-C in a terminal reaches npm and what it started.
  const child = spawn('npm', words, {
    cwd: root,
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit']
  })
  const ended = new Promise((resolve) => child.once('close', resolve))
  const interrupt = () => process.kill(-(child.pid ?? 0), 'SIGINT')
  try {
    await new Promise<void>((resolve, reject) => {
      let said = ''
      child.stdout.on('data', (chunk: Buffer) => {
        said += chunk.toString()
        if (said.includes('settled batch 1:')) resolve()
      })
      child.once('close', () => reject(new Error(`npm start ended:\n${said}`)))
      setTimeout(() => reject(new Error(`nothing settled:\n${said}`)), PATIENCE_MS).unref()
    })
    return (performance.now() - began) / 1000
  } finally {
    if (child.exitCode === null) interrupt()
    await ended
    await rm(folder, { recursive: true, force: true })
  }
}
