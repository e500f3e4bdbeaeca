// Verbs that believe nobody: they join the venue afresh, take the tape from its start, and check it.
import progress from 'cli-progress'
import { type Command, Option } from 'commander'
import type { RpcLevel } from '../../protocol/rpc.ts'
import { Context } from '../context.ts'
import { exitCodes } from '../exit.ts'
import { wholeNumber } from '../numbers.ts'
import { runOneShot } from '../one-shot.ts'
import { timeText } from '../output.ts'
import { ladder } from './market.ts'

type Verdict = {
  ok: boolean
  blocks: number
  eventHash: string
  accounts: number
  chainBlock: number | null
  notCompared: string | null
  problems: string[]
}

export function checkCommands(program: Command): void {
  program
    .command('verify')
    .description(
      'replay the tape from the start: every signature, every event hash, and where the chain is known, every balance'
    )
    .addOption(chainOption())
    .action((flags: ChainFlags, command: Command) => audit(Context.of(command), 'verify', flags))
  program
    .command('replay')
    .description(
      'what happened, out of the tape itself: trades or events, and the books after them'
    )
    .option('--from <index>', 'first block of the tape', wholeNumber(0), 0)
    .option('--to <index>', 'last block; else all there are', wholeNumber(0))
    .option('--market <market>', 'only this market')
    .option('--depth <levels>', 'levels of each side of the books', wholeNumber(), 10)
    .option('--events', 'every event of the engine; else the trades')
    .action(replay)
}

export type ChainFlags = { chainUrl?: string }

export function chainOption(): Option {
  return new Option('--chain-url <url>', 'JSON-RPC of the chain; else chain.rpcUrl')
}

/** Runs the check with a bar on a terminal, and says in one line whether all is true. */
export async function audit(
  { datadir, output }: Context,
  mode: 'verify' | 'audit',
  { chainUrl }: ChainFlags
): Promise<void> {
  const bar = progressBar()
  let told = ''
  const chain = chainUrl === undefined ? [] : ['--chain-rpc-url', chainUrl]
  const code = await runOneShot([mode, '--datadir', datadir, ...chain], {
    onStdout: (text) => (told += text),
    onStderrLine: (line) => {
      const progress = readProgress(line)
      if (progress === null) output.word(line)
      else bar.update(progress.verified, progress.of)
    }
  })
  bar.stop()
  if (told === '') {
    process.exitCode = code
    return
  }
  const verdict = JSON.parse(told) as Verdict
  output.result(verdict, verdictText)
  if (!verdict.ok) process.exitCode = exitCodes.fault
}

function verdictText(verdict: Verdict): string {
  const { ok, blocks, eventHash, accounts, chainBlock, notCompared, problems } = verdict
  if (!ok)
    return [`NOT TRUE: ${problems.length} problems`, ...problems.map((each) => `  ${each}`)].join(
      '\n'
    )
  const chain =
    chainBlock === null
      ? `; balances NOT compared with the vault: ${notCompared ?? 'the chain was not asked'}`
      : `, balances of ${accounts} accounts equal the vault's at block ${chainBlock}`
  return `All is true: ${blocks} blocks, every signature, event hash ${eventHash}${chain}.`
}

type ReplayFlags = {
  from: number
  to?: number
  market?: string
  depth: number
  events?: boolean
}

type ReplayLine =
  | { kind: 'replayed'; tapeIndex: number; eventHash: string; problems: string[] }
  | { kind: 'book'; market: string; changeId: number; bids: RpcLevel[]; asks: RpcLevel[] }
  | { kind: string; tapeIndex: number; event: number; time: number; [field: string]: unknown }

/** Shows each line as it comes. */
async function replay(flags: ReplayFlags, command: Command): Promise<void> {
  const { datadir, output } = Context.of(command)
  const words = ['replay', '--datadir', datadir, '--from', String(flags.from)]
  if (flags.to !== undefined) words.push('--to', String(flags.to))
  if (flags.market !== undefined) words.push('--market', flags.market)
  if (flags.events === true) words.push('--events')
  words.push('--depth', String(flags.depth))
  // What comes would tear a bar apart on one terminal.
  const bar = process.stdout.isTTY ? noBar : progressBar()
  let rest = ''
  process.exitCode = await runOneShot(words, {
    onStdout: (text) => {
      const lines = (rest + text).split('\n')
      rest = lines.pop() ?? ''
      // The mode's own lines, by their kind.
      for (const line of lines) output.line(JSON.parse(line) as ReplayLine, replayText)
    },
    onStderrLine: (line) => {
      const progress = readProgress(line)
      if (progress === null) output.word(line)
      else bar.update(progress.verified, progress.of)
    }
  })
  bar.stop()
}

function replayText(line: ReplayLine): string {
  if (isBook(line)) return `\n${line.market} after block ${line.changeId}\n${ladder(line)}`
  if (isEnd(line)) {
    const { problems, tapeIndex, eventHash } = line
    const told = problems.map((problem) => `\nNOT TRUE: ${problem}`).join('')
    return `\nevent hash ${eventHash} after block ${tapeIndex}${told}`
  }
  const { kind, tapeIndex, event, time, ...fields } = line
  const place = `${tapeIndex}.${event}`.padEnd(10)
  if (kind === 'traded') {
    const { takerSide, amount, market, price } = fields
    return [
      `${place}  ${timeText(time)}  ${String(takerSide).padEnd(4)}`,
      `${String(amount)} ${String(market)} @ ${String(price)}`
    ].join(' ')
  }
  const told = Object.entries(fields).map(([name, value]) => `${name}=${String(value)}`)
  return `${place}  ${timeText(time)}  ${kind}  ${told.join(' ')}`
}

function isBook(line: ReplayLine): line is Extract<ReplayLine, { kind: 'book' }> {
  return line.kind === 'book'
}

function isEnd(line: ReplayLine): line is Extract<ReplayLine, { kind: 'replayed' }> {
  return line.kind === 'replayed'
}

function readProgress(line: string): { verified: number; of: number } | null {
  const match = /^\{"verified":(\d+),"of":(\d+)\}$/.exec(line)
  return match === null ? null : { verified: Number(match[1]), of: Number(match[2]) }
}

const noBar: { update(done: number, total: number): void; stop(): void } = {
  update: () => {},
  stop: () => {}
}

/** A bar on standard error, when that is a terminal. */
function progressBar(): typeof noBar {
  if (!process.stderr.isTTY) return noBar
  const bar = new progress.SingleBar({
    format: '{bar} {value}/{total} blocks',
    stream: process.stderr
  })
  bar.start(1, 0)
  return {
    update: (done, total) => {
      bar.setTotal(Math.max(1, total))
      bar.update(done)
    },
    stop: () => bar.stop()
  }
}
