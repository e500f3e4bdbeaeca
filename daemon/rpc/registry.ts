// What can be called. A method is one object: its name, who may call it, which rate bucket it
// draws from, the shapes of its parameters and result, and its handler. Validation, TypeScript
// types, the OpenRPC document and docs/rpc.md all follow from it.
import type { z } from 'zod'
import type { RpcErrorName } from './errors.ts'

/** `open` needs no token. The others are ordered: admin may trade, trade may read. */
export type Scope = 'open' | 'read' | 'trade' | 'admin'
export type Bucket = 'reads' | 'orders' | 'cancels'

/** Who calls: a token's name and scope, and the connection when it can hold subscriptions. */
export type Caller = {
  token: string
  scope: Scope
  session: Session | null
}

/** A WebSocket connection, as the methods see it. */
export type Session = {
  readonly id: number
  subscribe(channel: string): void
  unsubscribe(channel: string): void
  subscriptions(): string[]
  /** Seconds between heartbeats; 0 for none. */
  setHeartbeat(intervalSeconds: number): void
  setCancelOnDisconnect(scope: 'connection' | 'account' | null): void
  /** Notes that an order came over this connection, for cancel-on-disconnect. */
  placed(account: string, nonce: number): void
}

export type Method<P extends z.ZodObject = z.ZodObject, R extends z.ZodType = z.ZodType> = {
  name: string
  doc: string
  scope: Scope
  bucket: Bucket
  params: P
  result: R
  /** Those of its own, beside what any call can answer; none unless told. */
  errors?: readonly RpcErrorName[]
  handle(params: z.output<P>, caller: Caller): Promise<z.input<R>> | z.input<R>
}

/** Keeps the types of one method together, then forgets them: the registry holds them all. */
export function method<P extends z.ZodObject, R extends z.ZodType>(
  definition: Method<P, R>
): AnyMethod {
  const { name, doc, scope, bucket, params, result, errors = [] } = definition
  return {
    name,
    doc,
    scope,
    bucket,
    params,
    result,
    errors,
    call: async (raw, caller) => {
      const parsed = params.safeParse(raw)
      if (!parsed.success) return { ok: false, issue: firstIssue(parsed.error) }
      return { ok: true, result: await definition.handle(parsed.data, caller) }
    }
  }
}

export type AnyMethod = {
  name: string
  doc: string
  scope: Scope
  bucket: Bucket
  params: z.ZodObject
  result: z.ZodType
  errors: readonly RpcErrorName[]
  call(
    raw: unknown,
    caller: Caller
  ): Promise<{ ok: true; result: unknown } | { ok: false; issue: ParamIssue }>
}

export type ParamIssue = { param: string | null; reason: string }

function firstIssue(error: z.ZodError): ParamIssue {
  const issue = error.issues[0]
  if (issue === undefined) return { param: null, reason: 'invalid parameters' }
  if (issue.code === 'unrecognized_keys') {
    const key = issue.keys[0] ?? ''
    return { param: key, reason: `unknown parameter ${key.slice(0, 64)}` }
  }
  const param = issue.path.length > 0 ? issue.path.join('.') : null
  return { param, reason: param === null ? issue.message : `${param}: ${issue.message}` }
}

/** Methods by name. A name that is there twice is a mistake of ours. */
export class Registry {
  readonly #methods = new Map<string, AnyMethod>()

  constructor(methods: AnyMethod[]) {
    for (const each of methods) {
      if (this.#methods.has(each.name)) throw new Error(`method ${each.name} is listed twice`)
      this.#methods.set(each.name, each)
    }
  }

  find(name: string): AnyMethod | undefined {
    return this.#methods.get(name)
  }

  all(): AnyMethod[] {
    return [...this.#methods.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
  }
}

const ranks: Record<Scope, number> = { open: 0, read: 1, trade: 2, admin: 3 }

export function allows(held: Scope, needed: Scope): boolean {
  return ranks[held] >= ranks[needed]
}
