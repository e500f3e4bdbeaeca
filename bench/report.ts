// What every bench prints: a table for people, or with --json exactly one object for programs.
import os from 'node:os'

/** One figure. `name` is dotted and stable, since recorded runs are compared by it. */
export type Row = { name: string; value: number; unit: string }

export type Machine = {
  cpu: string
  cores: number
  memoryGiB: number
  platform: string
  node: string
}

export type Report = { bench: string; machine: Machine; rows: Row[] }

export function machine(): Machine {
  const cpus = os.cpus()
  return {
    cpu: cpus[0]?.model.trim() ?? 'unknown',
    cores: cpus.length,
    memoryGiB: Math.round(os.totalmem() / 2 ** 30),
    platform: `${os.platform()}-${os.arch()}`,
    node: process.version
  }
}

/** True when the command line asks for one JSON object and nothing else on stdout. */
export function wantsJson(argv: readonly string[] = process.argv.slice(2)): boolean {
  return argv.includes('--json')
}

/** Words about progress go to stderr, so that stdout stays one object or one table. */
export function say(line: string): void {
  process.stderr.write(line + '\n')
}

/** The middle of several runs (the upper one of an even count).
 * @throws RangeError on an empty list: a figure without a run is no figure. */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError('median of no values')
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[sorted.length >>> 1]
}

/** Prints the rows to stdout as the command line asks. */
export function report(
  bench: string,
  rows: readonly Row[],
  argv: readonly string[] = process.argv.slice(2)
): void {
  const whole: Report = { bench, machine: machine(), rows: [...rows] }
  process.stdout.write(wantsJson(argv) ? JSON.stringify(whole) + '\n' : table(whole))
}

/** The report as aligned text: name left, value right, unit left. */
export function table(whole: Report): string {
  const { cpu, cores, node } = whole.machine
  const cells = whole.rows.map((row) => [row.name, readable(row.value), row.unit])
  const nameWidth = Math.max(4, ...cells.map((cell) => cell[0].length))
  const valueWidth = Math.max(5, ...cells.map((cell) => cell[1].length))
  const line = (name: string, value: string, unit: string): string =>
    `${name.padEnd(nameWidth)}  ${value.padStart(valueWidth)}  ${unit}`.trimEnd()
  return [
    `${whole.bench}  (${cpu}, ${cores} cores, Node ${node})`,
    line('name', 'value', 'unit'),
    '-'.repeat(nameWidth + valueWidth + 12),
    ...cells.map(([name, value, unit]) => line(name, value, unit)),
    ''
  ].join('\n')
}

function readable(value: number): string {
  if (!Number.isFinite(value)) return String(value)
  const digits = Number.isInteger(value) || Math.abs(value) >= 1000 ? 0 : value < 10 ? 3 : 1
  return value.toLocaleString('en-US', {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits
  })
}
