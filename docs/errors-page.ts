// The text of docs/errors.md, made from the tables beside the code that uses them.
import { daemonFaults } from '../daemon/errors.ts'
import { laneFaults } from '../daemon/lanes/lane-faults.ts'
import { protocolFaults } from '../protocol/faults.ts'
import { rejects } from '../protocol/rejects.ts'

type Table = Readonly<Record<string, string>>

/** A room that grows a table of faults is added here; a test finds those that are missing. */
const faults: readonly (readonly [title: string, table: Table])[] = [
  ['Protocol and cryptography', protocolFaults],
  ['Lanes', laneFaults],
  ['Tape, replica, daemon', daemonFaults]
]

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
    ...faults.flatMap(([title, table]) => [
      '',
      `### ${title}`,
      '',
      '| code | meaning |',
      '|---|---|',
      ...Object.entries(table).map(([code, meaning]) => `| \`${code}\` | ${meaning} |`)
    ]),
    ''
  ].join('\n')
}
