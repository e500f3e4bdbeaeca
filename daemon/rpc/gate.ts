// What a request must show before its body is read: a host that is ours (DNS rebinding), an
// origin that may call (pages of a browser), and a token.
import type { IncomingMessage } from 'node:http'
import type { Auth } from './auth.ts'
import type { Caller } from './registry.ts'

export type GateOptions = { allowedHosts: string[]; allowedOrigins: string[] }
/** A caller, and whether the token still holds. */
export type Admitted = Caller & { isGood(): boolean }
export type Refusal = { status: number; reason: string }

export class Gate {
  readonly #hosts: Set<string>
  readonly #origins: Set<string>
  readonly #auth: Auth

  constructor({ allowedHosts, allowedOrigins }: GateOptions, { auth }: { auth: Auth }) {
    this.#hosts = new Set(allowedHosts.map((host) => host.toLowerCase()))
    this.#origins = new Set(allowedOrigins)
    this.#auth = auth
  }

  /** Why the request is refused, or null. `local` requests came over the Unix socket. */
  refusal(request: IncomingMessage, local: boolean): Refusal | null {
    const host = hostOf(request.headers.host ?? '')
    if (!local && !this.#hosts.has(host)) {
      const reason = `Host ${JSON.stringify(host.slice(0, 100))} is not allowed; see rpc.allowedHosts`
      return { status: 403, reason }
    }
    const { origin } = request.headers
    if (origin !== undefined && !this.#origins.has(origin)) {
      return { status: 403, reason: 'this Origin is not allowed; see rpc.allowedOrigins' }
    }
    return null
  }

  /** The caller of a request without a session; an unknown token is a refusal, none is `open`. */
  caller(request: IncomingMessage): Admitted | Refusal {
    const token = tokenOf(request.headers.authorization)
    if (token === null) return { token: 'open', scope: 'open', session: null, isGood: () => true }
    const known = this.#auth.check(token)
    if (known === null) return { status: 401, reason: 'the token is unknown or has expired' }
    const { name, scope, isGood } = known
    return { token: name, scope, session: null, isGood }
  }
}

/** `Bearer <token>`, or Basic with the cookie’s `user:password` as bitcoind’s clients send it. */
function tokenOf(header: string | undefined): string | null {
  if (header === undefined) return null
  const [scheme, value = ''] = header.split(' ', 2)
  if (scheme?.toLowerCase() === 'bearer') return value
  if (scheme?.toLowerCase() === 'basic') return Buffer.from(value, 'base64').toString('utf8')
  return value
}

function hostOf(header: string): string {
  return header.toLowerCase().replace(/:\d+$/, '')
}
