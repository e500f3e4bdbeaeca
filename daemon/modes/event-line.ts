// An event of the engine in the words of the JSON-RPC: symbols, decimals and addresses in the place
// of the engine's numbers.
import type { Engine, Event } from '../../matching/index.ts'
import type { Format } from '../rpc/format.ts'

/** Fields that name an account by its number. */
const accounts = new Set(['account', 'maker', 'taker', 'delegate', 'submitter'])
/** Fields that count lots, and what they are called. */
const amounts: Record<string, string> = { lots: 'amount', remaining: 'remainingAmount', by: 'by' }

/** Everything else (order numbers, nonces, reasons, batches, times in seconds) stays as it is. */
export function eventLine(event: Event, engine: Engine, format: Format): Record<string, unknown> {
  const line: Record<string, unknown> = { kind: event.kind }
  const market = 'market' in event ? event.market : null
  const token = 'token' in event ? event.token : null
  for (const [name, value] of Object.entries(event)) {
    if (name === 'kind') continue
    if (typeof value !== 'number') line[name] = value
    else if (accounts.has(name)) line[name] = engine.address(value)
    else if (name === 'market') line['market'] = format.symbol(value)
    else if (name === 'token') line['token'] = format.token(value)
    else if (market !== null && name === 'price') line['price'] = format.price(market, value)
    else if (market !== null && (name === 'fee' || name === 'makerFee')) {
      line[name] = format.quote(market, value)
    } else if (market !== null && name in amounts) {
      line[amounts[name]] = format.amount(market, value)
    } else if (token !== null && name === 'quanta') line['amount'] = format.quanta(token, value)
    else line[name] = value
  }
  return line
}
