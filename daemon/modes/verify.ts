// `curb verify` and `curb venue audit`: the whole tape checked by a daemon that trusts nobody, and
// for the audit its balances held against the vault on chain.
import { JsonRpcProvider } from 'ethers'
import type { Config } from '../../config/schema.ts'
import { loadConfig } from '../../config/load.ts'
import { vaultAt } from '../../contracts/vault.ts'
import type { Engine } from '../../matching/index.ts'
import { toHex } from '../../protocol/bytes.ts'
import type { Manifest } from '../../protocol/manifest.ts'
import { afresh, replayed } from './afresh.ts'
import { readConfigFlags } from './usage.ts'

type Verdict = {
  ok: boolean
  blocks: number
  eventHash: string
  accounts: number
  /** Null when the chain was not asked. */
  chainBlock: number | null
  problems: string[]
}

/** Prints the verdict as JSON on stdout, progress on stderr; exit code 1 when something is not
 * true. */
export async function verifyMode(words: string[], audit: boolean): Promise<void> {
  const { datadir, flags } = readConfigFlags(words)
  const { config } = loadConfig({ datadir, flags, environment: process.env })
  const verdict = await afresh(config, async (fresh): Promise<Verdict> => {
    const { daemon, manifest, problems } = fresh
    await daemon.open()
    await replayed(fresh, null)
    const { engine } = daemon
    const chainBlock = audit ? await compareBalances(manifest, config, engine, problems) : null
    return {
      ok: problems.length === 0,
      blocks: engine.index + 1,
      eventHash: toHex(engine.eventHash),
      accounts: accountsOf(engine).length,
      chainBlock,
      problems
    }
  })
  process.stdout.write(`${JSON.stringify(verdict)}\n`)
  process.exitCode = verdict.ok ? 0 : 1
}

/** Settled balances of the engine against the vault, as of the block that the engine has seen. */
async function compareBalances(
  manifest: Manifest,
  config: Config,
  engine: Engine,
  problems: string[]
): Promise<number | null> {
  const { cursor } = engine
  if (manifest.chain === null || cursor === null) return null
  const provider = new JsonRpcProvider(config['chain.rpcUrl'], undefined, { staticNetwork: true })
  try {
    const vault = vaultAt(manifest.chain.vault, provider)
    for (const account of accountsOf(engine)) {
      const balances = engine.balances(account)
      for (const [token, { settled }] of balances.entries()) {
        const held = Number(await vault['balanceOf'](account, token, { blockTag: cursor.block }))
        if (held === settled) continue
        const { symbol } = manifest.tokens[token]
        problems.push(`${account} ${symbol}: the tape says ${settled} quanta, the vault ${held}`)
      }
    }
    return cursor.block
  } finally {
    provider.destroy()
  }
}

function accountsOf(engine: Engine): string[] {
  const found: string[] = []
  for (let account = 0; account < engine.accountCount; account++)
    found.push(engine.address(account))
  return found
}
