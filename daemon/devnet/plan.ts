// The plan of a devnet, as cli/devnet wrote it.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'

const port = z.number().int().min(1).max(65_535)

const planShape = z.strictObject({
  root: z.string().min(1),
  seed: z.number().int().nonnegative(),
  validators: z.number().int().min(1).max(13),
  traders: z.number().int().min(1).max(16),
  ports: z.strictObject({ chain: port, dht: port, p2p: port, rpc: port }),
  /** In the place of the devnet's own terms. */
  settlement: z.record(z.string(), z.number())
})

export type Plan = z.output<typeof planShape>

export type Member = {
  name: string
  datadir: string
  rpcPort: number
  p2pPort: number
  validator: boolean
}

/** @throws ZodError when the file is not a plan */
export async function readPlan(path: string): Promise<Plan> {
  return planShape.parse(JSON.parse(await readFile(path, 'utf8')))
}

/** Validators first, then traders. */
export function members({ root, validators, traders, ports }: Plan): Member[] {
  return Array.from({ length: validators + traders }, (_, index) => {
    const validator = index < validators
    const name = validator ? `validator-${index + 1}` : `trader-${index - validators + 1}`
    return {
      name,
      datadir: join(root, name),
      rpcPort: ports.rpc + index,
      p2pPort: ports.p2p + index,
      validator
    }
  })
}
