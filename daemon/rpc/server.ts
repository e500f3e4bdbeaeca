// The port: POST / and a WebSocket at the same address, on TCP and on a Unix socket; /livez,
// /readyz and /metrics beside it, the last on a port of its own if it is to be.
import express from 'express'
import { isUtf8 } from 'node:buffer'
import { chmod, rm } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { WebSocketServer } from 'ws'
import { Fault } from '../../protocol/faults.ts'
import type { Clock } from '../clock.ts'
import type { Envelope } from './envelope.ts'
import { Gate, type Admitted, type GateOptions } from './gate.ts'
import type { Auth } from './auth.ts'
import type { Hub } from './hub.ts'
import { allows } from './registry.ts'
import { SocketSession, type CancelOnDisconnect, type SessionOptions } from './session.ts'

const bodyMaxBytes = 1024 * 1024
const sessionsMax = 1000

export type RpcServerOptions = GateOptions & {
  host: string
  port: number
  /** Path of the Unix socket; empty for none. */
  socket: string
  metrics: 'open' | 'token' | 'off'
  /** Where /metrics is instead; null leaves it beside the rest. */
  metricsAt: { host: string; port: number } | null
}

export type RpcServerDependencies = {
  auth: Auth
  envelope: Envelope
  hub: Hub
  clock: Clock
  /** Whether the daemon may be trusted with orders now, and what is amiss when not. */
  ready(): { ready: boolean; reasons: string[] }
  /** The text of /metrics and its content type. */
  metrics(): Promise<{ text: string; type: string }>
  onDisconnect(cancel: CancelOnDisconnect): void
  /** Whether an order can still be cancelled; unless told, all can. */
  isLive?(account: string, nonce: number): boolean
  onFault(fault: unknown): void
}

export class RpcServer {
  readonly #options: RpcServerOptions
  readonly #dependencies: RpcServerDependencies
  readonly #gate: Gate
  readonly #sessions = new Set<SocketSession>()
  readonly #sockets = new WebSocketServer({
    noServer: true,
    maxPayload: bodyMaxBytes,
    perMessageDeflate: false
  })
  #servers: Server[] = []
  #nextSession = 1

  constructor(options: RpcServerOptions, dependencies: RpcServerDependencies) {
    this.#options = options
    this.#dependencies = dependencies
    this.#gate = new Gate(options, dependencies)
  }

  /** @throws Fault `port_taken` with what to do */
  async open(): Promise<void> {
    if (this.#servers.length > 0) return
    const { host, port, socket } = this.#options
    await this.#listen(this.#server(false), { host, port })
    const { metrics, metricsAt } = this.#options
    if (metricsAt !== null && metrics !== 'off') {
      await this.#listen(this.#metricsServer(metricsAt), metricsAt)
    }
    if (socket === '') return
    // A socket file that a killed daemon left; the data directory's lock says it is nobody's.
    await rm(socket, { force: true })
    await this.#listen(this.#server(true), { path: socket })
    await chmod(socket, 0o600)
  }

  async close(): Promise<void> {
    for (const session of this.#sessions) session.close()
    for (const client of this.#sockets.clients) client.terminate()
    const servers = this.#servers
    this.#servers = []
    await Promise.all(servers.map(closeServer))
  }

  /** `http://127.0.0.1:8650`, with the port that was really taken. */
  get url(): string {
    const address = this.#servers[0]?.address()
    const { port } = isAddress(address) ? address : this.#options
    const { host } = this.#options
    return `http://${bracketed(host)}:${port}`
  }

  get sessionCount(): number {
    return this.#sessions.size
  }

  async #listen(
    server: Server,
    where: { host: string; port: number } | { path: string }
  ): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      server.once('error', (cause: Error) => {
        const place = 'path' in where ? where.path : `${where.host}:${where.port}`
        reject(
          new Fault('port_taken', `Cannot listen on ${place}: ${cause.message}`, { place }, cause)
        )
      })
      server.listen(where, resolve)
    })
    server.on('error', (fault) => this.#dependencies.onFault(fault))
    this.#servers.push(server)
  }

  #server(local: boolean): Server {
    const server = createServer({ requestTimeout: 30_000 }, this.#app(local))
    server.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head, local))
    return server
  }

  /** It may be asked for by the name that it listens on, as collectors do. */
  #metricsServer({ host }: { host: string }): Server {
    const allowedHosts = [...this.#options.allowedHosts, bracketed(host)]
    const gate = new Gate({ ...this.#options, allowedHosts }, this.#dependencies)
    const app = guarded(gate, false)
    app.get('/metrics', async (request, response) => this.#metrics(request, response))
    this.#finish(app)
    return createServer({ requestTimeout: 30_000 }, app)
  }

  #app(local: boolean): express.Express {
    const app = guarded(this.#gate, local)
    app.get('/livez', (_request, response) => void response.json({ live: true }))
    app.get('/readyz', (_request, response) => {
      const state = this.#dependencies.ready()
      response.status(state.ready ? 200 : 503).json(state)
    })
    if (this.#options.metricsAt === null) {
      app.get('/metrics', async (request, response) => this.#metrics(request, response))
    }
    const body = express.raw({ type: 'application/json', limit: bodyMaxBytes })
    app.post('/', body, async (request, response) => this.#post(request, response))
    this.#finish(app)
    return app
  }

  /** What no page answers, and what one could not. */
  #finish(app: express.Express): void {
    app.use((_request, response) => void response.status(404).json({ error: 'no such page' }))
    app.use(
      (fault: unknown, _request: express.Request, response: express.Response, next: () => void) => {
        if (response.headersSent) return next()
        const status = statusOf(fault)
        if (status >= 500) this.#dependencies.onFault(fault)
        response.status(status).json({ error: status === 413 ? 'body over 1 MiB' : 'bad request' })
      }
    )
  }

  async #post(request: express.Request, response: express.Response): Promise<void> {
    const caller = this.#gate.caller(request)
    if ('status' in caller) {
      response.status(caller.status).json({ error: caller.reason })
      return
    }
    const { body }: { body: unknown } = request
    const isEmpty = request.headers['content-length'] === '0'
    if (!isEmpty && !Buffer.isBuffer(body)) {
      response.status(415).json({ error: 'Content-Type must be application/json' })
      return
    }
    const { envelope } = this.#dependencies
    const text = textOf(Buffer.isBuffer(body) ? body : Buffer.alloc(0))
    const answer = text === null ? envelope.unreadable() : await envelope.handle(text, caller)
    if (answer === null) response.status(204).end()
    else response.type('application/json').send(answer)
  }

  async #metrics(request: express.Request, response: express.Response): Promise<void> {
    const { metrics } = this.#options
    const caller = this.#gate.caller(request)
    const denied = metrics === 'token' && ('status' in caller || !allows(caller.scope, 'read'))
    if (metrics === 'off' || denied) {
      response.status(metrics === 'off' ? 404 : 401).json({ error: 'see rpc.metrics' })
      return
    }
    const { text, type } = await this.#dependencies.metrics()
    response.type(type).send(text)
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, local: boolean): void {
    socket.on('error', (fault) => this.#dependencies.onFault(fault))
    const caller = this.#gate.caller(request)
    const refusal =
      this.#gate.refusal(request, local) ??
      ('status' in caller ? caller : null) ??
      (this.#sessions.size >= sessionsMax ? { status: 503, reason: 'too many connections' } : null)
    if (refusal !== null || 'status' in caller) {
      const { status, reason } = refusal ?? { status: 401, reason: 'unauthorized' }
      socket.end(`HTTP/1.1 ${status} Refused\r\nContent-Type: text/plain\r\n\r\n${reason}\n`)
      return
    }
    this.#sockets.handleUpgrade(request, socket, head, (webSocket) => {
      this.#open(new SocketSession(this.#sessionOptions(caller), webSocket, this.#session()))
    })
  }

  #sessionOptions({ token, scope, isGood }: Admitted): SessionOptions {
    return { id: this.#nextSession++, token, scope, isGood }
  }

  #open(session: SocketSession): void {
    this.#sessions.add(session)
    session.open()
  }

  #session() {
    const { envelope, hub, clock, onDisconnect, onFault, isLive } = this.#dependencies
    return {
      envelope,
      hub,
      clock,
      onFault,
      isLive: isLive ?? (() => true),
      onGone: (session: SocketSession, cancel: CancelOnDisconnect | null) => {
        this.#sessions.delete(session)
        if (cancel !== null) onDisconnect(cancel)
      }
    }
  }
}

/** An app that looks at who asks before anything else. */
function guarded(gate: Gate, local: boolean): express.Express {
  const app = express()
  app.disable('x-powered-by')
  app.use((request, response, next) => {
    const refusal = gate.refusal(request, local)
    if (refusal === null) next()
    else response.status(refusal.status).json({ error: refusal.reason })
  })
  return app
}

/** As a host stands in a URL. */
function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host
}

function isAddress(address: AddressInfo | string | null | undefined): address is AddressInfo {
  return typeof address === 'object' && address !== null
}

/** JSON is UTF-8, and nothing else; null for what is not. */
function textOf(body: Buffer): string | null {
  return isUtf8(body) ? body.toString('utf8') : null
}

function statusOf(fault: unknown): number {
  if (typeof fault === 'object' && fault !== null && 'status' in fault) {
    return typeof fault.status === 'number' ? fault.status : 500
  }
  return 500
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}
