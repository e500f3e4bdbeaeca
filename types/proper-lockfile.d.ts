// proper-lockfile 4.
declare module 'proper-lockfile' {
  export type LockOptions = {
    /** Milliseconds after which a lock that is not refreshed counts as dead (default 10,000). */
    stale?: number
    /** Milliseconds between refreshes. */
    update?: number
    retries?: number | { retries?: number; minTimeout?: number; maxTimeout?: number }
    realpath?: boolean
    lockfilePath?: string
    onCompromised?: (error: Error) => void
  }
  const lockfile: {
    /** Rejects with code ELOCKED when it is held. */
    lock(file: string, options?: LockOptions): Promise<() => Promise<void>>
    unlock(file: string, options?: LockOptions): Promise<void>
    check(file: string, options?: LockOptions): Promise<boolean>
    lockSync(file: string, options?: LockOptions): () => void
    unlockSync(file: string, options?: LockOptions): void
  }
  export default lockfile
}
