import { InvalidArgumentError, type Command } from 'commander'
import { resolve } from 'node:path'
import { after } from '../../client/timer.ts'
import { order as send, type Order } from './control.ts'
import { Context } from '../context.ts'
import { whenInterrupted } from '../wait.ts'
import { Devnet } from './devnet.ts'

const defaultRoot = '.curb'

/** `curb devnet`, and its faults. */
export function devnetCommand(program: Command): void {
  const devnet = program
    .command('devnet')
    .description('a whole venue on this machine: chain, vault, validators, traders and bots')
    .option('--root <folder>', 'where it lives; a devnet that is there is thrown away', defaultRoot)
    .option('--validators <count>', 'validators (1, 4, 7 ...)', count, 4)
    .option('--traders <count>', 'trader daemons', count, 2)
    .option('--seed <number>', 'seed of keys and bots', count, 1)
    .option('--no-bots', 'leave the trading to you')
    .action(run)
  const faults: [Order['verb'], string][] = [
    ['kill', 'kill -9 daemons of the running devnet'],
    ['pause', 'freeze daemons'],
    ['resume', 'let frozen daemons go on, start killed ones again'],
    ['partition', 'cut the named daemons off from all others'],
    ['heal', 'end a partition']
  ]
  for (const [verb, description] of faults) {
    const isAboutAll = verb === 'heal'
    const fault = devnet
      .command(isAboutAll ? verb : `${verb} <names...>`)
      .description(isAboutAll ? description : `${description}; 2 means validator-2`)
    fault.action(async () => {
      const { root } = fault.optsWithGlobals<{ root: string }>()
      const answer = await send(resolve(root), { verb, names: fault.args })
      const { output } = Context.of(fault)
      if (output.json) output.result(answer, ({ text }) => text)
      else output.word(answer.text)
      if (!answer.ok) process.exitCode = 1
    })
  }
}

function count(text: string): number {
  const value = Number(text)
  if (Number.isSafeInteger(value) && value > 0) return value
  throw new InvalidArgumentError('a whole number above 0')
}

async function run(options: {
  root: string
  validators: number
  traders: number
  seed: number
  bots: boolean
}): Promise<void> {
  const devnet = new Devnet(
    { ...options, root: resolve(options.root) },
    { after, now: () => Date.now(), out: process.stdout }
  )
  let ending: Promise<void> | null = null
  const finish = (code: number) => {
    // The second Ctrl-C does not wait.
    if (ending !== null) {
      devnet.kill()
      process.exit(code)
    }
    ending = devnet.close().finally(() => process.exit(code))
  }
  whenInterrupted(() => finish(130))
  process.on('SIGTERM', () => finish(0))
  // The terminal was closed.
  process.on('SIGHUP', () => finish(0))
  process.on('exit', () => devnet.kill())
  try {
    await devnet.open()
  } catch (fault) {
    if (ending !== null) return
    const words = fault instanceof Error ? fault.message : String(fault)
    process.stderr.write(`The devnet did not start: ${words}\n`)
    devnet.kill()
    process.exit(1)
  }
}
