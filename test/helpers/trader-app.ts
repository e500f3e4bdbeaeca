// A trader's whole daemon, with keys, history and JSON-RPC, on a venue whose validators are others.
import type { Assert } from 'brittle'
import { encryptKeystoreJson } from 'ethers'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { loadConfig } from '../../config/load.ts'
import type { Config } from '../../config/schema.ts'
import { datadirPaths } from '../../config/paths.ts'
import { HttpClient } from '../../client/http.ts'
import { SocketClient } from '../../client/socket.ts'
import { toHex, toHex0x } from '../../protocol/bytes.ts'
import type { Manifest } from '../../protocol/manifest.ts'
import type { RpcMethodName, RpcMethods } from '../../protocol/rpc.ts'
import { App } from '../../daemon/app.ts'
import { systemClock } from '../../daemon/clock.ts'
import { createLog } from '../../daemon/log.ts'
import type { DaemonTuning } from '../../daemon/options.ts'
import { addressesOf, privateKeyOf } from './accounts.ts'
import { freePort, type LocalDht } from './dht.ts'
import { temporaryFolder } from './tmp.ts'
import { until } from './until.ts'

const PASSWORD = 'correct horse'

export type TraderAppOptions = {
  manifest: Manifest
  bootstrap: LocalDht['bootstrap']
  /** Whose key it holds. */
  name: string
  seed: number
  tuning?: Partial<DaemonTuning>
}

export class TraderApp {
  readonly address: string
  readonly datadir: string
  readonly #t: Assert
  readonly #options: TraderAppOptions
  #app: App | null = null
  #http: HttpClient | null = null

  private constructor(
    t: Assert,
    options: TraderAppOptions,
    made: { datadir: string; address: string }
  ) {
    this.#t = t
    this.#options = options
    this.datadir = made.datadir
    this.address = made.address
  }

  static async create(t: Assert, options: TraderAppOptions): Promise<TraderApp> {
    const { manifest, name, seed } = options
    const datadir = await temporaryFolder(t)
    const address = (await addressesOf([name])).get(name) ?? ''
    const paths = datadirPaths(datadir)
    await writeFile(join(datadir, 'venue.json'), JSON.stringify(manifest))
    await writeFile(paths.identity, JSON.stringify({ seed: toHex(new Uint8Array(32).fill(seed)) }))
    await writeFile(join(datadir, 'password'), PASSWORD, { mode: 0o600 })
    await mkdir(paths.keystore)
    const account = { address, privateKey: toHex0x(privateKeyOf(name)) }
    const json = await encryptKeystoreJson(account, PASSWORD, { scrypt: { N: 2 } })
    await writeFile(join(paths.keystore, `${name}.json`), json)
    const app = new TraderApp(t, options, { datadir, address })
    t.teardown(() => app.stop())
    return app
  }

  /** Opens the daemon; it need not be in step yet. */
  async opens(tuning: Partial<DaemonTuning> = {}, more: Partial<Config> = {}): Promise<void> {
    const { bootstrap } = this.#options
    const flags = {
      venue: join(this.datadir, 'venue.json'),
      'p2p.bootstrap': bootstrap.map(({ host, port }) => `${host}:${port}`),
      'p2p.host': '127.0.0.1',
      'p2p.port': await freePort(),
      'p2p.firewalled': false,
      'rpc.port': 0,
      'rpc.ordersPerSecond': 100_000,
      'keys.unlock': [this.address],
      'keys.passwordFile': join(this.datadir, 'password'),
      ...more
    }
    const level = process.env['TEST_LOG'] === undefined ? 'silent' : 'debug'
    const dependencies = {
      clock: systemClock,
      random: Math.random,
      log: createLog({ level, format: 'pretty', file: '' }),
      onfault: (fault: unknown) => this.#t.fail(String(fault))
    }
    const loaded = loadConfig({ datadir: this.datadir, flags })
    const app = new App(loaded, dependencies, { ...this.#options.tuning, ...tuning })
    await app.open()
    this.#app = app
    this.#http = new HttpClient({ url: app.url, token: await this.#token() })
  }

  async start(tuning: Partial<DaemonTuning> = {}): Promise<void> {
    await this.opens(tuning)
    await until(async () => (await this.call('public/status', {})).ready, 'the daemon to be ready')
  }

  async stop(): Promise<void> {
    this.#http?.close()
    this.#http = null
    const app = this.#app
    this.#app = null
    await app?.close()
  }

  #token(): Promise<string> {
    return readFile(datadirPaths(this.datadir).cookie, 'utf8')
  }

  get url(): string {
    return this.#app?.url ?? ''
  }

  /** @throws RpcFault */
  async call<M extends RpcMethodName>(
    method: M,
    params: RpcMethods[M]['params']
  ): Promise<RpcMethods[M]['result']> {
    if (this.#http === null) throw new Error('the daemon is not running')
    return this.#http.call(method, params)
  }

  /** A WebSocket of the daemon's own token, closed at the end of the test. */
  async socket(): Promise<SocketClient> {
    const client = new SocketClient({ url: this.url, token: await this.#token() })
    this.#t.teardown(() => client.close(), { order: -1 })
    await client.open()
    return client
  }
}
