// The daemon as a product: the replicated core of daemon.ts with keys, desk, history, settlement
// and JSON-RPC around it, opened in order and drained in the reverse.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { LoadedConfig } from '../config/load.ts'
import { datadirPaths } from '../config/paths.ts'
import { loadCrypto, type Crypto } from '../crypto/crypto.ts'
import { typedHasher } from '../protocol/eip712.ts'
import { toHex } from '../protocol/bytes.ts'
import type { Manifest } from '../protocol/manifest.ts'
import { signingTerms } from '../protocol/venue.ts'
import { ChainParts } from './app-chain.ts'
import { settlementOf, type SettlementParts } from './app-settlement.ts'
import { NameJournal } from './app-names.ts'
import type { Clock, Random } from './clock.ts'
import { Daemon } from './daemon.ts'
import { checkRole, daemonOptions } from './daemon-options.ts'
import { lockDatadir, readIdentity, readManifest } from './datadir.ts'
import { History } from './history/history.ts'
import { Keystore, readPassword, type UnlockedAccount } from './keystore/keystore.ts'
import type { Log } from './log.ts'
import type { DaemonTuning } from './options.ts'
import { RpcParts } from './app-rpc.ts'
import { rpcNode } from './rpc/node.ts'
import { Desk } from './trading/desk.ts'
import type { RecordChange } from './trading/records.ts'

/** How long a call waits for the engine's word before it answers `outcome_unknown`. */
const outcomeMs = 15_000

export type AppDependencies = {
  clock: Clock
  random: Random
  log: Log
  /** After this nothing can be promised: the process should end. */
  onfault: (fault: unknown) => void
  /** Asks for the keystore's password when no file has it; left out where nobody could answer. */
  askPassword?: () => Promise<string>
}

type Part = { name: string; close(): Promise<void> | void }

export class App {
  readonly #loaded: LoadedConfig
  readonly #dependencies: AppDependencies
  readonly #tuning: Partial<DaemonTuning>
  /** What is open, in the order of opening. */
  readonly #open: Part[] = []
  #rpc: RpcParts | null = null
  #closing: Promise<void> | null = null

  constructor(
    loaded: LoadedConfig,
    dependencies: AppDependencies,
    tuning: Partial<DaemonTuning> = {}
  ) {
    this.#loaded = loaded
    this.#tuning = tuning
    this.#dependencies = dependencies
  }

  /** @throws Fault with what to do; everything that was opened is closed again */
  async open(): Promise<void> {
    try {
      await this.#start()
    } catch (fault) {
      await this.close()
      throw fault
    }
  }

  /** Drains: no new calls first, then the lane is flushed, then everything in reverse order. */
  close(): Promise<void> {
    this.#closing ??= this.#stop()
    return this.#closing
  }

  /** Where the JSON-RPC listens; empty before `open`. */
  get url(): string {
    return this.#rpc?.url ?? ''
  }

  async #stop(): Promise<void> {
    const { log } = this.#dependencies
    for (const { name, close } of this.#open.toReversed()) {
      try {
        await close()
      } catch (fault) {
        log.error({ part: name, error: String(fault) }, 'a part did not close in order')
      }
    }
    log.info({}, 'closed')
  }

  #opened(name: string, part: { close(): Promise<void> | void }): void {
    this.#open.push({ name, close: () => part.close() })
  }

  async #start(): Promise<void> {
    const { clock, random, log, onfault } = this.#dependencies
    const { config, datadir } = this.#loaded
    const paths = datadirPaths(datadir)
    const unlock = await lockDatadir(paths)
    this.#opened('lock', { close: unlock })

    const manifest = await readManifest(config.venue)
    const seed = await readIdentity(paths)
    const settings = { config, datadir, manifest, seed }
    checkRole(settings)
    const crypto = await loadCrypto()
    const accounts = await this.#unlock(crypto)
    const terms = signingTerms(manifest, crypto)
    const hasher = typedHasher(terms, crypto.keccak)

    const chain =
      hasChain(manifest) && config['chain.rpcUrl'] !== ''
        ? new ChainParts(
            { manifest, config, folder: join(paths.root, 'transactions') },
            { clock, log, crypto, hasher, accounts, onfault }
          )
        : null
    const names = new NameJournal()
    const history = new History(
      { folder: paths.history, manifest, venue: terms.venue },
      { clock, onkeep: (named) => names.keep(named), onfault }
    )
    const daemon = new Daemon(daemonOptions(settings, this.#tuning), {
      clock,
      random,
      log,
      chain: chain?.follower ?? null,
      tenant: names.tenant(history),
      onfault
    })
    const node = await rpcNode(daemon, manifest)
    const desk = new Desk(
      { manifest, outcomeMs },
      {
        node,
        clock,
        clientOrderIdOf: (account, nonce) => history.orders.clientOrderIdOf(account, nonce)
      }
    )

    await history.open(accounts.map(({ address }) => address))
    this.#opened('history', history)
    for (const address of history.hosted) desk.host(address, signerOf(accounts, address))
    names.open(daemon)
    // The desk hears of a block first: the history finds its orders changed, the RPC finds both.
    let changed: readonly RecordChange[] = []
    desk.onchanges((changes, applied) => {
      history.changed(changes, applied)
      changed = [...changed, ...changes]
    })
    desk.oncorrected((records) => {
      history.corrected(records)
      changed = records.map((record) => ({ record, fill: null, event: 0 }))
    })
    desk.restore(history.live, history.through)
    node.onrestored(() => this.#rpc?.restored())
    node.onapplied((applied) => {
      history.applied(applied, node.engine)
      chain?.follower.resume(node.engine.cursor)
      this.#rpc?.applied(applied, changed)
      changed = []
    })

    chain?.follower.onseen((seen) => {
      if (seen.kind === 'moved') history.seen(seen)
    })
    await chain?.open()
    if (chain !== null) this.#opened('chain', chain)
    await daemon.open()
    this.#opened('daemon', daemon)
    chain?.follower.resume(node.engine.cursor)
    for (const { account, nonce } of history.requests.open) {
      desk
        .accounts()
        .find(({ address }) => address === account)
        ?.consumed(nonce)
    }
    await desk.open()

    const settlement = this.#settlement({ manifest, crypto, daemon, desk, chain, accounts })
    settlement?.open()
    if (settlement !== null) this.#opened('settlement', settlement)

    const rpc = new RpcParts(
      { version: version(), manifest, loaded: this.#loaded, paths, outcomeMs },
      { clock, log, node, desk, history, settlement, chain }
    )
    this.#rpc = rpc
    await rpc.open()
    this.#opened('rpc', rpc)
    const { role, venue } = daemon.status()
    log.info({ role, venue: toHex(venue), url: rpc.url, accounts: accounts.length }, 'open')
  }

  #settlement(parts: Omit<SettlementParts, 'clock' | 'log' | 'config'>) {
    const { clock, log } = this.#dependencies
    return settlementOf({ ...parts, clock, log, config: this.#loaded.config })
  }

  async #unlock(crypto: Crypto): Promise<UnlockedAccount[]> {
    const { config, datadir } = this.#loaded
    const wanted = config['keys.unlock']
    if (wanted.length === 0) return []
    const keystore = new Keystore(datadirPaths(datadir).keystore, { sign: crypto.sign })
    const file = config['keys.passwordFile']
    const { askPassword } = this.#dependencies
    const password =
      file === '' && askPassword !== undefined ? await askPassword() : await readPassword(file)
    return Promise.all(wanted.map((address) => keystore.unlock(address, password)))
  }
}

function hasChain(
  manifest: Manifest
): manifest is Manifest & { chain: NonNullable<Manifest['chain']> } {
  return manifest.chain !== null
}

function signerOf(accounts: readonly UnlockedAccount[], address: string): UnlockedAccount | null {
  return accounts.find((account) => account.address === address) ?? null
}

/** Of package.json, which lies one folder above the source and two above the built program. */
function version(): string {
  for (const above of ['..', join('..', '..')]) {
    try {
      const text = readFileSync(join(import.meta.dirname, above, 'package.json'), 'utf8')
      return String(JSON.parse(text).version)
    } catch {
      // Look one folder higher.
    }
  }
  return 'unknown'
}
