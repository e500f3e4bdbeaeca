// The text of docs/errors.md, made from the tables beside the code that uses them.
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { pathToFileURL } from 'node:url'
import { rejects } from '../protocol/rejects.ts'

const root = join(import.meta.dirname, '..')
const ROOMS = ['protocol', 'crypto', 'config', 'contracts', 'daemon', 'client', 'cli']

type Table = { path: string; faults: [code: string, meaning: string][] }

/** Every `export const somethingFaults = { code: 'Meaning.' }`, by the path of its file. */
async function faultTables(): Promise<Table[]> {
  const paths = ROOMS.flatMap((room) =>
    readdirSync(join(root, room), { withFileTypes: true, recursive: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
      .map((entry) => join(entry.parentPath, entry.name))
  ).filter((path) => /^export const \w+Faults = \{/m.test(readFileSync(path, 'utf8')))
  const tables: Table[] = []
  // By code unit, whatever the order of the file system: the page must not depend on it.
  for (const path of paths.sort()) {
    const exported: Record<string, unknown> = await import(pathToFileURL(path).href)
    for (const [name, value] of Object.entries(exported)) {
      if (!name.endsWith('Faults') || typeof value !== 'object' || value === null) continue
      const faults = Object.entries(value).map(([code, meaning]): [string, string] => [
        code,
        String(meaning)
      ])
      tables.push({ path: relative(root, path).replaceAll('\\', '/'), faults })
    }
  }
  return tables
}

const tables = await faultTables()

export function errorsMarkdown(): string {
  return [
    '# Errors',
    '',
    'Made from `protocol/rejects.ts` and the tables of faults; do not edit by hand (`npm run docs`',
    'writes it).',
    '',
    'A **reject** is expected and deterministic: an answer of the engine, the same on every daemon,',
    'part of the event hash. A **fault** is operational: thrown with its code, metadata for the log',
    'and the cause, and never part of the tape. Errors of the JSON-RPC are in [rpc](rpc.md).',
    '',
    '## Rejects',
    '',
    'Why an entry was refused or an order left the book. The code is the number in event records;',
    'the list only grows, at its end. The rules behind them are in [matching](matching.md).',
    '',
    '| code | reason | meaning |',
    '|---|---|---|',
    ...rejects.map(([name, meaning], i) => `| ${i + 1} | \`${name}\` | ${meaning} |`),
    '',
    '## Faults',
    ...tables.flatMap(({ path, faults }) => [
      '',
      `### \`${path}\``,
      '',
      '| code | meaning |',
      '|---|---|',
      ...faults.map(([code, meaning]) => `| \`${code}\` | ${meaning} |`)
    ]),
    ''
  ].join('\n')
}
