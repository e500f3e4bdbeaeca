// Who may call. A cookie, new at each start, gives whoever can read the data directory the admin
// scope (as in bitcoind); further tokens carry a scope and an expiry. Only a token's hash is kept
// on disk.
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { z } from 'zod'
import { Fault } from '../../protocol/faults.ts'
import type { Clock } from '../clock.ts'
import type { Scope } from './registry.ts'

const storedTokens = z.array(
  z.strictObject({
    name: z.string().min(1).max(64),
    scope: z.enum(['read', 'trade', 'admin']),
    /** Milliseconds since 1970; null for never. */
    expiresAt: z.number().int().nullable(),
    hash: z.string().length(64)
  })
)
export type StoredToken = z.output<typeof storedTokens>[number]

const cookieName = '__cookie__'

/** What a token gives. */
export type Grant = {
  name: string
  scope: Scope
  /** False once the token has expired or was revoked: a connection outlives the call that opened
   * it. */
  isGood(): boolean
}

export class Auth {
  readonly #paths: { cookie: string; tokens: string }
  readonly #clock: Clock
  #cookieHash: Buffer | null = null
  #tokens: StoredToken[] = []

  #writing: Promise<void> = Promise.resolve()

  constructor(paths: { cookie: string; tokens: string }, { clock }: { clock: Clock }) {
    this.#paths = paths
    this.#clock = clock
  }

  /** Writes a new cookie and reads the tokens. @throws Fault `tokens_unreadable` */
  async open(): Promise<void> {
    this.#tokens = await this.#read()
    const cookie = randomBytes(32).toString('hex')
    this.#cookieHash = digest(`${cookieName}:${cookie}`)
    await writeAtomically(this.#paths.cookie, `${cookieName}:${cookie}`)
  }

  async close(): Promise<void> {
    this.#cookieHash = null
    await rm(this.#paths.cookie, { force: true })
  }

  /** The scope that a bearer token gives; null when it is unknown or has expired. */
  check(token: string): Grant | null {
    const hash = digest(token)
    if (this.#cookieHash !== null && timingSafeEqual(hash, this.#cookieHash)) {
      return { name: cookieName, scope: 'admin', isGood: () => this.#cookieHash !== null }
    }
    for (const stored of this.#tokens) {
      if (!timingSafeEqual(hash, Buffer.from(stored.hash, 'hex'))) continue
      const { name, scope, expiresAt } = stored
      const isGood = () =>
        this.#tokens.includes(stored) && (expiresAt === null || expiresAt > this.#clock.now())
      return isGood() ? { name, scope, isGood } : null
    }
    return null
  }

  /** Makes a token; its text is shown this once. @throws Fault `token_exists` */
  async create(name: string, scope: StoredToken['scope'], lifeMs: number | null): Promise<string> {
    if (this.#tokens.some((each) => each.name === name)) {
      throw new Fault(
        'token_exists',
        `A token named ${name} exists; revoke it or take another name`
      )
    }
    const token = randomBytes(32).toString('hex')
    const expiresAt = lifeMs === null ? null : this.#clock.now() + lifeMs
    this.#tokens.push({ name, scope, expiresAt, hash: digest(token).toString('hex') })
    await this.#write()
    return token
  }

  /** Whether there was one to revoke. */
  async revoke(name: string): Promise<boolean> {
    const before = this.#tokens.length
    this.#tokens = this.#tokens.filter((each) => each.name !== name)
    if (this.#tokens.length === before) return false
    await this.#write()
    return true
  }

  list(): { name: string; scope: Scope; expiresAt: number | null }[] {
    return this.#tokens.map(({ name, scope, expiresAt }) => ({ name, scope, expiresAt }))
  }

  async #read(): Promise<StoredToken[]> {
    let text: string
    try {
      text = await readFile(this.#paths.tokens, 'utf8')
    } catch (fault) {
      if (fault instanceof Error && 'code' in fault && fault.code === 'ENOENT') return []
      throw fault
    }
    try {
      return storedTokens.parse(JSON.parse(text))
    } catch (cause) {
      throw new Fault(
        'tokens_unreadable',
        `${this.#paths.tokens} is damaged; remove it and create the tokens again`,
        {},
        cause
      )
    }
  }

  /** One after the other: two at once would write the same draft. */
  #write(): Promise<void> {
    const write = () => writeAtomically(this.#paths.tokens, JSON.stringify(this.#tokens, null, 2))
    const written = this.#writing.then(write)
    // Whoever asked hears of a failure; the next one tries again.
    this.#writing = written.catch(() => {})
    return written
  }
}

function digest(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}

/** Readable by the owner alone, and never half written. */
async function writeAtomically(path: string, text: string): Promise<void> {
  const draft = `${path}.new`
  await rm(draft, { force: true })
  await writeFile(draft, text, { mode: 0o600, flag: 'wx' })
  await rename(draft, path)
}
