// Stands between a daemon and its node, and does to the requests what a test wants.
import type { Assert } from 'brittle'
import http from 'node:http'
import type { AddressInfo } from 'node:net'

export type RpcCall = { id: number; method: string; params: unknown[] }

export class RpcProxy {
  readonly #target: string
  readonly #server: http.Server
  /** No request is answered with anything but an error. */
  isDown = false
  /** Requests of these methods get no answer at all, and do not reach the node. */
  readonly swallowed = new Set<string>()
  readonly calls: RpcCall[] = []
  /** Whether the node refuses this request. */
  refuses: (call: RpcCall) => boolean = () => false
  /** Changes an answer's result on its way back. */
  alter: (call: RpcCall, result: unknown) => unknown = (_call, result) => result

  private constructor(target: string) {
    this.#target = target
    this.#server = http.createServer((request, response) => {
      let body = ''
      request.on('data', (chunk: Buffer) => {
        body += chunk.toString()
      })
      request.on('end', () => {
        this.#answer(body, response).catch(() => response.destroy())
      })
    })
  }

  static async open(t: Assert, target: string): Promise<RpcProxy> {
    const proxy = new RpcProxy(target)
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve))
    t.teardown(() => proxy.close(), { order: 90 })
    return proxy
  }

  get url(): string {
    const { port } = this.#server.address() as AddressInfo
    return `http://127.0.0.1:${port}`
  }

  close(): void {
    this.#server.closeAllConnections()
    this.#server.close()
  }

  async #answer(body: string, response: http.ServerResponse): Promise<void> {
    const asked: RpcCall | RpcCall[] = JSON.parse(body)
    const calls = Array.isArray(asked) ? asked : [asked]
    this.calls.push(...calls)
    if (this.isDown) {
      response.writeHead(503).end()
      return
    }
    if (calls.some(({ method }) => this.swallowed.has(method))) return
    if (calls.some((call) => this.refuses(call))) {
      const error = { code: -32005, message: 'range too long' }
      const refusals = calls.map(({ id }) => ({ jsonrpc: '2.0', id, error }))
      response.writeHead(200, { 'content-type': 'application/json' })
      response.end(JSON.stringify(Array.isArray(asked) ? refusals : refusals[0]))
      return
    }
    const answer = await fetch(this.#target, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body
    })
    const parsed: unknown = await answer.json()
    const answers: { id: number; result: unknown }[] = Array.isArray(parsed) ? parsed : [parsed]
    for (const each of answers) {
      const call = calls.find(({ id }) => id === each.id)
      if (call !== undefined && 'result' in each) each.result = this.alter(call, each.result)
    }
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(JSON.stringify(Array.isArray(asked) ? answers : answers[0]))
  }
}
