// Follows the vault by confirmed blocks (design 3.4): asks the RPC every so often, takes what has
// the venue's confirmations, and holds it to the vault's own sequence of events. What was taken
// into the tape and is not on the chain any more stops the cursor: nothing can be right after that.
import { equalBytes } from '../../protocol/bytes.ts'
import { encodeChainEvent } from '../../protocol/chain-events.ts'
import type { Hash } from '../../protocol/hash.ts'
import type { Manifest, ManifestChain } from '../../protocol/manifest.ts'
import type { Bytes32, ChainCursor } from '../../protocol/types.ts'
import type { Clock } from '../clock.ts'
import type { NetworkLog } from '../network/types.ts'
import { ChainFault, type ChainFaultCode } from './chain-fault.ts'
import { LogWindow } from './log-window.ts'
import { RpcRefusal } from './json-rpc.ts'
import { ConfirmedLog, type LoggedEvent } from './confirmed-log.ts'
import type { ChainRpc, Header, VaultLog } from './rpc.ts'
import { type Seen, seenOf } from './seen-batch.ts'
import type { ChainSource } from './types.ts'
import { checkVault } from './vault-check.ts'
import { eventSequenceAt, sequenceBefore } from './vault-history.ts'
import { decodeVaultLog } from './vault-logs.ts'

export type ChainFollowerOptions = {
  manifest: Manifest & { chain: ManifestChain }
  pollMs: number
  /** Before it there is no event of the vault. */
  startBlock: number
  /** Blocks in one request for logs, at first: it grows while the node goes along. */
  windowBlocks: number
  /** The cursor moves without any event when it is older than this. */
  quietSeconds: number
}

export const followerDefaults = { startBlock: 0, windowBlocks: 2000, quietSeconds: 5 }

export type ChainFollowerDependencies = {
  rpc: ChainRpc
  clock: Clock
  log: NetworkLog
  keccak: Hash
}

const BACKOFF_MAX_MS = 30_000
/** Headers fetched beside the newest, so that a cut of another leader can be judged at once. */
const HEADERS_AHEAD = 16

export class ChainFollower implements ChainSource {
  readonly #options: ChainFollowerOptions
  readonly #dependencies: ChainFollowerDependencies
  readonly #advanced: (() => void)[] = []
  readonly #seen: ((seen: Seen) => void)[] = []
  #log: ConfirmedLog | null = null
  /** Up to where the tape has taken the chain in; undefined while nobody has said. */
  #tape: ChainCursor | null | undefined = undefined
  /** Of the last event that was taken. */
  #sequence = 0
  readonly #window: LogWindow
  #latest = -1
  /** Hash of the newest block up to which everything was read. */
  #read: Bytes32 | null = null
  #verified = false
  #failures = 0
  #fault: ChainFault | null = null
  #wanted = new Set<number>()
  #cancel: (() => void) | null = null
  #polling: Promise<void> | null = null
  #isOpen = false

  constructor(options: ChainFollowerOptions, dependencies: ChainFollowerDependencies) {
    this.#options = options
    this.#dependencies = dependencies
    this.#window = new LogWindow(options.windowBlocks)
  }

  /** Begins to ask. Does not wait for an answer: an RPC that is down must not keep the daemon from
   * starting. */
  async open(): Promise<void> {
    if (this.#isOpen) return
    this.#isOpen = true
    this.#poll()
  }

  async close(): Promise<void> {
    this.#isOpen = false
    this.#cancel?.()
    await this.#polling
  }

  onadvance(listener: () => void): void {
    this.#advanced.push(listener)
  }

  /** Batches and moves of money found on the chain; each time anew while they are not confirmed. */
  onseen(listener: (seen: Seen) => void): void {
    this.#seen.push(listener)
  }

  get problem(): string | null {
    return this.#fault === null ? null : `${this.#fault.code}: ${this.#fault.message}`
  }

  get code(): ChainFaultCode | null {
    return this.#fault?.code ?? null
  }

  /** The newest block, and the newest whose events are taken; -1 for none. */
  get height(): { latest: number; confirmed: number } {
    return { latest: this.#latest, confirmed: this.#log?.head?.number ?? -1 }
  }

  /** The tape has taken the chain in up to here. Begins the following, the first time. */
  resume(cursor: ChainCursor | null): void {
    const before = this.#tape
    this.#tape = cursor
    if (cursor === null) return
    if (before?.block === cursor.block && before.logIndex === cursor.logIndex) return
    this.#log?.trim(cursor)
  }

  next(cursor: ChainCursor | null): { cursor: ChainCursor; events: Uint8Array[] } | null {
    if (this.#tape === undefined) this.#tape = cursor
    if (this.#isStopped) return null
    return this.#log?.next(cursor, this.#options.quietSeconds) ?? null
  }

  check(
    from: ChainCursor | null,
    to: ChainCursor,
    events: readonly Uint8Array[]
  ): 'yes' | 'no' | 'unknown' {
    if (this.#tape === undefined) this.#tape = from
    if (this.#isStopped || this.#log === null) return 'unknown'
    const verdict = this.#log.check(from, to, events)
    if (typeof verdict === 'string') return verdict
    this.#wanted.add(verdict)
    this.#poll()
    return 'unknown'
  }

  /** What is in memory stays good while the RPC is down; not when what it said was wrong. */
  get #isStopped(): boolean {
    return this.#fault !== null && this.#fault.code !== 'chain_unreachable'
  }

  // Asking

  #poll(): void {
    if (!this.#isOpen || this.#polling !== null) return
    this.#cancel?.()
    this.#polling = this.#round().finally(() => {
      this.#polling = null
      if (!this.#isOpen) return
      const { pollMs } = this.#options
      const wait = Math.min(BACKOFF_MAX_MS, pollMs * 2 ** Math.min(this.#failures, 16))
      this.#cancel = this.#dependencies.clock.after(Math.max(pollMs, wait), () => this.#poll())
    })
  }

  async #round(): Promise<void> {
    try {
      await this.#ask()
      this.#failures = 0
      this.#report(null)
    } catch (cause) {
      this.#failures++
      this.#report(faultOf(cause))
    }
  }

  #report(fault: ChainFault | null): void {
    const before = this.#fault
    this.#fault = fault
    if (before?.code === fault?.code) return
    const { log } = this.#dependencies
    if (fault === null) log.info({ was: before?.code }, 'the chain is followed again')
    else if (fault.code === 'chain_unreachable') log.warn({ code: fault.code }, fault.message)
    else log.error({ code: fault.code }, fault.message)
    if (fault === null) this.#advance()
  }

  async #ask(): Promise<void> {
    const { rpc, keccak } = this.#dependencies
    const { manifest } = this.#options
    if (!this.#verified) await checkVault(rpc, manifest, keccak)
    this.#verified = true
    const newest = await rpc.latest()
    this.#latest = newest.number
    if (this.#tape === undefined) return
    // The same newest block has the same blocks below it.
    const isNew = this.#read === null || !equalBytes(newest.hash, this.#read)
    if (!isNew && this.#wanted.size === 0) return
    const log = (this.#log ??= await this.#begin(this.#tape))
    const confirmed = newest.number - manifest.chain.confirmations
    const above = Math.max(confirmed, this.#options.startBlock - 1) + 1
    // Asked before anything is waited for: it goes out with what comes next.
    const ahead = isNew ? this.#lookAhead(above, newest.number) : null
    ahead?.catch(() => {})
    const grown = isNew && (await this.#extend(log, confirmed))
    await this.#fetchWanted(log)
    if (grown) this.#advance()
    if (ahead === null) return
    this.#tell(await ahead)
    this.#read = newest.hash
  }

  #advance(): void {
    for (const listener of this.#advanced) listener()
  }

  /** At the tape's cursor, whose block must still be on the chain. */
  async #begin(cursor: ChainCursor | null): Promise<ConfirmedLog> {
    if (cursor === null) {
      this.#sequence = 0
    } else {
      await this.#holds(cursor.block, cursor.hash)
      this.#sequence = await sequenceBefore(this.#history, cursor)
    }
    return new ConfirmedLog(cursor)
  }

  get #history() {
    const { rpc } = this.#dependencies
    const { startBlock, windowBlocks, manifest } = this.#options
    return { rpc, vault: manifest.chain.vault, startBlock, windowBlocks }
  }

  /** @throws ChainFault chain_unreachable when the node is not that far, chain_reorganised */
  async #holds(block: number, hash: Uint8Array): Promise<void> {
    const header = await this.#dependencies.rpc.header(block)
    if (header === null) {
      throw new ChainFault('chain_unreachable', `the RPC has no block ${block} yet`, { block })
    }
    if (equalBytes(header.hash, hash)) return
    throw new ChainFault('chain_reorganised', `block ${block} of the tape is gone`, { block })
  }

  async #extend(log: ConfirmedLog, confirmed: number): Promise<boolean> {
    const { startBlock } = this.#options
    let from = log.head === null ? startBlock : log.head.number + 1
    if (confirmed < from) {
      await (log.head === null ? this.#startsInTime(confirmed) : this.#stillThere(log.head))
      return false
    }
    if (log.head !== null && (await this.#passes(log, log.head, confirmed))) return true
    for (; from <= confirmed && this.#isOpen; from = (log.head?.number ?? from) + 1) {
      const { logs, to } = await this.#range(from, confirmed)
      await this.#take(log, logs, from, to, to === confirmed)
    }
    return true
  }

  /** Most blocks have nothing for the vault. It says so itself, by the number of its events at the
   * last of them, and their logs need not be asked for. */
  async #passes(log: ConfirmedLog, head: Header, to: number): Promise<boolean> {
    if (to - head.number > HEADERS_AHEAD) return false
    const [headers, reached] = await Promise.all([
      this.#headers([], head.number + 1, to),
      eventSequenceAt(this.#history, to),
      this.#stillThere(head)
    ])
    const last = headers.get(to)
    if (last === undefined) throw missing(to)
    if (reached !== this.#sequence) return false
    log.extend(last, [...headers.values()], [])
    return true
  }

  /** As many blocks from `from` on as the node gives in one answer: each refuses ranges that it
   * finds too long, by a measure of its own. */
  async #range(from: number, confirmed: number): Promise<{ logs: VaultLog[]; to: number }> {
    const { rpc } = this.#dependencies
    for (;;) {
      const { blocks } = this.#window
      const to = Math.min(confirmed, from + blocks - 1)
      try {
        const logs = await rpc.logs(this.#options.manifest.chain.vault, from, to)
        this.#window.answered()
        return { logs, to }
      } catch (cause) {
        if (to === from || !(cause instanceof RpcRefusal)) throw cause
        this.#window.refused(to - from + 1)
      }
    }
  }

  /** Nothing is read before `startBlock`: nothing may have happened.
   * @throws ChainFault chain_events_missing */
  async #startsInTime(confirmed: number): Promise<void> {
    if (confirmed < 0) return
    const reached = await eventSequenceAt(this.#history, confirmed)
    if (reached !== 0) throw gap(reached, 0, confirmed)
  }

  /** @throws ChainFault chain_unreachable when a confirmed block has gone */
  async #stillThere(head: Header): Promise<void> {
    const header = await this.#dependencies.rpc.header(head.number)
    if (header !== null && equalBytes(header.hash, head.hash)) return
    // Above the tape's cursor: what was read of it was wrong, and is read again.
    this.#log = null
    throw new ChainFault('chain_unreachable', 'a confirmed block is gone: reading it again')
  }

  /** Takes in blocks [from, to]. Either all of it is good, or nothing is taken. */
  async #take(
    log: ConfirmedLog,
    logs: readonly VaultLog[],
    from: number,
    to: number,
    isLast: boolean
  ): Promise<void> {
    // On the way to the newest only those headers are needed that have events.
    const ahead = isLast ? Math.max(from, to - HEADERS_AHEAD + 1) : to
    const [headers, reached] = await Promise.all([
      this.#headers(logs, ahead, to),
      isLast ? eventSequenceAt(this.#history, to) : null,
      log.head === null ? null : this.#stillThere(log.head)
    ])
    const head = headers.get(to)
    if (head === undefined) throw missing(to)
    let sequence = this.#sequence
    const events: LoggedEvent[] = []
    const batches: Seen[] = []
    for (const each of logs) {
      const header = headers.get(each.block)
      if (header === undefined || !equalBytes(header.hash, each.blockHash))
        throw missing(each.block)
      const event = decodeVaultLog(each)
      if (event.sequence !== ++sequence) throw gap(event.sequence, sequence, each.block)
      const seen = seenOf(event, each, true)
      if (seen !== null) batches.push(seen)
      const { block, logIndex } = each
      events.push({ block, logIndex, bytes: encodeChainEvent(event) })
    }
    if (reached !== null && reached !== sequence) throw gap(reached, sequence, to)
    log.extend(head, [...headers.values()], events)
    this.#sequence = sequence
    this.#tell(batches)
  }

  async #headers(
    logs: readonly VaultLog[],
    from: number,
    to: number
  ): Promise<Map<number, Header>> {
    const numbers = new Set(logs.map(({ block }) => block))
    for (let number = from; number <= to; number++) numbers.add(number)
    const { rpc } = this.#dependencies
    const found = await Promise.all([...numbers].map((number) => rpc.header(number)))
    return new Map(found.flatMap((header) => (header === null ? [] : [[header.number, header]])))
  }

  /** Headers of confirmed blocks at which cuts of others stop. */
  async #fetchWanted(log: ConfirmedLog): Promise<void> {
    const wanted = [...this.#wanted]
    this.#wanted.clear()
    const found = await Promise.all(wanted.map((block) => this.#dependencies.rpc.header(block)))
    for (const header of found) if (header !== null) log.learn(header)
    if (wanted.length > 0) this.#advance()
  }

  /** Batches in blocks that are not confirmed yet: for those who wait for them. */
  async #lookAhead(from: number, to: number): Promise<Seen[]> {
    if (this.#seen.length === 0 || to < from) return []
    const { vault } = this.#options.manifest.chain
    const logs = await this.#dependencies.rpc.logs(vault, from, to)
    const seen = logs.map((each) => seenOf(decodeVaultLog(each), each, false))
    return seen.filter((each) => each !== null)
  }

  #tell(batches: readonly Seen[]): void {
    for (const seen of batches) for (const listener of this.#seen) listener(seen)
  }
}

function missing(block: number): ChainFault {
  return new ChainFault('chain_unreachable', `the RPC is not of one mind about block ${block}`, {
    block
  })
}

function gap(found: number, expected: number, block: number): ChainFault {
  return new ChainFault(
    'chain_events_missing',
    `at block ${block} the vault's events are at ${found}, the RPC showed them up to ${expected}` +
      ' (chain.startBlock must not be after the first of them)',
    { block, found, expected }
  )
}

function faultOf(cause: unknown): ChainFault {
  if (cause instanceof ChainFault) return cause
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new ChainFault('chain_unreachable', `the RPC does not answer: ${reason}`, {}, cause)
}
