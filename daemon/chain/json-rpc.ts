// JSON-RPC to an EVM node over HTTP, for what a daemon asks all day long: connections are kept,
// calls of one turn go as one batch, and nothing is built that an answer does not need.
import http from 'node:http'
import https from 'node:https'
import { z } from 'zod'
import type { Clock } from '../clock.ts'

export type JsonRpcOptions = {
  url: string
  /** How long an answer may take. */
  timeoutMs: number
  /** An answer that is longer is not read. */
  answerBytesMax: number
}

export const jsonRpcDefaults = { timeoutMs: 15_000, answerBytesMax: 64 * 1024 * 1024 }

/** The node answered, and would not. */
export class RpcRefusal extends Error {
  override readonly name = 'RpcRefusal'
  readonly code: number

  constructor(message: string, code: number) {
    super(message)
    this.code = code
  }
}

type Call = {
  id: number
  method: string
  params: readonly unknown[]
  resolve(result: unknown): void
  reject(cause: Error): void
}

const BATCH_MAX = 50
const REFUSAL_CHARACTERS = 300

const errorShape = z.object({ code: z.number(), message: z.string() })
const answerShape = z.object({
  id: z.number().nullish(),
  result: z.unknown().optional(),
  error: errorShape.nullish()
})
const answersShape = z.union([z.array(answerShape), answerShape])

export class JsonRpc {
  readonly #options: JsonRpcOptions
  readonly #clock: Clock
  readonly #url: URL
  readonly #agent: http.Agent
  #waiting: Call[] = []
  #id = 0

  constructor(options: JsonRpcOptions, { clock }: { clock: Clock }) {
    this.#options = options
    this.#clock = clock
    this.#url = new URL(options.url)
    const { Agent } = this.#module
    this.#agent = new Agent({ keepAlive: true })
  }

  /** The node's own result, of any shape.
   * @throws RpcRefusal when the node refuses; Error when it does not answer, or not JSON-RPC */
  send(method: string, params: readonly unknown[]): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#waiting.length === 0) queueMicrotask(() => this.#flush())
      this.#waiting.push({ id: ++this.#id, method, params, resolve, reject })
    })
  }

  /** Ends the connections that are kept; a call opens a new one. */
  close(): void {
    this.#agent.destroy()
  }

  get #module(): typeof http | typeof https {
    return this.#url.protocol === 'https:' ? https : http
  }

  #flush(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (let at = 0; at < waiting.length; at += BATCH_MAX) {
      void this.#ask(waiting.slice(at, at + BATCH_MAX))
    }
  }

  async #ask(calls: readonly Call[]): Promise<void> {
    try {
      const asked = calls.map(({ id, method, params }) => ({ jsonrpc: '2.0', id, method, params }))
      const body = JSON.stringify(asked.length === 1 ? asked[0] : asked)
      const answer = answersShape.parse(JSON.parse(await this.#post(body)))
      const answers = Array.isArray(answer) ? answer : [answer]
      // A batch that is refused as a whole is answered by one error, which names no call.
      const whole = answers.find(({ id, error }) => typeof id !== 'number' && error)
      const found = new Map(answers.map((each) => [each.id, each]))
      for (const { id, method, resolve, reject } of calls) {
        const { result, error } = found.get(id) ?? whole ?? {}
        if (error) reject(refusal(method, error))
        else if (result === undefined) reject(new Error(`${method} was not answered`))
        else resolve(result)
      }
    } catch (cause) {
      const fault = cause instanceof Error ? cause : new Error(String(cause))
      for (const { reject } of calls) reject(fault)
    }
  }

  async #post(body: string): Promise<string> {
    try {
      return await this.#postOnce(body)
    } catch (cause) {
      // The node closed a kept connection in the moment it was used: every call here may be made
      // twice.
      if (!(cause instanceof StaleConnection)) throw cause
      return this.#postOnce(body)
    }
  }

  #postOnce(body: string): Promise<string> {
    const { timeoutMs, answerBytesMax } = this.#options
    return new Promise((resolve, reject) => {
      const request = this.#module.request(this.#url, {
        method: 'POST',
        agent: this.#agent,
        headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
      })
      const cancel = this.#clock.after(timeoutMs, () => {
        request.destroy(new Error(`no answer within ${timeoutMs} ms`))
      })
      const fail = (cause: Error): void => {
        cancel()
        const isStale = request.reusedSocket && 'code' in cause && cause.code === 'ECONNRESET'
        reject(isStale ? new StaleConnection(cause.message) : cause)
      }
      request.on('error', fail)
      request.on('response', (response) => {
        const chunks: Buffer[] = []
        let length = 0
        response.on('error', fail)
        response.on('data', (chunk: Buffer) => {
          length += chunk.length
          if (length > answerBytesMax) response.destroy(new Error('the answer is too long'))
          else chunks.push(chunk)
        })
        response.on('end', () => {
          cancel()
          const text = Buffer.concat(chunks, length).toString('utf8')
          // Some nodes say by the status too that they refuse; the body says what.
          if (response.statusCode === 200 || text.startsWith('{')) resolve(text)
          else reject(new Error(`the node answers with status ${response.statusCode}`))
        })
      })
      request.end(body)
    })
  }
}

class StaleConnection extends Error {}

function refusal(method: string, { code, message }: z.infer<typeof errorShape>): RpcRefusal {
  return new RpcRefusal(`${method}: ${message.slice(0, REFUSAL_CHARACTERS)}`, code)
}
