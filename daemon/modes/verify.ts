// `curb verify` and `curb venue audit`: the whole tape checked by a daemon that trusts nobody, and
// its balances held against the vault on chain. The audit insists on the chain; the verification
// asks it when chain.rpcUrl names a node, and says so when it does not.
import { loadConfig } from '../../config/load.ts'
import { loadCrypto } from '../../crypto/crypto.ts'
import type { Engine } from '../../matching/index.ts'
import { toHex } from '../../protocol/bytes.ts'
import type { Manifest, ManifestChain } from '../../protocol/manifest.ts'
import { readManifest } from '../datadir.ts'
import { afresh, replayed } from './afresh.ts'
import { ChainNode } from './chain-node.ts'
import { readConfigFlags, UsageFault } from './usage.ts'

type Verdict = {
  ok: boolean
  blocks: number
  eventHash: string
  accounts: number
  /** As of which block of the chain the balances were compared; null when they were not. */
  chainBlock: number | null
  /** Why not. */
  notCompared: string | null
  problems: string[]
}

type Compared = Pick<Verdict, 'chainBlock' | 'notCompared'>
type OnChain = Manifest & { chain: ManifestChain }

/** Prints the verdict as JSON on stdout, progress on stderr; exit code 1 when something is not
 * true. @throws ChainFault before the tape is replayed when the chain's node is not there, or not
 * the one; UsageFault when an audit has none to ask */
export async function verifyMode(words: string[], audit: boolean): Promise<void> {
  const { datadir, flags } = readConfigFlags(words)
  const { config } = loadConfig({ datadir, flags, environment: process.env })
  const url = config['chain.rpcUrl']
  const manifest = await readManifest(config.venue)
  const why = !hasChain(manifest)
    ? 'this venue has no chain'
    : url === ''
      ? 'chain.rpcUrl names no node of the chain'
      : null
  if (audit && why !== null) {
    throw new UsageFault(`${why}: there is no vault to ask. \`curb verify\` checks the tape alone.`)
  }
  const chain = why === null && hasChain(manifest) ? { node: new ChainNode(url), manifest } : null
  try {
    if (chain !== null) await chain.node.checkVault(chain.manifest, (await loadCrypto()).keccak)
    const verdict = await afresh(config, async (fresh): Promise<Verdict> => {
      const { daemon, problems } = fresh
      await daemon.open()
      await replayed(fresh, null)
      const { engine } = daemon
      const compared =
        chain === null
          ? { chainBlock: null, notCompared: why }
          : await compareBalances(chain, engine, problems)
      return {
        ok: problems.length === 0,
        blocks: engine.index + 1,
        eventHash: toHex(engine.eventHash),
        accounts: accountsOf(engine).length,
        ...compared,
        problems
      }
    })
    process.stdout.write(`${JSON.stringify(verdict)}\n`)
    process.exitCode = verdict.ok ? 0 : 1
  } finally {
    chain?.node.close()
  }
}

/** Settled balances of the engine against the vault, as of the block that the engine has seen. */
async function compareBalances(
  { node, manifest }: { node: ChainNode; manifest: OnChain },
  engine: Engine,
  problems: string[]
): Promise<Compared> {
  const { cursor } = engine
  if (cursor === null) return { chainBlock: null, notCompared: 'the tape has no chain block yet' }
  const { vault } = manifest.chain
  for (const account of accountsOf(engine)) {
    const balances = engine.balances(account)
    // In one request.
    const held = await Promise.all(
      balances.map((_, token) => node.balanceOf(vault, account, token, cursor.block))
    )
    for (const [token, { settled }] of balances.entries()) {
      if (held[token] === settled) continue
      const { symbol } = manifest.tokens[token]
      problems.push(
        `${account} ${symbol}: the tape says ${settled} quanta, the vault ${held[token]}`
      )
    }
  }
  return { chainBlock: cursor.block, notCompared: null }
}

function hasChain(manifest: Manifest): manifest is OnChain {
  return manifest.chain !== null
}

function accountsOf(engine: Engine): string[] {
  const found: string[] = []
  for (let account = 0; account < engine.accountCount; account++)
    found.push(engine.address(account))
  return found
}
