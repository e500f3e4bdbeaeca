// The daemon as the desk sees it, and where signed orders stand on the tape.
import { loadCrypto } from '../../crypto/crypto.ts'
import { toHex } from '../../protocol/bytes.ts'
import type { Manifest } from '../../protocol/manifest.ts'
import type { TapeBlock } from '../../protocol/tape-block.ts'
import type { Entry, Order } from '../../protocol/types.ts'
import type { Daemon } from '../daemon.ts'
import { entriesOf } from '../replica/intake.ts'
import type { Applied } from '../replica/types.ts'
import type { TradingNode } from './types.ts'

/** Blocks of the own lane that are read at once when a daemon starts. */
const WAITING_MAX = { bytes: 64 * 1024 * 1024, entries: 1_000_000 }

export async function tradingNode(daemon: Daemon, manifest: Manifest): Promise<TradingNode> {
  const { recover } = await loadCrypto()
  return {
    manifest,
    recover,
    get hasher() {
      return daemon.parts.hasher
    },
    get engine() {
      return daemon.engine
    },
    get lane() {
      return daemon.lane
    },
    get synced() {
      return daemon.synced
    },
    submit: (entry) => daemon.submit(entry),
    outcome: (placed) => daemon.outcome(placed),
    onapplied: (listener) => daemon.onapplied(listener),
    onrestored: (listener) => daemon.onrestored(listener),
    onlane: (listener) => daemon.onlane(listener),
    readBlock: async (index) => (await daemon.parts.tape.read(index))?.block ?? null,
    waitingEntries: () => waitingEntries(daemon)
  }
}

function waitingEntries(daemon: Daemon): Entry[] {
  const { lanes, ledger } = daemon.parts
  const { reads } = lanes
  const { key, lane: name } = daemon.lane
  const status = reads.lanes().find((lane) => lane.key === key)
  if (status === undefined) return []
  // A snapshot may know of more than the lane itself, until the daemon is in step.
  const { log } = ledger.get(name) ?? {}
  const isFurther = log !== undefined && log.length > status.finalLength
  const length = isFurther ? log.length : status.finalLength
  const treeHash = isFurther ? log.treeHash() : status.finalHash
  const head = reads.best(key, length, treeHash, WAITING_MAX)
  if (head === null) return []
  const blocks = reads.blocks(key, length, head.length, head.treeHash) ?? []
  return blocks.flatMap(entriesOf)
}

/** The entry that an event names, out of the block that it came in. */
export function entryOf(applied: Applied, entry: number): Entry | null {
  for (const [at, places] of applied.places.entries()) {
    const offset = places.findIndex(
      (place) => entry >= place.entry && entry < place.entry + place.entries
    )
    if (offset < 0) continue
    return entriesOf(applied.slices[at].blocks[offset])[entry - places[offset].entry] ?? null
  }
  return null
}

/** The same, of a block that is read from the tape. */
export function entryInBlock(block: TapeBlock, entry: number): Entry | null {
  return block.blocks.flat().flatMap(entriesOf)[entry] ?? null
}

/** The order of an entry, or one of its orders. */

export function orderOfEntry(entry: Entry | null | undefined, ordinal: number): Order | null {
  if (entry?.kind === 'place' || entry?.kind === 'amend') return entry.order
  if (entry?.kind === 'quote') return entry.orders[ordinal] ?? null
  return null
}

/** The orders that an entry brings. */
export function ordersOf(entry: Entry): Order[] {
  if (entry.kind === 'place' || entry.kind === 'amend') return [entry.order]
  return entry.kind === 'quote' ? entry.orders : []
}

/** The numbers of the block's entries that came in the lane. */
export function ownEntries(applied: Applied, lane: string): { from: number; to: number } {
  const at = applied.cut.slices.findIndex((slice) => toHex(slice.lane) === lane)
  const places = at < 0 ? [] : applied.places[at]
  const last = places.at(-1)
  if (last === undefined) return { from: 0, to: 0 }
  return { from: places[0].entry, to: last.entry + last.entries }
}
