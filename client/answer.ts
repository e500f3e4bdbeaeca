// Reads what a daemon sends. The daemon is the user's own, but its version may be another: what
// does not look like JSON-RPC becomes a fault, not a TypeError somewhere else.
import { RpcFault } from './fault.ts'

export type Answer = { id: number; result: unknown; fault: RpcFault | null }
export type Notification = { method: string; params: Record<string, unknown> }
export type Message = { answers: Answer[]; notification: Notification | null }

/** @throws RpcFault when the text is not JSON-RPC */
export function readMessage(text: string): Message {
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch (cause) {
    throw malformed(text, cause)
  }
  if (Array.isArray(parsed)) return { answers: parsed.map(readAnswer), notification: null }
  if (!isObject(parsed)) throw malformed(text)
  if (typeof parsed['method'] === 'string') {
    const params = isObject(parsed['params']) ? parsed['params'] : {}
    return { answers: [], notification: { method: parsed['method'], params } }
  }
  return { answers: [readAnswer(parsed)], notification: null }
}

function readAnswer(value: unknown): Answer {
  if (!isObject(value)) throw malformed(String(value))
  const id = typeof value['id'] === 'number' ? value['id'] : -1
  const { error } = value
  if (!isObject(error)) return { id, result: value['result'], fault: null }
  const data = isObject(error['data']) ? error['data'] : {}
  const fault = new RpcFault({
    code: Number(error['code']),
    rpcName: String(error['message']),
    reason: typeof data['reason'] === 'string' ? data['reason'] : String(error['message']),
    param: typeof data['param'] === 'string' ? data['param'] : null,
    retryable: data['retryable'] === true
  })
  return { id, result: null, fault }
}

function malformed(text: string, cause?: unknown): RpcFault {
  const reason = `the answer is not JSON-RPC: ${text.slice(0, 80)}`
  return new RpcFault({ code: 0, rpcName: 'malformed_answer', reason, retryable: false }, cause)
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
