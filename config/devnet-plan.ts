// What a devnet consists of and where it lies: the one thing that the command that starts it, the
// mode of curbd that makes its keys, and its faults share.
import { join } from 'node:path'

/** Terms of the manifest's settlement by name (protocol/manifest.ts), in the place of the devnet's
 * own. */
export type Settlement = Record<string, number>

export type Plan = {
  root: string
  /** Of keys and bots. */
  seed: number
  validators: number
  traders: number
  /** First ports: members count up from `p2p` and `rpc`. */
  ports: { chain: number; dht: number; p2p: number; rpc: number }
  settlement: Settlement
}

export type Member = {
  name: string
  datadir: string
  rpcPort: number
  p2pPort: number
  validator: boolean
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

export function planFile(root: string): string {
  return join(root, 'devnet.json')
}
