/** What the journal throws, with the reason in `code`:
 * - `JOURNAL_CORRUPT`: bytes that had been synced are damaged (opening stops)
 * - `JOURNAL_VERSION`: the file was written by another version of the format
 * - `JOURNAL_FAULT`: a write or sync failed; nothing can be acknowledged any more
 * - `JOURNAL_TOO_LARGE`: a record above `RECORD_BYTES_MAX`
 * - `JOURNAL_CLOSED`: used before `open` or after `close`
 * - `JOURNAL_ROTATING`: `rotate` while a rotation is under way */
export type JournalFaultCode =
  | 'JOURNAL_CORRUPT'
  | 'JOURNAL_VERSION'
  | 'JOURNAL_FAULT'
  | 'JOURNAL_TOO_LARGE'
  | 'JOURNAL_CLOSED'
  | 'JOURNAL_ROTATING'

export class JournalFault extends Error {
  readonly code: JournalFaultCode
  readonly metadata: Readonly<Record<string, string | number>>

  constructor(
    code: JournalFaultCode,
    message: string,
    metadata: Readonly<Record<string, string | number>> = {},
    cause?: unknown
  ) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'JournalFault'
    this.code = code
    this.metadata = metadata
  }
}
