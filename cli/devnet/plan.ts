// What a devnet consists of and where it lies: the one thing that starting, faults and the screen
// share. `curbd devnet-init` reads the same file when it makes keys, vault and manifest.
import { join } from 'node:path'

/** Terms of the manifest's settlement by name (protocol/manifest.ts). */
export type Settlement = Record<string, number>

export type Plan = {
  root: string
  seed: number
  validators: number
  traders: number
  ports: { chain: number; dht: number; p2p: number; rpc: number }
  settlement: Settlement
}

export type Member = { name: string; datadir: string; rpcPort: number; p2pPort: number }

/** Validators first, then traders. */
export function members(plan: Plan): Member[] {
  const names = [
    ...Array.from({ length: plan.validators }, (_, i) => `validator-${i + 1}`),
    ...Array.from({ length: plan.traders }, (_, i) => `trader-${i + 1}`)
  ]
  return names.map((name, index) => ({
    name,
    datadir: join(plan.root, name),
    rpcPort: plan.ports.rpc + index,
    p2pPort: plan.ports.p2p + index
  }))
}

export function planFile(root: string): string {
  return join(root, 'devnet.json')
}
