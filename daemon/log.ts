// The log: error = someone must act, warn = it may become one, info = a state changed, debug = the
// rest. Never on standard output, which belongs to data, and never a key.
import pino, { type Logger, type LoggerOptions } from 'pino'

export type LogOptions = {
  level: 'error' | 'warn' | 'info' | 'debug' | 'silent'
  format: 'json' | 'pretty'
  /** A path, or empty for standard error. */
  file: string
}

export type Log = Logger

const secrets = [
  'privateKey',
  'password',
  'seed',
  'token',
  'secretKey',
  '*.privateKey',
  '*.password'
]

export function createLog({ level, format, file }: LogOptions): Log {
  const options: LoggerOptions = {
    level,
    // Process id and host name say nothing here: a log is one daemon's.
    base: null,
    redact: secrets,
    timestamp: pino.stdTimeFunctions.isoTime
  }
  const destination = pino.destination({ dest: file === '' ? 2 : file, sync: true, mkdir: true })
  return format === 'json' ? pino(options, destination) : pino(options, prettyLines(destination))
}

/** `12:00:00.000 info  the tape is fresh  length=7`: for people, without a further package. */
function prettyLines(out: { write(line: string): unknown }): { write(line: string): void } {
  return {
    write(line) {
      const { time, level, msg, ...fields }: Record<string, unknown> = JSON.parse(line)
      const clock = typeof time === 'string' ? time.slice(11, 23) : ''
      const name = pino.levels.labels[Number(level)] ?? 'info'
      const rest = Object.entries(fields).map(([key, value]) => `${key}=${textOf(value)}`)
      out.write(`${clock} ${name.padEnd(5)} ${textOf(msg)}  ${rest.join(' ')}\n`)
    }
  }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}
