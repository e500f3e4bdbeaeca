// What the rest of the daemon sees of the journal: design 2.2. Everything that a vote, an
// acknowledgement or a finalize message relies on is appended here, and sent only after the
// append has resolved.

/** One record. `kind` (0 to 255) is its owner's; the journal does not look into the payload. */
export type JournalRecord = { kind: number; payload: Uint8Array }

/** Takes the records back at start, in the order in which they were appended. The payload is the
 * callee's to keep. A record may come twice after a rotation (see `rotate`). */
export type ReplayRecord = (kind: number, payload: Uint8Array) => void

export type ReplayResult = {
  records: number
  bytes: number
  /** Bytes of a torn tail (never acknowledged) that were cut off; 0 after a clean end. */
  tornBytes: number
  /** False when there was no journal: a daemon that has run before must then open a new lane. */
  existed: boolean
}

export type Journal = {
  /** Replays what is there, cuts off a torn tail, and is then ready for appends. Rejects with
   * code `journal_corrupt` when bytes that had been synced are damaged: never a silent loss. */
  open(onrecord: ReplayRecord): Promise<ReplayResult>

  /** Resolves once the record is on the disk (group commit, fdatasync). The payload must not be
   * changed before. Rejects with code `journal_failed` after a failed write or sync, for good. */
  append(kind: number, payload: Uint8Array): Promise<void>

  /** As `append`, for a record that nobody waits for yet: it takes its place in the order, and goes
   * to the disk with the next group that somebody waits for, or after `flush`. */
  appendLazily(kind: number, payload: Uint8Array): Promise<void>

  /** What was appended lazily goes to the disk now. */
  flush(): void

  /** As `append`, for records that must survive together or not at all. */
  appendAll(records: readonly JournalRecord[]): Promise<void>

  /** Starts a new file with `checkpoint`, syncs it, and only then deletes the old one. The
   * checkpoint must cover each record still needed whose append had resolved, as seen by code
   * that awaited it; appends still under way are carried over by the journal itself, so a replay
   * may see these twice. Read at once: the iterable is drained before this returns. Whoever
   * leaves data out because a store holds it has flushed that store before. */
  rotate(checkpoint: Iterable<JournalRecord>): Promise<void>

  /** Bytes of the current file: the measure for when to rotate. */
  readonly byteLength: number

  /** Bytes that wait for the disk: a measure for when to take no more work. */
  readonly pendingBytes: number

  /** Waits for the appends under way. Idempotent. */
  close(): Promise<void>
}
