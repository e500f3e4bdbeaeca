// A picture of a book that is known to be the daemon's: built from a snapshot, kept by changes,
// and checked by change ids and checksum at every step.
import { bookChecksum } from '../protocol/book-checksum.ts'
import type { RpcChannelData, RpcLevel, RpcLevelChange } from '../protocol/rpc.ts'
import { placeOf } from './decimals.ts'
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
  await follow(client, `book.${market}.${depth}`, {
    // The channel's own shape, by its name.
    take: (data) => book.apply(data as BookMessage),
    onChange: () => onChange(book),
    onProblem
  })
  return book
}

/** Subscribes a picture to its channel, and again whenever it finds that it is wrong. */
export async function follow(
  client: SocketClient,
  channel: string,
  picture: {
    take(data: unknown): BookProblem | null
    onChange(): void
    onProblem(problem: BookProblem): void
  }
): Promise<void> {
  await client.subscribe(channel, (data) => {
    const problem = picture.take(data)
    if (problem === null) picture.onChange()
    else if (problem !== 'no_snapshot') {
      picture.onProblem(problem)
      // A connection that went subscribes again by itself.
      client.resubscribe(channel).catch(() => {})
    }
  })
}

function applyChange(levels: RpcLevel[], change: RpcLevelChange, descending: boolean): void {
  const [kind, price, amount] = change
  const at = placeOf(levels, price, ([each]) => each, descending)
  const found = levels[at]?.[0] === price
  if (kind === 'delete') {
    if (found) levels.splice(at, 1)
  } else if (found) levels[at] = [price, amount]
  else levels.splice(at, 0, [price, amount])
}
