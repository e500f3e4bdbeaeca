// A picture of a book that is known to be the daemon's: built from a snapshot, kept by changes,
// and checked by change ids and checksum at every step.
import { bookChecksum } from '../protocol/book-checksum.ts'
import type { RpcChannelData, RpcLevel, RpcLevelChange } from '../protocol/rpc.ts'
import type { SocketClient } from './socket.ts'

type BookMessage = RpcChannelData['book']
export type BookProblem = 'gap' | 'checksum' | 'no_snapshot'

export class LocalBook {
  bids: RpcLevel[] = []
  asks: RpcLevel[] = []
  /** Tape index that this is a picture of; null before the first snapshot. */
  changeId: number | null = null

  /** What is wrong, or null. After a problem only a snapshot mends it. */
  apply(message: BookMessage): BookProblem | null {
    if (message.type === 'snapshot') {
      this.bids = message.bids
      this.asks = message.asks
    } else {
      if (this.changeId === null) return 'no_snapshot'
      if (message.prevChangeId !== this.changeId) return this.#lose('gap')
      for (const change of message.bids) applyChange(this.bids, change, true)
      for (const change of message.asks) applyChange(this.asks, change, false)
    }
    this.changeId = message.changeId
    if (bookChecksum(this.asks, this.bids) !== message.checksum) return this.#lose('checksum')
    return null
  }

  #lose(problem: BookProblem): BookProblem {
    this.changeId = null
    return problem
  }
}

/** Follows a market's book; a gap or a wrong checksum subscribes again. */
export async function followBook(
  client: SocketClient,
  market: string,
  depth: number,
  onChange: (book: LocalBook) => void,
  onProblem: (problem: BookProblem) => void = () => {}
): Promise<LocalBook> {
  const book = new LocalBook()
  const channel = `book.${market}.${depth}`
  await client.subscribe(channel, (data) => {
    // The channel's own shape, by its name.
    const problem = book.apply(data as BookMessage)
    if (problem === null) onChange(book)
    else if (problem !== 'no_snapshot') {
      onProblem(problem)
      // A connection that went subscribes again by itself.
      client.resubscribe(channel).catch(() => {})
    }
  })
  return book
}

function applyChange(levels: RpcLevel[], change: RpcLevelChange, descending: boolean): void {
  const [kind, price, amount] = change
  const at = placeOf(levels, price, descending)
  const found = levels[at]?.[0] === price
  if (kind === 'delete') {
    if (found) levels.splice(at, 1)
  } else if (found) levels[at] = [price, amount]
  else levels.splice(at, 0, [price, amount])
}

/** Index of the first level that is not better than the price. */
function placeOf(levels: RpcLevel[], price: string, descending: boolean): number {
  let low = 0
  let high = levels.length
  while (low < high) {
    const middle = (low + high) >> 1
    const order = compareDecimals(levels[middle][0], price)
    if (descending ? order > 0 : order < 0) low = middle + 1
    else high = middle
  }
  return low
}

/** Exact: decimals without a sign, compared digit by digit. */
export function compareDecimals(a: string, b: string): number {
  const [wholeA, fractionA = ''] = a.split('.')
  const [wholeB, fractionB = ''] = b.split('.')
  if (wholeA.length !== wholeB.length) return wholeA.length - wholeB.length
  if (wholeA !== wholeB) return wholeA < wholeB ? -1 : 1
  const length = Math.max(fractionA.length, fractionB.length)
  const [paddedA, paddedB] = [fractionA.padEnd(length, '0'), fractionB.padEnd(length, '0')]
  return paddedA === paddedB ? 0 : paddedA < paddedB ? -1 : 1
}
