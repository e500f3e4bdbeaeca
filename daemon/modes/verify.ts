// `curb verify` and `curb venue audit`: a daemon that trusts nobody. It joins the venue afresh in a
// folder of its own, takes the whole tape from the start, checks the quorum's signature, every
// lane's signature and every order's, replays the engine, holds its event hashes against those
// that the cuts carry, and, for the audit, its balances against the vault on chain.
import { JsonRpcProvider } from 'ethers'
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Config } from '../../config/schema.ts'
import { loadConfig } from '../../config/load.ts'
import { vaultAt } from '../../contracts/vault.ts'
import type { Engine } from '../../matching/index.ts'
import { toHex } from '../../protocol/bytes.ts'
import type { Manifest } from '../../protocol/manifest.ts'
import { systemClock, systemRandom } from '../clock.ts'
import { Daemon } from '../daemon.ts'
import { daemonOptions } from '../daemon-options.ts'
import { readManifest } from '../datadir.ts'
import { createLog } from '../log.ts'
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

const progressMs = 500
const findPeersMs = 30_000

/** Prints the verdict as JSON on stdout, progress on stderr; exit code 1 when something is not
 * true. */
export async function verifyMode(words: string[], audit: boolean): Promise<void> {
  const { datadir, flags } = readConfigFlags(words)
  const { config } = loadConfig({ datadir, flags, environment: process.env })
  const manifest = await readManifest(config.venue)
  const folder = await mkdtemp(join(tmpdir(), 'curb-verify-'))
  try {
    const verdict = await replayAll(manifest, config, folder, audit)
    process.stdout.write(`${JSON.stringify(verdict)}\n`)
    process.exitCode = verdict.ok ? 0 : 1
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function replayAll(
  manifest: Manifest,
  config: Config,
  folder: string,
  audit: boolean
): Promise<Verdict> {
  const problems: string[] = []
  const settings = {
    // A key and a port of its own: the user's daemon may be running.
    config: { ...config, 'p2p.port': 0 },
    datadir: folder,
    manifest,
    seed: new Uint8Array(randomBytes(32))
  }
  const daemon = new Daemon(daemonOptions(settings, { archive: false, snapshotLeadBlocks: null }), {
    clock: systemClock,
    random: systemRandom,
    log: createLog({ level: 'error', format: 'pretty', file: '' }),
    chain: null,
    onfault: (fault) => problems.push(String(fault))
  })
  try {
    await daemon.open()
    await untilReplayed(daemon, problems)
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
  } finally {
    await daemon.close()
  }
}

/** Until the whole tape that the peers show is replayed. Nobody to ask is a problem too: an empty
 * tape proves nothing. */
function untilReplayed(daemon: Daemon, problems: string[]): Promise<void> {
  const began = systemClock.now()
  return new Promise((resolve) => {
    const look = () => {
      const { replica, tape, synced, network } = daemon.status()
      process.stderr.write(`{"verified":${replica.length},"of":${tape.longest}}\n`)
      if (replica.kind === 'stopped') problems.push(replica.reason)
      const reached = network.peers.length > 0 && replica.length > 0
      if (!reached && systemClock.now() - began > findPeersMs) {
        problems.push('no peer with a tape was found: is p2p.bootstrap right, is anybody up?')
      }
      if ((reached && synced && replica.length >= tape.longest) || problems.length > 0) resolve()
      else systemClock.after(progressMs, look)
    }
    look()
  })
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
