// The benches' programs as JavaScript, compiled as the daemon's are. Under a loader that compiles on the way
// in the engine measured up to a tenth slower (hot: 5.3 against 5.9 Mops/s; mixed within the noise), and
// just as slow without the loader once a single buffer had been handed to another thread: Node then looks at
// each access to a typed array whether its buffer is still there. A daemon that hands buffers away pays too.
import { execFile, spawn } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)
const root = fileURLToPath(new URL('..', import.meta.url))

/** Compiles the repository's TypeScript as it stands, types unchecked. Gives the folder. */
export async function compiled(): Promise<string> {
  const folder = join(root, 'node_modules', '.cache', 'curb-bench')
  const tsc = join(root, 'node_modules', '.bin', 'tsc')
  const emit = ['--noCheck', '--noEmit', 'false', '--outDir', folder, '--rootDir', root]
  await run(tsc, ['-p', root, ...emit], { timeout: 120_000 })
  await writeFile(join(folder, 'package.json'), JSON.stringify({ type: 'module' }))
  return folder
}

/** What a child that measures the engine is started with. */
export const nodeFlags = ['--expose-gc', '--max-old-space-size=4096']

/** Runs a program of this folder once more, compiled, with the words of this process, and ends with
 * its exit code. */
export async function again(program: string): Promise<void> {
  const file = join(await compiled(), 'bench', program)
  const child = spawn(process.execPath, [...nodeFlags, file, ...process.argv.slice(2)], {
    stdio: 'inherit'
  })
  process.exitCode = await new Promise<number>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => resolve(code ?? 1))
  })
}
