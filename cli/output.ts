// Results on standard output, words on standard error; tables for people, the RPC's own objects
// for programs.
import Table from 'cli-table3'

export type Column = { title: string; right?: boolean }

export class Output {
  readonly json: boolean

  constructor({ json }: { json: boolean }) {
    this.json = json
  }

  /** The result: as it is for a program, else through `show`. */
  result<T>(value: T, show: (value: T) => string): void {
    process.stdout.write(`${this.json ? JSON.stringify(value, null, 2) : show(value)}\n`)
  }

  /** One line of a stream: an object a line for programs. */
  line<T>(value: T, show: (value: T) => string): void {
    process.stdout.write(`${this.json ? JSON.stringify(value) : show(value)}\n`)
  }

  /** A word for people who watch; programs are not told. */
  hint(text: string): void {
    if (process.stderr.isTTY) this.word(text)
  }

  word(text: string): void {
    process.stderr.write(`${text}\n`)
  }
}

/** A plain table, numbers to the right; `empty` when there is no row. */
export function table(columns: Column[], rows: string[][], empty = 'none'): string {
  if (rows.length === 0) return empty
  const drawn = new Table({
    head: columns.map(({ title }) => title),
    colAligns: columns.map(({ right }) => (right === true ? 'right' : 'left')),
    style: { head: [], border: [], compact: true, 'padding-left': 0, 'padding-right': 2 },
    chars: noLines
  })
  drawn.push(...rows)
  return drawn
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
}

/** `name  value` lines. */
export function facts(pairs: [string, string][]): string {
  const width = Math.max(...pairs.map(([name]) => name.length))
  return pairs.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join('\n')
}

/** UTC, and says so. */
export function timeText(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().replace('T', ' ').slice(0, 19)}Z`
}

const noLines = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: ''
}
