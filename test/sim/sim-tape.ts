// A node's tape: journaled block by block, then announced; fetched from others when it is behind,
// and only as far as a quorum has signed it.
import type { Authority } from '../../daemon/consensus/core/authority.ts'
import type { Final } from '../../daemon/consensus/core/types.ts'
import type { MerkleLog } from '../../protocol/merkle-log.ts'
import { send, type TapeMessage, type Venue } from './venue.ts'

export type TapeRecord = { index: number; bytes: Uint8Array; certificate: Final | null }

/** Blocks that one answer carries. */
const SERVED_BLOCKS = 64
const FETCH_MS = 60

export type SimTapeDependencies = {
  /** Calls back once the record is on the disk. */
  journal(record: TapeRecord, done: () => void): void
  announce(record: TapeRecord): void
  /** The final tape as consensus has it. */
  log(): MerkleLog
  authority: Authority
  /** Runs unless the node has crashed meanwhile. */
  later(delayMs: number, run: () => void): void
}

export class SimTape {
  readonly #venue: Venue
  readonly #self: string
  readonly #deps: SimTapeDependencies
  readonly #records: TapeRecord[]
  /** Blocks given to the disk, announced or not. */
  #appended: number
  #fetchTo: number
  #isFetching = false

  constructor(
    venue: Venue,
    self: string,
    restored: TapeRecord[],
    dependencies: SimTapeDependencies
  ) {
    this.#venue = venue
    this.#self = self
    this.#deps = dependencies
    this.#records = restored
    this.#appended = this.#fetchTo = this.length
  }

  /** Announced blocks. */
  get length(): number {
    return this.#records.length
  }

  /** Announced blocks, in order. */
  get records(): readonly TapeRecord[] {
    return this.#records
  }

  /** The next block; one that is on its way already is passed over. */
  append(record: TapeRecord): void {
    if (record.index < this.#appended) return
    this.#appended++
    this.#deps.journal(record, () => {
      this.#records.push(record)
      this.#deps.announce(record)
      if (this.length < this.#fetchTo) this.#fetch()
    })
  }

  /** Somebody has more. */
  behind(length: number): void {
    this.#fetchTo = Math.max(this.#fetchTo, length)
    this.#fetch()
  }

  /** Looks now and then whether the others' tapes are longer. */
  follow(): void {
    const { random } = this.#venue.world
    this.#deps.later(500 + random() * 500, () => {
      if (!this.#isFetching) this.#request()
      this.follow()
    })
  }

  #fetch(): void {
    if (this.#isFetching || this.#appended >= this.#fetchTo) return
    this.#isFetching = true
    this.#request()
    this.#deps.later(FETCH_MS, () => {
      this.#isFetching = false
      this.#fetch()
    })
  }

  #request(): void {
    const { world, peers } = this.#venue
    const peer = peers[Math.floor(world.random() * peers.length)]
    this.#send(peer, { kind: 'get', from: this.#appended })
  }

  receive(from: string, message: TapeMessage): void {
    if (message.kind === 'get') return this.#serve(from, message.from)
    if (message.from !== this.#appended || this.#appended !== this.length) return
    let log = this.#deps.log()
    if (log.length !== message.from) return
    for (const bytes of message.blocks) log = log.append(bytes)
    const { notarization } = message.certificate
    const block = { ...notarization.block, length: log.length, treeHash: log.treeHash() }
    const certificate = { ...message.certificate, notarization: { ...notarization, block } }
    if (!this.#deps.authority.final(certificate, null)) return
    this.#venue.coverage.count('tape block fetched', message.blocks.length)
    message.blocks.forEach((bytes, i) => {
      const isLast = i === message.blocks.length - 1
      const index = message.from + i
      this.append({ index, bytes, certificate: isLast ? certificate : null })
    })
  }

  #serve(to: string, from: number): void {
    const served = this.#records.slice(from, from + SERVED_BLOCKS)
    while (served.at(-1)?.certificate === null) served.pop()
    const certificate = served.at(-1)?.certificate
    if (!certificate) return
    const blocks = served.map(({ bytes }) => bytes)
    this.#send(to, { kind: 'blocks', from, blocks, certificate })
  }

  #send(to: string, message: TapeMessage): void {
    send(this.#venue, this.#self, to, { channel: 'tape', message })
  }
}
