// Writes the pages that tables generate (`npm run docs`); test/docs.test.ts holds them to it.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { configMarkdown } from '../config/document.ts'
import { cliMarkdown } from './cli-page.ts'
import { errorsMarkdown } from './errors-page.ts'
import { rpcMarkdown } from './rpc-page.ts'
import { statusMarkdown } from './status-page.ts'

const folder = import.meta.dirname

/** Text of each generated page by file name. */
export function generatedPages(): Map<string, string> {
  return new Map([
    ['cli.md', cliMarkdown()],
    ['config.md', configMarkdown()],
    ['errors.md', errorsMarkdown()],
    ['rpc.md', rpcMarkdown()],
    ['status.md', statusMarkdown()]
  ])
}

/** Pages whose file differs from its table. */
export function stalePages(): string[] {
  return [...generatedPages()]
    .filter(([name, text]) => readOrEmpty(join(folder, name)) !== text)
    .map(([name]) => name)
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

if (process.argv[1] === import.meta.filename) {
  for (const [name, text] of generatedPages()) writeFileSync(join(folder, name), text)
}
