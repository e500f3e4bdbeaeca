// kill -9 of a daemon that has much behind it, until it takes an order again.
import { MARKET, type ProcessTrader } from '../test/helpers/process-trader.ts'
import type { ProcessVenue } from '../test/helpers/processes.ts'
import { until } from '../test/helpers/until.ts'

/** Orders of one call, and as many cancels of those of the call before. */
const ORDERS = 50
const AT_ONCE = 8
const PATIENCE_MS = 60_000

const terms = { market: MARKET, amount: '0.001', price: '1000' }
const buy = { action: 'buy' as const, ...terms }

/** Puts at least so many entries on the tape, orders and cancels in turn, every order with a
 * signature of its own. @returns how many */
export async function fillTape(trader: ProcessTrader, entries: number): Promise<number> {
  const { client, account } = trader
  await trader.isDeaf()
  let filled = 0
  const worker = async (): Promise<void> => {
    let resting: string[] = []
    while (filled < entries) {
      const cancels = resting.map((orderId) => ({ action: 'cancel' as const, orderId }))
      const actions = [...cancels, ...Array.from({ length: ORDERS }, () => buy)]
      const results = await client.call('private/place', { account, actions })
      const orders = results.flatMap((result) => ('order' in result ? [result.order] : []))
      if (orders.length === 0) throw new Error(`nothing was taken: ${JSON.stringify(results[0])}`)
      resting = orders.filter(({ state }) => state === 'open').map(({ orderId }) => orderId)
      filled += orders.length
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
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
