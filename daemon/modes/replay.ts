// `curb replay`: what happened on the venue, out of the tape itself: the trades of a range of
// blocks, or every event of the engine, and the books as they stood after its last block. One JSON
// object a line on standard output, in the order of the tape; the last one tells the event hash.
import { loadConfig } from '../../config/load.ts'
import type { Engine } from '../../matching/index.ts'
import { bookChecksum } from '../../protocol/book-checksum.ts'
import { toHex } from '../../protocol/bytes.ts'
import { loadCrypto } from '../../crypto/crypto.ts'
import { signingTerms } from '../../protocol/venue.ts'
import type { Applied } from '../replica/types.ts'
import { Format } from '../rpc/format.ts'
import { afresh, replayed } from './afresh.ts'
import { eventLine } from './event-line.ts'
import { readConfigFlags, UsageFault, type Words } from './usage.ts'

const flagsOfReplay = {
  from: { type: 'string' },
  to: { type: 'string' },
  market: { type: 'string' },
  depth: { type: 'string' },
  events: { type: 'boolean' }
} as const

type Range = { from: number; to: number | null; depth: number; events: boolean }

/** Exit code 1 when the tape is not what it claims to be. */
export async function replayMode(words: string[]): Promise<void> {
  const { datadir, flags, values } = readConfigFlags(words, flagsOfReplay)
  const range = rangeOf(values)
  const { config } = loadConfig({ datadir, flags, environment: process.env })
  const { keccak, blake2b } = await loadCrypto()
  await afresh(config, async (fresh) => {
    const { daemon, manifest, problems } = fresh
    const markets = marketsOf(
      manifest.markets.map(({ symbol }) => symbol),
      values['market']
    )
    const format = new Format(manifest, signingTerms(manifest, { keccak, blake2b }).markets)
    const books = (engine: Engine) => {
      for (const market of markets) say(bookLine(engine, format, market, range.depth))
      const { index, eventHash } = engine
      say({ kind: 'replayed', tapeIndex: index, eventHash: toHex(eventHash), problems })
    }
    let isTold = false
    daemon.onapplied((applied) => {
      const { index } = applied
      if (index < range.from || (range.to !== null && index > range.to)) return
      tell(applied, daemon.engine, format, { markets, events: range.events })
      if (index !== range.to) return
      books(daemon.engine)
      isTold = true
    })
    await daemon.open()
    await replayed(fresh, range.to)
    if (!isTold) books(daemon.engine)
    process.exitCode = problems.length === 0 ? 0 : 1
  })
}

function tell(
  { index, cut, result }: Applied,
  engine: Engine,
  format: Format,
  { markets, events }: { markets: number[]; events: boolean }
): void {
  let number = 0
  for (const event of result.events) {
    const isTrade = event.kind === 'traded'
    const isOurs = 'market' in event ? markets.includes(event.market) : events
    if (isOurs && (events || isTrade)) {
      say({ tapeIndex: index, event: number, time: cut.time, ...eventLine(event, engine, format) })
    }
    number++
  }
}

function bookLine(engine: Engine, format: Format, market: number, depth: number) {
  const levels = engine.level2(market, depth)
  const bids = levels.bids.map((level) => format.level(market, level))
  const asks = levels.asks.map((level) => format.level(market, level))
  return {
    kind: 'book',
    market: format.symbol(market),
    changeId: engine.index,
    time: Math.max(0, engine.time),
    bids,
    asks,
    checksum: bookChecksum(asks, bids)
  }
}

function say(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`)
}

/** @throws UsageFault */
function rangeOf(values: Words['values']): Range {
  const from = wholeNumber(values, 'from') ?? 0
  const to = wholeNumber(values, 'to')
  if (to !== null && to < from) throw new UsageFault(`--to ${to} is before --from ${from}`)
  return { from, to, depth: wholeNumber(values, 'depth') ?? 10, events: values['events'] === true }
}

function wholeNumber(values: Words['values'], name: string): number | null {
  const value = values[name]
  if (typeof value !== 'string') return null
  if (/^\d{1,15}$/.test(value)) return Number(value)
  throw new UsageFault(`--${name} ${value}: it is a whole number`)
}

/** @throws UsageFault */
function marketsOf(symbols: string[], wanted: string | boolean | undefined): number[] {
  if (typeof wanted !== 'string') return symbols.map((_, market) => market)
  const market = symbols.indexOf(wanted)
  if (market >= 0) return [market]
  throw new UsageFault(`no market ${wanted}; there are ${symbols.join(', ')}`)
}
