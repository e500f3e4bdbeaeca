import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import type { Plan } from '../../config/devnet-plan.ts'

const port = z.number().int().min(1).max(65_535)

const planShape = z.strictObject({
  root: z.string().min(1),
  seed: z.number().int().nonnegative(),
  validators: z.number().int().min(1).max(13),
  traders: z.number().int().min(1).max(16),
  ports: z.strictObject({ chain: port, dht: port, p2p: port, rpc: port }),
  settlement: z.record(z.string(), z.number())
}) satisfies z.ZodType<Plan>

/** @throws ZodError when the file is not a plan */
export async function readPlan(path: string): Promise<Plan> {
  return planShape.parse(JSON.parse(await readFile(path, 'utf8')))
}
