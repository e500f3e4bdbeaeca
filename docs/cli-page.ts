// The text of docs/cli.md, made from the command line's own definitions.
import type { Argument, Command, Option } from 'commander'
import { exitCodes } from '../cli/exit.ts'
import { createProgram } from '../cli/program.ts'

const meanings: Record<keyof typeof exitCodes, string> = {
  ok: 'It was done.',
  fault: 'A fault; also what `verify` and `venue audit` end with when something is not true.',
  usage: 'The words of the command cannot be understood.',
  unreachable: 'No daemon answers.',
  unauthorised: 'The token is unknown, expired, or its scope is too small.',
  rejected: 'The daemon or the engine said no; the reason is on standard error.',
  settlementFailed: 'A transaction to the vault failed.',
  interrupted: 'Interrupted.'
}

/** A verb by its whole name, such as `order buy`. */
export type Verb = { name: string; command: Command }

/** Every command that does something by itself, in the order of the program. */
export function verbs(command: Command = createProgram(), path: readonly string[] = []): Verb[] {
  const own = path.length > 0 && acts(command) ? [{ name: path.join(' '), command }] : []
  return [...own, ...command.commands.flatMap((each) => verbs(each, [...path, each.name()]))]
}

/** A group without sub-commands of its own is a verb; `devnet` is both. */
function acts(command: Command): boolean {
  return command.commands.length === 0 || command.options.length > 0
}

export function cliMarkdown(): string {
  const program = createProgram()
  return [
    '# Command line',
    '',
    'Made from the definitions in `cli/`; do not edit by hand (`npm run docs` writes it).',
    '',
    '`curb` is the client, `curbd` the daemon (its flags are in [config](config.md)). Results go to',
    'standard output, words to standard error; `--json` prints the [RPC](rpc.md)’s own objects.',
    '',
    'Anywhere on the line:',
    '',
    ...table(program.options),
    '',
    ...verbs(program).flatMap(section),
    '## Exit codes',
    '',
    '| code | meaning |',
    '|---|---|',
    ...Object.entries(meanings).map(([name, meaning]) => {
      return `| ${exitCodes[name as keyof typeof exitCodes]} | ${meaning} |`
    }),
    ''
  ].join('\n')
}

function section({ name, command }: Verb): string[] {
  const words = command.registeredArguments.map(argumentText).join(' ')
  const usage = ['curb', name, words].filter((word) => word !== '').join(' ')
  const text = command.description()
  const sentence = text.charAt(0).toUpperCase() + text.slice(1)
  const options = command.options.length === 0 ? [] : ['', ...table(command.options)]
  return [`## \`${usage}\``, '', `${sentence}.`, ...options, '']
}

function argumentText(argument: Argument): string {
  const name = argument.name() + (argument.variadic ? '...' : '')
  return argument.required ? `<${name}>` : `[${name}]`
}

function table(options: readonly Option[]): string[] {
  return ['| option | meaning |', '|---|---|', ...options.map(line)]
}

function line({ flags, description, defaultValue }: Option): string {
  const isTold = defaultValue !== undefined && typeof defaultValue !== 'boolean'
  const fallback = isTold ? ` (default \`${String(defaultValue)}\`)` : ''
  return `| \`${flags}\` | ${description.replaceAll('|', '\\|')}${fallback} |`
}
