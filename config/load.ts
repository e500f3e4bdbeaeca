// Precedence: default < file < environment < flag. Every value remembers where it came from.
import { readFileSync } from 'node:fs'
import { isAbsolute, join } from 'node:path'
import { parse } from 'smol-toml'
import { ConfigFault } from './errors.ts'
import { datadirPaths } from './paths.ts'
import { environmentOf, options, type Config, type Option } from './schema.ts'

export type Origin = 'default' | 'file' | 'environment' | 'flag'
export type LoadedConfig = {
  datadir: string
  config: Config
  origins: Record<string, Origin>
}

export type ConfigSources = {
  datadir: string
  /** Flags by key, as the command line gave them. */
  flags?: Record<string, unknown>
  environment?: Record<string, string | undefined>
}

/** Reads `<datadir>/curb.toml`, when there is one, and merges the sources.
 * @throws ConfigFault on an unknown key, a value of the wrong type, or an unreadable file */
export function loadConfig({ datadir, flags = {}, environment = {} }: ConfigSources): LoadedConfig {
  const file = readFile(datadirPaths(datadir).configFile)
  refuseUnknown(Object.keys(file), 'curb.toml')
  refuseUnknown(Object.keys(flags), 'the command line')
  refuseUnknownEnvironment(environment)

  const values: Record<string, unknown> = {}
  const origins: Record<string, Origin> = {}
  for (const option of options) {
    const { key } = option
    const variable = environment[environmentOf(key)]
    const [origin, raw]: [Origin, unknown] =
      flags[key] !== undefined
        ? ['flag', flags[key]]
        : variable !== undefined
          ? ['environment', variable]
          : file[key] !== undefined
            ? ['file', file[key]]
            : ['default', option.default]
    origins[key] = origin
    values[key] = resolvePath(option, check(option, raw, origin), datadir)
  }
  // The loop above filled every key with a value of its option's type.
  return { datadir, config: values as Config, origins }
}

function readFile(path: string): Record<string, unknown> {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return {}
    throw new ConfigFault(
      `Cannot read ${path}: ${String(cause)}. Mend its permissions.`,
      null,
      cause
    )
  }
  try {
    return flatten(parse(text))
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new ConfigFault(`${path} is not valid TOML: ${why}`, null, cause)
  }
}

function flatten(table: Record<string, unknown>, prefix = ''): Record<string, unknown> {
  const flat: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(table)) {
    const key = prefix + name
    if (isTable(value)) Object.assign(flat, flatten(value, `${key}.`))
    else flat[key] = value
  }
  return flat
}

function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function refuseUnknown(keys: string[], where: string): void {
  for (const key of keys) {
    if (options.some((option) => option.key === key)) continue
    throw new ConfigFault(
      `Unknown key ${key} in ${where}.${nearest(key)} \`curb config print\` lists all keys.`,
      key
    )
  }
}

function refuseUnknownEnvironment(environment: Record<string, string | undefined>): void {
  const known = new Set<string>(['CURB_DATADIR', 'CURB_RPC_URL'])
  for (const { key } of options) known.add(environmentOf(key))
  for (const name of Object.keys(environment)) {
    if (name.startsWith('CURB_') && !known.has(name)) {
      throw new ConfigFault(`Unknown environment variable ${name}; docs/config.md lists them.`)
    }
  }
}

function nearest(key: string): string {
  const last = key.split('.').at(-1) ?? key
  const like = options.find((option) => option.key.endsWith(last) || key.endsWith(option.key))
  return like ? ` Did you mean ${like.key}?` : ''
}

function check(option: Option, raw: unknown, origin: Origin): unknown {
  const fault = (wanted: string) =>
    new ConfigFault(
      `${option.key} must be ${wanted}; the ${origin} says ${JSON.stringify(raw)}. (${option.doc})`,
      option.key
    )
  switch (option.type) {
    case 'string':
    case 'path':
      if (typeof raw !== 'string') throw fault('a string')
      return raw
    case 'boolean':
      if (raw === true || raw === 'true') return true
      if (raw === false || raw === 'false') return false
      throw fault('true or false')
    case 'integer': {
      const number = typeof raw === 'string' && /^\d+$/.test(raw) ? Number(raw) : raw
      if (typeof number !== 'number' || !Number.isSafeInteger(number)) throw fault('a whole number')
      if (number < option.min || number > option.max) {
        throw fault(`between ${option.min} and ${option.max}`)
      }
      return number
    }
    case 'list': {
      const list = typeof raw === 'string' ? raw.split(',').filter((item) => item !== '') : raw
      if (!Array.isArray(list) || list.some((item) => typeof item !== 'string')) {
        throw fault('a list of strings (comma-separated in a flag or variable)')
      }
      return [...list]
    }
    case 'choice':
      if (typeof raw !== 'string' || !option.values.includes(raw)) {
        throw fault(`one of ${option.values.join(', ')}`)
      }
      return raw
  }
}

function resolvePath(option: Option, value: unknown, datadir: string): unknown {
  if (option.type !== 'path' || typeof value !== 'string' || value === '') return value
  return isAbsolute(value) ? value : join(datadirPaths(datadir).root, value)
}
