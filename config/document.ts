// docs/config.md and the commented curb.toml, made from the table.
import { environmentOf, flagOf, options, type Option } from './schema.ts'

/** The text of docs/config.md; a test holds the file to it. */
export function configMarkdown(): string {
  const rows = options.map((option) => {
    const cells = [
      `\`${option.key}\``,
      kindOf(option),
      `\`${tomlValue(option.default)}\``,
      `\`${flagOf(option.key)}\``,
      `\`${environmentOf(option.key)}\``,
      option.doc
    ]
    return `| ${cells.join(' | ')} |`
  })
  return [
    '# Configuration',
    '',
    'Made from `config/schema.ts`; do not edit by hand (`npm run docs` writes it).',
    '',
    'A value comes from the first of: a flag of `curbd`, an environment variable, `curb.toml` in the',
    'data directory, the default. `curb config print --origin` says which. Unknown keys are errors.',
    'The data directory is `--datadir`, else `CURB_DATADIR`, else the platform’s place for',
    'application data; relative paths are taken from it.',
    '',
    '| key | type | default | flag | environment | meaning |',
    '|---|---|---|---|---|---|',
    ...rows,
    ''
  ].join('\n')
}

/** A curb.toml with every key commented out at its default. */
export function configToml(): string {
  const lines = ['# Every option of curbd at its default. Take the # away to change one.', '']
  let table = ''
  for (const option of options) {
    const dot = option.key.lastIndexOf('.')
    const name = option.key.slice(0, Math.max(dot, 0))
    if (name !== table) {
      lines.push(`[${name}]`)
      table = name
    }
    lines.push(
      `# ${option.doc} (${kindOf(option)})`,
      `# ${option.key.slice(dot + 1)} = ${tomlValue(option.default)}`,
      ''
    )
  }
  return lines.join('\n')
}

function kindOf(option: Option): string {
  if (option.type === 'choice') return option.values.join(' \\| ')
  if (option.type === 'integer') return `${option.min} to ${option.max}`
  return option.type
}

function tomlValue(value: unknown): string {
  return JSON.stringify(value)
}
