// The daemon's program as a child: verbs that need engine, tape or chain are modes of curbd.
import { fileURLToPath } from 'node:url'

/** How to start curbd with these words: as source under tsx, or as built JavaScript, whichever
 * this program itself is. */
export function daemonCommand(words: readonly string[]): { command: string; args: string[] } {
  const source = import.meta.url.endsWith('.ts')
  const file = new URL(source ? '../daemon/curbd.ts' : '../daemon/curbd.js', import.meta.url)
  const loader = source ? ['--import', 'tsx'] : []
  return { command: process.execPath, args: [...loader, fileURLToPath(file), ...words] }
}
