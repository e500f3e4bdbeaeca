// kill -9 of a daemon that has much behind it, until it takes an order again.
import { MARKET, type ProcessTrader } from '../test/helpers/process-trader.ts'
import type { ProcessVenue } from '../test/helpers/processes.ts'
import { until } from '../test/helpers/until.ts'

const BATCH = 100
const AT_ONCE = 8
const PATIENCE_MS = 60_000

const terms = { market: MARKET, amount: '0.001', price: '1000' }

/** Puts at least so many entries on the tape, every one with a signature of its own.
 * @returns how many */
export async function fillTape(trader: ProcessTrader, entries: number): Promise<number> {
  const { client, account } = trader
  const actions = Array.from({ length: BATCH }, () => ({ action: 'buy' as const, ...terms }))
  let filled = 0
  while (filled < entries) {
    await Promise.all(
      Array.from({ length: AT_ONCE }, () => client.call('private/place', { account, actions }))
    )
    await trader.cancelsAll()
    filled += AT_ONCE * BATCH + 1
  }
  return filled
}

/** From the start of the killed daemon's process to its answer to an order. */
export async function restartSeconds(venue: ProcessVenue): Promise<number> {
  const { name, client, account } = venue.traders[0]
  await venue.kills(name)
  const began = performance.now()
  await venue.local.processes.restart(name)
  await until(
    async () => {
      try {
        await client.call('private/buy', { account, ...terms })
        return true
      } catch {
        return false
      }
    },
    'an order to be taken after the restart',
    PATIENCE_MS
  )
  return (performance.now() - began) / 1000
}
