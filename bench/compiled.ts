// The benches' programs as JavaScript, compiled as the daemon's are. A loader that compiles on the way in
// talks to a thread of its own and hands it buffers; from then on Node looks at every access to a typed
// array whether its buffer was handed away, and a tenth of the engine's speed is gone.
import { execFile } from 'node:child_process'
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
