// What every verb has: the daemon's address and token, and whether people or programs read.
import { existsSync, readFileSync } from 'node:fs'
import { isIPv6 } from 'node:net'
import type { Command } from 'commander'
import { RpcFault } from '../client/fault.ts'
import { HttpClient, type Address } from '../client/http.ts'
import { SocketClient } from '../client/socket.ts'
import { after } from '../client/timer.ts'
import { loadConfig } from '../config/load.ts'
import type { Config } from '../config/schema.ts'
import { datadirPaths, defaultDatadir } from '../config/paths.ts'
import { UsageError } from './exit.ts'
import { Output } from './output.ts'

export type GlobalOptions = {
  datadir?: string
  rpcUrl?: string
  token?: string
  json?: boolean
}

/** A call that takes longer says that it waits: a deposit has to be mined. */
const patienceMs = 1000

export class Context {
  readonly output: Output
  readonly datadir: string
  readonly #options: GlobalOptions

  constructor(options: GlobalOptions) {
    this.#options = options
    this.datadir = options.datadir ?? process.env['CURB_DATADIR'] ?? defaultDatadir()
    this.output = new Output({ json: options.json === true })
  }

  /** Options stand anywhere on the line: with the program, the group, or the verb. */
  static of(command: Command): Context {
    return new Context(command.optsWithGlobals<GlobalOptions>())
  }

  /** Runs with a client that is closed afterwards. */
  async call<T>(run: (client: HttpClient) => Promise<T>): Promise<T> {
    const token = this.#token()
    const client = new HttpClient({
      ...this.#address(),
      ...(token === undefined ? {} : { token })
    })
    const stop = after(patienceMs, () => this.output.hint('waiting for the daemon’s answer ...'))
    try {
      return await run(client)
    } finally {
      stop()
      client.close()
    }
  }

  /** A connection for what goes on until it is interrupted. */
  async connect(onState: (state: 'connected' | 'lost') => void): Promise<SocketClient> {
    const token = () => this.#token()
    const client = new SocketClient({ ...this.#address(), token }, { onState })
    await client.open()
    return client
  }

  #address(): Address {
    const url = this.#options.rpcUrl ?? process.env['CURB_RPC_URL']
    if (url !== undefined) return { url }
    // Where the daemon of this data directory listens, by its own configuration.
    const { config } = loadConfig({ datadir: this.datadir, environment: process.env })
    const socketPath = config['rpc.socket']
    if (socketPath === '') return portAddress(config)
    if (existsSync(socketPath)) return { socketPath }
    throw RpcFault.unreachable(socketPath, new Error('its socket is not there'))
  }

  #token(): string | undefined {
    if (this.#options.token !== undefined) return this.#options.token
    try {
      return readFileSync(datadirPaths(this.datadir).cookie, 'utf8')
    } catch {
      // Public methods need none; for the others the daemon says so.
      return undefined
    }
  }
}

/** @throws UsageError when only the daemon's log knows the port */
function portAddress(config: Config): Address {
  const port = config['rpc.port']
  if (port === 0) {
    throw new UsageError('the daemon has no socket and takes a free port: name it with --rpc-url')
  }
  const host = config['rpc.host']
  // One that listens everywhere listens here.
  const named = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host
  return { url: `http://${isIPv6(named) ? `[${named}]` : named}:${port}` }
}
