// A whole daemon, the only validator of a venue without a chain, behind its real JSON-RPC.
import type { Assert } from 'brittle'
import { encryptKeystoreJson } from 'ethers'
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { loadConfig } from '../../../config/load.ts'
import { datadirPaths } from '../../../config/paths.ts'
import { environmentOf } from '../../../config/schema.ts'
import { RpcFault } from '../../../client/fault.ts'
import { HttpClient } from '../../../client/http.ts'
import { SocketClient } from '../../../client/socket.ts'
import type { RpcMethodName, RpcMethods } from '../../../protocol/rpc.ts'
import { toHex, toHex0x } from '../../../protocol/bytes.ts'
import type { Manifest } from '../../../protocol/manifest.ts'
import { App, type AppDependencies } from '../../../daemon/app.ts'
import { systemClock } from '../../../daemon/clock.ts'
import { createLog } from '../../../daemon/log.ts'
import { describedMethods } from '../../../daemon/rpc/methods/index.ts'
import { errorsOf } from '../../../daemon/rpc/openrpc.ts'
import type { AnyMethod } from '../../../daemon/rpc/registry.ts'
import { addressesOf, privateKeyOf } from '../../helpers/accounts.ts'
import { freePort, localDht } from '../../helpers/dht.ts'
import { temporaryFolder } from '../../helpers/tmp.ts'
import { until } from '../../helpers/until.ts'
import { venueManifest } from '../../helpers/venue.ts'

export const MARKET = 'BASE/QUOTE'
/** Names and shapes: nothing is called. */
export const METHODS = describedMethods()
export const PASSWORD = 'correct horse'

export type Names = 'alice' | 'bob' | 'carol'

export class RpcWorld {
  readonly manifest: Manifest
  readonly datadir: string
  readonly addresses: Map<string, string>
  readonly called = new Set<string>()
  readonly #t: Assert
  readonly #bootstrap: string[]
  #app: App | null = null
  #child: ChildProcess | null = null
  #http: HttpClient | null = null
  #url = ''
  #token = ''

  private constructor(
    t: Assert,
    made: {
      manifest: Manifest
      datadir: string
      addresses: Map<string, string>
      bootstrap: string[]
    }
  ) {
    this.#t = t
    this.manifest = made.manifest
    this.datadir = made.datadir
    this.addresses = made.addresses
    this.#bootstrap = made.bootstrap
  }

  /** Alice and Bob are unlocked; Carol has her key elsewhere. All start with plenty. */
  static async create(t: Assert): Promise<RpcWorld> {
    const accounts = ['alice', 'bob', 'carol']
    const manifest = await venueManifest({ validators: 1, accounts })
    const datadir = await temporaryFolder(t)
    const addresses = await addressesOf(accounts)
    const paths = datadirPaths(datadir)
    await writeFile(join(datadir, 'venue.json'), JSON.stringify(manifest))
    await writeFile(paths.identity, JSON.stringify({ seed: toHex(new Uint8Array(32).fill(1)) }))
    await writeFile(join(datadir, 'password'), PASSWORD, { mode: 0o600 })
    await mkdir(paths.keystore)
    for (const name of ['alice', 'bob']) {
      const account = {
        address: addresses.get(name) ?? '',
        privateKey: toHex0x(privateKeyOf(name))
      }
      const json = await encryptKeystoreJson(account, PASSWORD, { scrypt: { N: 2 } })
      await writeFile(join(paths.keystore, `${name}.json`), json)
    }
    const dht = await localDht(t)
    const bootstrap = dht.bootstrap.map(({ host, port }) => `${host}:${port}`)
    const world = new RpcWorld(t, { manifest, datadir, addresses, bootstrap })
    t.teardown(() => world.stop())
    await world.start()
    for (const name of ['alice', 'bob'] as const) {
      await world.call('private/link_account', { account: world.address(name) })
    }
    return world
  }

  /** In this process, with options of a test's own. */
  async start(
    more: Record<string, unknown> = {},
    dependencies: Partial<AppDependencies> = {}
  ): Promise<void> {
    const flags = { ...(await this.#flags()), ...more }
    const level = process.env['TEST_LOG'] === undefined ? 'silent' : 'debug'
    const app = new App(loadConfig({ datadir: this.datadir, flags }), {
      clock: systemClock,
      random: Math.random,
      log: createLog({ level, format: 'pretty', file: '' }),
      onfault: (fault) => this.#t.fail(String(fault)),
      ...dependencies
    })
    await app.open()
    this.#app = app
    await this.#reach(app.url)
  }

  async #flags() {
    return {
      venue: join(this.datadir, 'venue.json'),
      'p2p.bootstrap': this.#bootstrap,
      'p2p.host': '127.0.0.1',
      'p2p.port': await freePort(),
      'p2p.firewalled': false,
      'rpc.port': 0,
      'rpc.ordersPerSecond': 100_000,
      'keys.unlock': [this.address('alice'), this.address('bob')],
      'keys.passwordFile': join(this.datadir, 'password')
    }
  }

  /** The program in a process of its own. */
  async startProcess(more: Record<string, unknown> = {}): Promise<void> {
    const port = await freeTcpPort()
    const level = { 'log.level': 'error' }
    const flags = { ...(await this.#flags()), ...level, ...more, 'rpc.port': port }
    const environment = Object.fromEntries(
      Object.entries(flags).map(([key, value]) => [environmentOf(key), String(value)])
    )
    const program = join(import.meta.dirname, '..', '..', '..', 'daemon', 'curbd.ts')
    const child = spawn(process.execPath, ['--import', 'tsx', program, '--datadir', this.datadir], {
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'ignore', 'inherit']
    })
    this.#child = child
    const url = `http://127.0.0.1:${port}`
    await until(async () => {
      return fetch(`${url}/readyz`).then(
        ({ ok }) => ok,
        () => false
      )
    }, 'the process to be ready')
    await this.#reach(url)
  }

  /** As a power cut would, but for what the disk had not got. */
  async killProcess(): Promise<void> {
    const child = this.#child
    this.#child = null
    this.#http?.close()
    this.#http = null
    if (child === null || child.exitCode !== null) return
    const gone = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGKILL')
    await gone
  }

  async #reach(url: string): Promise<void> {
    this.#url = url
    this.#token = await readFile(datadirPaths(this.datadir).cookie, 'utf8')
    this.#http = new HttpClient({ url, token: this.#token })
    await until(async () => (await this.call('public/status', {})).ready, 'the daemon to be ready')
  }

  async stop(): Promise<void> {
    await this.killProcess()
    this.#http?.close()
    this.#http = null
    const app = this.#app
    this.#app = null
    await app?.close()
  }

  get url(): string {
    return this.#url
  }

  get token(): string {
    return this.#token
  }

  address(name: Names): string {
    return this.addresses.get(name) ?? ''
  }

  /** Calls, and holds the answer to the method's own schema and errors. @throws RpcFault */
  async call<M extends RpcMethodName>(
    method: M,
    params: RpcMethods[M]['params']
  ): Promise<RpcMethods[M]['result']> {
    if (this.#http === null) throw new Error('the daemon is not running')
    const described = METHODS.find(({ name }) => name === method)
    const result = await this.#http.call(method, params).catch((fault: unknown) => {
      if (described !== undefined) checkError(this.#t, described, fault)
      throw fault
    })
    described?.result.parse(result)
    this.called.add(method)
    return result
  }

  /** A WebSocket of the world's own token, closed at the end of the test. */
  async socket(): Promise<SocketClient> {
    const client = new SocketClient({ url: this.url, token: this.#token })
    this.#t.teardown(() => client.close(), { order: -1 })
    await client.open()
    return client
  }

  /** A limit order of a name. */
  order(name: Names, side: 'buy' | 'sell', amount: string, price: string, more: object = {}) {
    const params = { account: this.address(name), market: MARKET, amount, price, ...more }
    return this.call(`private/${side}`, params)
  }
}

/** A method answers with no error that it does not name. */
export function checkError(t: Assert, method: AnyMethod, fault: unknown): void {
  if (!(fault instanceof RpcFault) || fault.code === 0) return
  const named: readonly string[] = errorsOf(method)
  if (!named.includes(fault.rpcName)) t.fail(`${method.name} does not name ${fault.rpcName}`)
}

export function freeTcpPort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      const port = typeof address === 'object' && address !== null ? address.port : 0
      server.close(() => resolve(port))
    })
  })
}
