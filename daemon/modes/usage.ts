import { parseArgs } from 'node:util'
import { defaultDatadir } from '../../config/paths.ts'
import { flagOf, options } from '../../config/schema.ts'

/** A command line that cannot be understood. */
export class UsageFault extends Error {
  override readonly name = 'UsageFault'
}

export type Words = { values: Record<string, string | boolean | undefined>; rest: string[] }

/** Reads flags by their names (without dashes). @throws UsageFault */
export function readWords(
  words: string[],
  flags: Record<string, { type: 'string' | 'boolean' }>
): Words {
  try {
    const { values, positionals } = parseArgs({
      args: words,
      options: flags,
      allowPositionals: true
    })
    return { values, rest: positionals }
  } catch (fault) {
    throw new UsageFault(fault instanceof Error ? fault.message : String(fault))
  }
}

/** The flags of the option table and `--datadir`, as `loadConfig` takes them, and `more` of a mode's
 * own. @throws UsageFault */
export function readConfigFlags(
  words: string[],
  more: Parameters<typeof readWords>[1] = {}
): {
  datadir: string
  flags: Record<string, string>
  values: Words['values']
} {
  const names = Object.fromEntries(
    options.map(({ key }) => [flagOf(key).slice(2), { type: 'string' as const }])
  )
  const { values, rest } = readWords(words, { ...names, ...more, datadir: { type: 'string' } })
  if (rest.length > 0) throw new UsageFault(`unexpected word ${rest[0]}`)
  const flags: Record<string, string> = {}
  for (const { key } of options) {
    const value = values[flagOf(key).slice(2)]
    if (typeof value === 'string') flags[key] = value
  }
  return { datadir: datadirOf(values['datadir']), flags, values }
}

export function datadirOf(value: string | boolean | undefined): string {
  if (typeof value === 'string') return value
  return process.env['CURB_DATADIR'] ?? defaultDatadir()
}
