// JSON-RPC 2.0 to the letter (https://www.jsonrpc.org/specification), apart from transport:
// a text comes in, the text of the answer goes out, or null when there is nothing to answer.
import { RpcError, type RpcErrorName } from './errors.ts'
import { allows, type AnyMethod, type Caller, type Registry } from './registry.ts'

const batchMax = 100

export type EnvelopeDependencies = {
  registry: Registry
  /** Takes one from the caller's bucket; false when it is empty. */
  spend(caller: Caller, method: AnyMethod): Promise<boolean>
  /** Microseconds since 1970. */
  microseconds(): number
  /** A fault that no caller may see in full. */
  onFault(method: string, fault: unknown): void
  onCall(method: string, outcome: 'ok' | RpcErrorName, micros: number): void
}

type Id = string | number | null
type Request = { id: Id | undefined; method: string; params: unknown }

export class Envelope {
  readonly #dependencies: EnvelopeDependencies

  constructor(dependencies: EnvelopeDependencies) {
    this.#dependencies = dependencies
  }

  /** The answer to bytes that are not even text. */
  unreadable(): string {
    return JSON.stringify(failure(null, new RpcError('parse_error', 'not UTF-8')))
  }

  /** Answers one text. Never rejects. */
  async handle(text: string, caller: Caller): Promise<string | null> {
    let message: unknown
    try {
      message = JSON.parse(text)
    } catch {
      return JSON.stringify(failure(null, new RpcError('parse_error')))
    }
    if (!Array.isArray(message)) {
      const answer = await this.#one(message, caller)
      return answer === null ? null : JSON.stringify(answer)
    }
    if (message.length === 0 || message.length > batchMax) {
      const reason = `a batch holds 1 to ${batchMax} requests`
      return JSON.stringify(failure(null, new RpcError('invalid_request', reason)))
    }
    // In order, so that a batch of cancel and place does what it says.
    const answers: object[] = []
    for (const each of message) {
      const answer = await this.#one(each, caller)
      if (answer !== null) answers.push(answer)
    }
    return answers.length === 0 ? null : JSON.stringify(answers)
  }

  async #one(message: unknown, caller: Caller): Promise<object | null> {
    const request = readRequest(message)
    if (request instanceof InvalidRequest) return failure(request.id, request.error)
    const { microseconds, onCall } = this.#dependencies
    const usIn = microseconds()
    const outcome = await this.#call(request, caller)
    const usOut = microseconds()
    onCall(outcome.method, outcome.error?.rpcName ?? 'ok', usOut - usIn)
    if (request.id === undefined) return null
    const timing = { usIn, usOut, usDiff: usOut - usIn }
    return outcome.error
      ? { ...failure(request.id, outcome.error), ...timing }
      : { jsonrpc: '2.0', id: request.id, result: outcome.result ?? null, ...timing }
  }

  async #call(
    request: Request,
    caller: Caller
  ): Promise<{ method: string; result?: unknown; error?: RpcError }> {
    const { registry, spend, onFault } = this.#dependencies
    const method = registry.find(request.method)
    // The name of an unknown method is a caller's text: it must not become a metric's label.
    if (method === undefined) return { method: 'unknown', error: new RpcError('method_not_found') }
    const { name } = method
    if (!allows(caller.scope, method.scope)) {
      const error = new RpcError(caller.scope === 'open' ? 'unauthorized' : 'forbidden')
      return { method: name, error }
    }
    if (!(await spend(caller, method))) {
      return { method: name, error: new RpcError('too_many_requests') }
    }
    try {
      const outcome = await method.call(named(method, request.params), caller)
      if (outcome.ok) return { method: name, result: outcome.result }
      const { reason, param } = outcome.issue
      return { method: name, error: new RpcError('invalid_params', reason, param) }
    } catch (fault) {
      if (fault instanceof RpcError) return { method: name, error: fault }
      onFault(name, fault)
      return { method: name, error: new RpcError('internal_error') }
    }
  }
}

class InvalidRequest {
  readonly id: Id
  readonly error: RpcError

  constructor(id: Id, reason: string) {
    this.id = id
    this.error = new RpcError('invalid_request', reason)
  }
}

function readRequest(message: unknown): Request | InvalidRequest {
  if (typeof message !== 'object' || message === null || Array.isArray(message)) {
    return new InvalidRequest(null, 'a request is an object')
  }
  const fields: Record<string, unknown> = { ...message }
  const id = fields['id']
  if (!isId(id)) return new InvalidRequest(null, 'id is a string, a number or null')
  if (fields['jsonrpc'] !== '2.0') return new InvalidRequest(id ?? null, 'jsonrpc must be "2.0"')
  const method = fields['method']
  if (typeof method !== 'string') return new InvalidRequest(id ?? null, 'method is a string')
  const params = fields['params']
  if (params !== undefined && (typeof params !== 'object' || params === null)) {
    return new InvalidRequest(id ?? null, 'params is an object or an array')
  }
  return { id, method, params }
}

function isId(id: unknown): id is Id | undefined {
  if (id === undefined || id === null || typeof id === 'string') return true
  return typeof id === 'number' && Number.isFinite(id)
}

/** Parameters by position take the names of the method's shape, in its order. */
function named(method: AnyMethod, params: unknown): unknown {
  if (params === undefined) return {}
  if (!Array.isArray(params)) return params
  const names = Object.keys(method.params.shape)
  if (params.length > names.length) {
    throw new RpcError('invalid_params', `at most ${names.length} parameters`)
  }
  return Object.fromEntries(params.map((value, index) => [names[index], value]))
}

function failure(id: Id, error: RpcError): object {
  return { jsonrpc: '2.0', id, error: error.toWire() }
}
