// Trades until they are final on the chain, by the word of the taker's daemon.
import type { RpcMyTrade } from '../protocol/rpc.ts'
import { MARKET, type ProcessTrader } from '../test/helpers/process-trader.ts'
import { until } from '../test/helpers/until.ts'

const LONELY = 4
const FLOW = 40
const FLOW_EVERY_MS = 250
const PATIENCE_MS = 60_000
const PRICE = '2000'
const AMOUNT = '0.01'

/** When each state of a trade was told. */
async function watch({ client }: ProcessTrader): Promise<Map<string, number>> {
  const seen = new Map<string, number>()
  await client.subscribe('user.trades', (data) => {
    // The channel's own shape, by its name.
    const { tradeId, state } = data as RpcMyTrade
    const key = `${tradeId} ${state}`
    if (!seen.has(key)) seen.set(key, performance.now())
  })
  return seen
}

async function trade(maker: ProcessTrader, taker: ProcessTrader) {
  const { client, account } = maker
  await client.call('private/sell', { account, market: MARKET, amount: AMOUNT, price: PRICE })
  const terms = { account: taker.account, market: MARKET, amount: AMOUNT, price: PRICE }
  const { trades } = await taker.client.call('private/buy', terms)
  const [{ tradeId, batch }] = trades
  return { tradeId, batch, at: performance.now() }
}

/** A trade is told as mined, or as final before anybody asked the chain in between. */
function minedAt(seen: Map<string, number>, tradeId: string): number | undefined {
  return seen.get(`${tradeId} mined`) ?? seen.get(`${tradeId} final`)
}

/** One trade after the other, each alone in its batch: milliseconds until that is mined. */
export async function lonelyTrades(maker: ProcessTrader, taker: ProcessTrader): Promise<number[]> {
  const seen = await watch(taker)
  const times: number[] = []
  for (let i = 0; i < LONELY; i++) {
    const { tradeId, at } = await trade(maker, taker)
    const mined = await until(() => minedAt(seen, tradeId), 'a trade to be mined', PATIENCE_MS)
    times.push(mined - at)
  }
  return times
}

/** A trade every so often. Milliseconds of each trade until it is final, and of each batch's last
 * trade until the batch is mined. */
export async function flowToFinal(
  maker: ProcessTrader,
  taker: ProcessTrader
): Promise<{ finals: number[]; lastFills: number[] }> {
  const seen = await watch(taker)
  const trades: Awaited<ReturnType<typeof trade>>[] = []
  for (let i = 0; i < FLOW; i++) {
    trades.push(await trade(maker, taker))
    await new Promise((resolve) => setTimeout(resolve, FLOW_EVERY_MS))
  }
  const finals: number[] = []
  for (const { tradeId, at } of trades) {
    const final = await until(() => seen.get(`${tradeId} final`), 'a final trade', PATIENCE_MS)
    finals.push(final - at)
  }
  const last = new Map(trades.map((each) => [each.batch, each]))
  const lastFills = [...last.values()].map(
    ({ tradeId, at }) => (minedAt(seen, tradeId) ?? Infinity) - at
  )
  return { finals, lastFills }
}
