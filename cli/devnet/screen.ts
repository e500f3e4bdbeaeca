// The devnet's picture: a pure function from what is known to lines, and a terminal that shows
// the latest one. Where there is no terminal, the events are told in plain lines instead.
import pc from 'picocolors'
import type { RpcBatch, RpcLevel, RpcStatus, RpcTrade } from '../../protocol/rpc.ts'

export type Picture = {
  markets: MarketPicture[]
  status: RpcStatus | null
  /** The newest first. */
  batches: RpcBatch[]
  daemons: { name: string; state: string }[]
  settledTrades: number
  seconds: number
  /** Where the devnet lives, as it is typed in this folder. */
  root: string
  /** An order to try, at a price that stays. */
  example: { market: string; price: string } | null
  notice: string
}

export type MarketPicture = {
  market: string
  bids: RpcLevel[]
  asks: RpcLevel[]
  trades: RpcTrade[]
}

const escapes = new RegExp(`${String.fromCodePoint(27)}\\[[0-9;]*m`, 'g')
const bookRowsMax = 6
const batchRowsMax = 10
/** Where the right half of the picture begins. */
const half = 38

/** The whole picture: at most `rows` lines of at most `columns` characters, colours apart. Books
 * and batches take what the rest leaves; how to trade is always to be read. */
export function draw(picture: Picture, columns: number, rows: number): string[] {
  const { daemons, markets, notice } = picture
  const words = help(picture, columns)
  const last = [pc.dim('Ctrl-C stops everything.'), pc.yellow(notice)].join(
    notice === '' ? '' : '  '
  )
  // Head and daemons, a title and a gap for each part, and the last line.
  const rest = rows - 4 - 2 * markets.length - 2 - words.length - 1
  const batchRows = clamp(Math.floor(rest / 3), 2, batchRowsMax)
  const bookRows = clamp(
    Math.floor((rest - batchRows) / Math.max(1, markets.length)),
    1,
    bookRowsMax
  )
  const lines = [headLine(picture), daemonLine(daemons), '']
  for (const market of markets) lines.push(...marketLines(market, picture.batches, bookRows), '')
  lines.push(...batchLines(picture, batchRows), '', ...words)
  const shown = lines.slice(0, rows - 1)
  return [...shown, last].map((line) => clip(line, columns))
}

function clamp(value: number, least: number, most: number): number {
  return Math.max(least, Math.min(most, value))
}

function headLine({ status, seconds }: Picture): string {
  const cuts = status?.tape.cutsPerSecond ?? 0
  const finality = status?.finality ?? { p50Ms: 0, p99Ms: 0 }
  return [
    pc.bold('Curb devnet'),
    `up ${seconds} s`,
    `tape ${status?.tape.length ?? 0} blocks`,
    `${cuts.toFixed(0)} cuts/s`,
    `final in ${finality.p50Ms.toFixed(0)} ms (p99 ${finality.p99Ms.toFixed(0)} ms)`
  ].join('  ')
}

function daemonLine(daemons: Picture['daemons']): string {
  return daemons
    .map(({ name, state }) => (state === 'running' ? pc.green(name) : pc.red(`${name} (${state})`)))
    .join(' ')
}

/** What to type elsewhere. A command is never cut: what is too long goes on in a second line, as a
 * shell reads it. */
export function help({ root, example }: Picture, columns = Infinity): string[] {
  const you = `--datadir ${root}/trader-2`
  const control = root === '.curb' ? '' : `--root ${root}`
  const commands = [
    ...(example === null
      ? []
      : [
          [`order buy ${example.market} 0.1 @ ${example.price}`, you],
          [`book ${example.market} --watch`, you]
        ]),
    ['devnet kill validator-2', control]
  ]
  return [
    pc.dim('In a second terminal, from this folder:'),
    ...commands.flatMap(([words, where]) => {
      const line = `  npm run -s curb -- ${words}`
      if (where === '') return [line]
      const whole = `${line} ${where}`
      return whole.length <= columns ? [whole] : [`${line} \\`, `    ${where}`]
    })
  ]
}

function marketLines(
  { market, bids, asks, trades }: MarketPicture,
  batches: RpcBatch[],
  rows: number
): string[] {
  const shown = [...bids.slice(0, rows), ...asks.slice(0, rows)]
  const price = aligned([...shown.map(([each]) => each), ...trades.map((trade) => trade.price)])
  const amount = aligned([...shown.map(([, each]) => each), ...trades.map((trade) => trade.amount)])
  const title = `${'amount'.padStart(8)} ${'buy'.padStart(9)}  ${'sell'.padEnd(9)} ${'amount'.padEnd(8)}`
  const lines = [`${pc.bold(market.padEnd(half + 1))}${pc.bold('last trades')}`]
  if (bids.length + asks.length === 0) lines[0] += pc.dim('  (nobody quotes)')
  else
    lines[0] = `${pc.bold(market)}${pc.dim(title.slice(market.length))}${pc.bold('  last trades')}`
  for (let row = 0; row < rows; row++) {
    const [bid, ask] = [bids.at(row), asks.at(row)]
    const left = bid
      ? `${amount(bid[1]).padStart(8)} ${pc.green(price(bid[0]).padStart(9))}`
      : ' '.repeat(18)
    const right = ask
      ? `${pc.red(price(ask[0]).padEnd(9))} ${amount(ask[1]).padEnd(8)}`
      : ' '.repeat(18)
    const trade = trades.at(row)
    const sold = trade === undefined ? '' : tradeLine(trade, price, amount, batches)
    lines.push(`${left}  ${right}  ${sold}`)
  }
  return lines
}

type Aligned = (decimal: string) => string

/** Writes decimals with as many digits behind the point as the longest has. */
function aligned(decimals: string[]): Aligned {
  const digitsOf = (decimal: string) => decimal.split('.').at(1)?.length ?? 0
  const most = Math.max(0, ...decimals.map(digitsOf))
  return (decimal) => {
    const missing = '0'.repeat(most - digitsOf(decimal))
    return missing === '' || decimal.includes('.') ? decimal + missing : `${decimal}.${missing}`
  }
}

/** A trade is as far as its batch. */
function tradeLine(trade: RpcTrade, price: Aligned, amount: Aligned, batches: RpcBatch[]): string {
  const word = trade.side === 'buy' ? pc.green('buy ') : pc.red('sell')
  const time = new Date(trade.time).toTimeString().slice(0, 8)
  const batch = batches.find(({ index }) => index === trade.batch)
  const state = batch !== undefined && isSettled(batch) ? pc.green('settled') : 'matched'
  return `${time} ${word} ${amount(trade.amount).padStart(7)} @ ${price(trade.price)} ${state}`
}

export function isSettled({ state }: RpcBatch): boolean {
  return state === 'mined' || state === 'final'
}

function batchLines({ batches, settledTrades }: Picture, rows: number): string[] {
  const title = `${pc.bold('Batches on chain')}  ${settledTrades} trades settled`
  const lines = batches.slice(0, rows).map((batch) => {
    const { index, fills, state, transaction } = batch
    const done = isSettled(batch)
    const words = `  ${`#${index}`.padStart(5)} ${String(fills).padStart(4)} trades  `
    const word = done ? pc.green(`settled (${state})`.padEnd(15)) : state.padEnd(15)
    return `${words}${word} ${pc.dim(transaction ?? '')}`
  })
  return [title, ...lines, ...Array.from({ length: rows - lines.length }, () => '')]
}

/** Cuts a line to a width, colours not counted; the last place then says that there is more. */
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
      result += shown === columns - 1 && printed(line.slice(i)) > 1 ? '…' : line[i]
      shown++
    }
  }
  return result
}

function printed(text: string): number {
  return text.replaceAll(escapes, '').length
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
    // Some terminals do not say how large they are. The last column and the last row stay free, so
    // that nothing wraps or scrolls.
    const lines = draw(picture, (this.#out.columns || 80) - 1, (this.#out.rows || 24) - 1)
    this.#out.write(`\u001b[H${lines.map((line) => `${line}\u001b[K`).join('\n')}\u001b[J`)
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
