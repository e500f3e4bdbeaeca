/** An answer that is an error, or no answer. `name` is the stable one of docs/rpc.md; `unreachable`
 * and `closed` are the client's own. */
export class RpcFault extends Error {
  readonly code: number
  readonly rpcName: string
  readonly reason: string
  readonly param: string | null
  /** Whether the same call may succeed later. */
  readonly retryable: boolean

  constructor(
    fields: {
      code: number
      rpcName: string
      reason: string
      param?: string | null
      retryable: boolean
    },
    cause?: unknown
  ) {
    super(`${fields.rpcName}: ${fields.reason}`, cause === undefined ? undefined : { cause })
    this.name = 'RpcFault'
    this.code = fields.code
    this.rpcName = fields.rpcName
    this.reason = fields.reason
    this.param = fields.param ?? null
    this.retryable = fields.retryable
  }

  static unreachable(where: string, cause: unknown): RpcFault {
    const why = cause instanceof Error ? cause.message : String(cause)
    const reason = `no daemon answers at ${where} (${why})`
    return new RpcFault({ code: 0, rpcName: 'unreachable', reason, retryable: true }, cause)
  }

  static closed(reason: string): RpcFault {
    return new RpcFault({ code: 0, rpcName: 'closed', reason, retryable: true })
  }
}
