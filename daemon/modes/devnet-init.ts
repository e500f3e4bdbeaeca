import { initDevnet } from '../devnet/init.ts'
import { readPlan } from '../devnet/plan.ts'
import { readWords, UsageFault } from './usage.ts'

export async function devnetInitMode(words: string[]): Promise<void> {
  const { values } = readWords(words, { plan: { type: 'string' } })
  if (typeof values['plan'] !== 'string') throw new UsageFault('--plan FILE is missing')
  await initDevnet(await readPlan(values['plan']))
  process.stderr.write('the devnet is ready to start\n')
}
