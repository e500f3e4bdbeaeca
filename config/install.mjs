// Installs what package-lock.json names when node_modules is missing or older than it, so that
// `npm start` and `npm test` work right after a clone. Plain JavaScript of Node alone: nothing
// else is there yet when it runs.
import { spawnSync } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))

/** Ends the process with a clear word when the install fails. */
export function ensureInstalled() {
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major < 20 || (major === 20 && minor < 19)) {
    console.error(`Curb needs Node 20.19 or newer; this is ${process.versions.node}.`)
    process.exit(1)
  }
  const stamp = join(root, 'node_modules', '.package-lock.json')
  const lock = join(root, 'package-lock.json')
  if (existsSync(stamp) && statSync(stamp).mtimeMs >= statSync(lock).mtimeMs) return
  console.error('Installing dependencies (once) ...')
  const result = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    // Everything npm says goes to stderr: stdout belongs to the command that called us.
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32'
  })
  if (result.status !== 0) {
    console.error('npm ci failed; see above. With the network back, run the same command again.')
    process.exit(1)
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) ensureInstalled()
