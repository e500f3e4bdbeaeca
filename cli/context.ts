// What every verb has: the daemon's address and token, and whether people or programs read.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from 'commander'
import { RpcFault } from '../client/fault.ts'
import { HttpClient, type Address } from '../client/http.ts'
import { SocketClient } from '../client/socket.ts'
import { after } from '../client/timer.ts'
import { datadirPaths, defaultDatadir } from '../config/paths.ts'
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
    const socketPath = join(this.datadir, 'curbd.sock')
    if (existsSync(socketPath)) return { socketPath }
    throw RpcFault.unreachable(this.datadir, new Error('its socket is not there'))
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
