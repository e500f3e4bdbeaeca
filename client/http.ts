// Calls over POST /: one request, one answer. Over TCP or the daemon's Unix socket.
import { Agent, request as httpRequest } from 'node:http'
import type { RpcMethodName, RpcMethods } from '../protocol/rpc.ts'
import { readMessage } from './answer.ts'
import { RpcFault } from './fault.ts'

/** Where the daemon listens: `http://127.0.0.1:8650`, or the path of its Unix socket. */
export type Address = { url: string } | { socketPath: string }

export type HttpClientOptions = Address & { token?: string; timeoutMs?: number }

export class HttpClient {
  readonly #options: HttpClientOptions
  readonly #agent = new Agent({ keepAlive: true })
  #nextId = 1

  constructor(options: HttpClientOptions) {
    this.#options = options
  }

  close(): void {
    this.#agent.destroy()
  }

  /** @throws RpcFault */
  async call<M extends RpcMethodName>(
    method: M,
    params: RpcMethods[M]['params']
  ): Promise<RpcMethods[M]['result']> {
    const id = this.#nextId++
    const text = await this.#post(JSON.stringify({ jsonrpc: '2.0', id, method, params }))
    const [answer] = readMessage(text).answers
    if (answer === undefined) throw RpcFault.closed('the daemon answered with nothing')
    if (answer.fault !== null) throw answer.fault
    // The daemon's own schemas hold its results to these shapes.
    return answer.result as RpcMethods[M]['result']
  }

  #post(body: string): Promise<string> {
    const { token, timeoutMs = 60_000 } = this.#options
    const headers: Record<string, string> = { 'content-type': 'application/json' }
    if (token !== undefined) headers['authorization'] = `Bearer ${token}`
    const common = { method: 'POST', headers, agent: this.#agent, timeout: timeoutMs }
    return new Promise((resolve, reject) => {
      const request =
        'url' in this.#options
          ? httpRequest(this.#options.url, common)
          : httpRequest({ ...common, socketPath: this.#options.socketPath, path: '/' })
      const fail = (cause: unknown) =>
        reject(RpcFault.unreachable(addressText(this.#options), cause))
      request.on('timeout', () => request.destroy(new Error('no answer in time')))
      request.on('error', fail)
      request.on('response', (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('error', fail)
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString('utf8')
          if (response.statusCode === 200) resolve(text)
          else reject(refused(response.statusCode ?? 0, text))
        })
      })
      request.end(body)
    })
  }
}

export function addressText(address: Address): string {
  return 'url' in address ? address.url : address.socketPath
}

/** A refusal by the port itself, before any method: status and one sentence. */
export function refused(status: number, text: string): RpcFault {
  const rpcName = status === 401 ? 'unauthorized' : 'refused'
  const reason = /"error":"([^"]*)"/.exec(text)?.[1] ?? text.trim()
  return new RpcFault({
    code: status === 401 ? 10001 : status,
    rpcName,
    reason: reason === '' ? `HTTP status ${status}` : reason,
    retryable: status === 503
  })
}
