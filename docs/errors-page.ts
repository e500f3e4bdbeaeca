// The text of docs/errors.md, made from the tables beside the code that uses them.
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { pathToFileURL } from 'node:url'
import { rejects } from '../protocol/rejects.ts'

const root = join(import.meta.dirname, '..')
const ROOMS = ['protocol', 'crypto', 'config', 'contracts', 'daemon', 'client', 'cli']

const VAULT = 'contracts/src/IVault.sol'

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

/** The vault's custom errors and their words, from its interface.
 * @throws Error when an error has no words there. */
export function vaultErrors(): [name: string, meaning: string][] {
  const source = readFileSync(join(root, VAULT), 'utf8')
  const errors: [string, string][] = []
  let words: string[] = []
  for (const line of source.split('\n').map((text) => text.trim())) {
    const [, name] = /^error (\w+)\(/.exec(line) ?? []
    if (name !== undefined) {
      if (words.length === 0) throw new Error(`${VAULT}: the error ${name} has no words`)
      errors.push([name, words.join(' ')])
    }
    words = line.startsWith('/// ') ? [...words, line.slice(4)] : []
  }
  return errors
}

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
    '',
    '## Errors of the vault',
    '',
    `Why the contract refused a transaction: the custom errors of \`${VAULT}\`. A token's own`,
    "refusal comes through OpenZeppelin's `SafeERC20FailedOperation`, a call from within a call as",
    '`ReentrancyGuardReentrantCall`.',
    '',
    '| error | meaning |',
    '|---|---|',
    ...vaultErrors().map(([name, meaning]) => `| \`${name}\` | ${meaning} |`),
    ''
  ].join('\n')
}
