// The devnet's picture: a pure function from what is known to lines, and a terminal that shows
// the latest one. Where there is no terminal, the events are told in plain lines instead.
import pc from 'picocolors'
import type { RpcBatch, RpcLevel, RpcStatus, RpcTrade } from '../../protocol/rpc.ts'

export type Picture = {
  markets: { market: string; bids: RpcLevel[]; asks: RpcLevel[]; trades: RpcTrade[] }[]
  status: RpcStatus | null
  batches: RpcBatch[]
  daemons: { name: string; state: string }[]
  settledTrades: number
  seconds: number
  root: string
  notice: string
}

const bookRows = 6
const tradeRows = 6

/** The whole picture as lines of at most `columns` characters (colours apart). */
export function draw(picture: Picture, columns: number): string[] {
  const { status, seconds, daemons } = picture
  const cuts = status?.tape.cutsPerSecond ?? 0
  const finality = status?.finality ?? { p50Ms: 0, p99Ms: 0 }
  const head = [
    pc.bold('Curb devnet'),
    `up ${seconds} s`,
    `tape ${status?.tape.length ?? 0}`,
    `${cuts.toFixed(0)} cuts/s`,
    `final in ${finality.p50Ms.toFixed(0)} ms (p99 ${finality.p99Ms.toFixed(0)})`
  ].join('  ')
  const lines = [head, daemonLine(daemons), '']
  for (const market of picture.markets) lines.push(...marketLines(market), '')
  lines.push(...batchLines(picture), '')
  lines.push(pc.dim('In another terminal, from this folder:'))
  for (const words of examples(picture)) lines.push(`  npm run -s curb -- ${words}`)
  lines.push('', pc.dim(picture.notice === '' ? 'Ctrl-C stops everything.' : picture.notice))
  return lines.map((line) => clip(line, columns))
}

function examples({ root, markets }: Picture): string[] {
  const [first] = markets
  if (first === undefined) return []
  const price = first.bids[0]?.[0] ?? '2000'
  const you = `--datadir ${root}/trader-2`
  return [
    `order buy ${first.market} 0.1 @ ${price} ${you}`,
    `book ${first.market} --watch ${you}`,
    `devnet kill validator-2`
  ]
}

function daemonLine(daemons: Picture['daemons']): string {
  return daemons
    .map(({ name, state }) => (state === 'running' ? pc.green(name) : pc.red(`${name} (${state})`)))
    .join(' ')
}

function marketLines(market: Picture['markets'][number]): string[] {
  const { bids, asks, trades } = market
  const rows = [pc.bold(market.market.padEnd(34)) + pc.bold('last trades')]
  for (let row = 0; row < Math.max(bookRows, tradeRows); row++) {
    const bid = bids[row]
    const ask = asks[row]
    const left = bid ? `${bid[1].padStart(8)} ${pc.green(bid[0].padStart(8))}` : ''.padEnd(17)
    const right = ask ? `${pc.red(ask[0].padEnd(8))} ${ask[1].padEnd(8)}` : ''.padEnd(17)
    rows.push(`${left}${right.length === 17 ? right : ` ${right}`} ${tradeLine(trades[row])}`)
  }
  return rows
}

function tradeLine(trade: RpcTrade | undefined): string {
  if (trade === undefined) return ''
  const word = trade.side === 'buy' ? pc.green('buy ') : pc.red('sell')
  const time = new Date(trade.time).toISOString().slice(11, 19)
  return `${time} ${word} ${trade.amount.padStart(6)} @ ${trade.price.padEnd(9)} ${trade.state}`
}

function batchLines({ batches, settledTrades }: Picture): string[] {
  const lines = [
    pc.bold('Batches on chain'.padEnd(34)) + pc.bold(`${settledTrades} trades settled`)
  ]
  for (const batch of batches.slice(0, 4)) {
    const done = batch.state === 'mined' || batch.state === 'final'
    const transaction = batch.transaction === null ? '' : batch.transaction.slice(0, 18)
    const words = `#${batch.index}  ${String(batch.fills).padStart(4)} trades  ${batch.state}`
    lines.push(`  ${words.padEnd(32)}${done ? pc.green('settled') : ''} ${pc.dim(transaction)}`)
  }
  return lines
}

/** Cuts a line to a width, colours not counted. */
function clip(line: string, columns: number): string {
  let shown = 0
  let result = ''
  for (let i = 0; i < line.length; i++) {
    // An escape sequence takes no place.
    if (line.codePointAt(i) === 27) {
      const end = line.indexOf('m', i)
      if (end < 0) break
      result += line.slice(i, end + 1)
      i = end
    } else if (shown < columns) {
      result += line[i]
      shown++
    }
  }
  return result
}

/** Shows pictures in place, and gives the terminal back as it was. */
export class Screen {
  readonly #out: NodeJS.WriteStream
  #shown = false

  constructor(out: NodeJS.WriteStream) {
    this.#out = out
  }

  get live(): boolean {
    return this.#out.isTTY
  }

  show(picture: Picture): void {
    if (!this.live) return
    // The alternate screen, cursor hidden; then home, each line cleared to its end, rest cleared.
    if (!this.#shown) this.#out.write('\u001b[?1049h\u001b[?25l')
    this.#shown = true
    const lines = draw(picture, this.#out.columns)
    const rows = lines.slice(0, Math.max(1, this.#out.rows - 1))
    this.#out.write(`\u001b[H${rows.map((line) => `${line}\u001b[K`).join('\n')}\u001b[J`)
  }

  /** A line for logs and pipes; a live screen has its own. */
  tell(line: string): void {
    if (!this.#shown) this.#out.write(`${line}\n`)
  }

  close(): void {
    if (this.#shown) this.#out.write('\u001b[?25h\u001b[?1049l')
    this.#shown = false
  }
}
