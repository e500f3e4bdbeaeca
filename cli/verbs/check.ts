// Verbs that believe nobody: they join the venue afresh, take the whole tape, and check it.
import progress from 'cli-progress'
import type { Command } from 'commander'
import { Context } from '../context.ts'
import { exitCodes } from '../exit.ts'
import { runOneShot } from '../one-shot.ts'

type Verdict = {
  ok: boolean
  blocks: number
  eventHash: string
  accounts: number
  chainBlock: number | null
  problems: string[]
}

export function checkCommands(program: Command): void {
  program
    .command('verify')
    .description('replay the tape from the start: every signature, every event hash')
    .action((_flags: object, command: Command) => audit(Context.of(command), 'verify'))
  program
    .command('replay')
    .description('the same as verify: the event hash after the whole tape')
    .action((_flags: object, command: Command) => audit(Context.of(command), 'verify'))
}

/** Runs the check with a bar on a terminal, and says in one line whether all is true. */
export async function audit({ datadir, output }: Context, mode: 'verify' | 'audit'): Promise<void> {
  const bar = progressBar()
  let told = ''
  const code = await runOneShot([mode, '--datadir', datadir], {
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

function verdictText({ ok, blocks, eventHash, accounts, chainBlock, problems }: Verdict): string {
  if (!ok)
    return [`NOT TRUE: ${problems.length} problems`, ...problems.map((each) => `  ${each}`)].join(
      '\n'
    )
  const chain =
    chainBlock === null
      ? ''
      : `, balances of ${accounts} accounts equal the vault's at block ${chainBlock}`
  return `All is true: ${blocks} blocks, every signature, event hash ${eventHash}${chain}.`
}

function readProgress(line: string): { verified: number; of: number } | null {
  const match = /^\{"verified":(\d+),"of":(\d+)\}$/.exec(line)
  return match === null ? null : { verified: Number(match[1]), of: Number(match[2]) }
}

/** A bar on standard error, when that is a terminal. */
function progressBar(): { update(done: number, total: number): void; stop(): void } {
  if (!process.stderr.isTTY) return { update: () => {}, stop: () => {} }
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
