// What a bot that was away is told, page by page: whole blocks, nothing twice, nothing left out.
import test from 'brittle'
import { systemClock } from '../../../daemon/clock.ts'
import { OrderLog } from '../../../daemon/history/order-log.ts'
import { Store } from '../../../daemon/history/store.ts'
import { newRecord } from '../../../daemon/trading/new-record.ts'
import type { RecordChange } from '../../../daemon/trading/records.ts'
import { order } from '../../helpers/orders.ts'
import { temporaryFolder } from '../../helpers/tmp.ts'

const account = `0x${'a1'.repeat(20)}`

/** An order that was filled in a block: one change, one fill. */
function filled(nonce: number, index: number): RecordChange {
  const sold = order(account, { side: 'sell', price: 100, quantity: 1, nonce })
  const terms = { clientOrderId: null, type: 'limit', time: 0 } as const
  const record = newRecord(sold, new Uint8Array(32), terms)
  const fill = { index, event: nonce, time: 0, lots: 1, price: 100, maker: true, fee: 0, batch: 1 }
  return { record, fill, event: nonce }
}

test('since - pages are whole blocks, and all of them together are everything', async (t) => {
  const store = new Store(await temporaryFolder(t), {
    clock: systemClock,
    onfault: (fault) => t.fail(String(fault))
  })
  await store.open()
  t.teardown(() => store.close())
  const log = new OrderLog({ store, onkeep: () => {} })
  // So many orders in blocks 10, 20, ...: the third has more than a page.
  let nonce = 0
  const counts = [1, 2, 6, 1, 1, 2, 1]
  for (const [place, count] of counts.entries()) {
    const index = 10 * (place + 1)
    const changes = Array.from({ length: count }, () => filled(++nonce, index))
    log.take(changes, index)
  }
  const nonces: number[] = []
  const fills: number[] = []
  const ends: (number | null)[] = []
  for (let from: number | null = -1; from !== null; from = ends.at(-1) ?? null) {
    const page = await log.since(account, from, 3)
    nonces.push(...page.orders.map(({ order }) => order.nonce))
    fills.push(...page.fills.map(({ fill }) => fill.event))
    ends.push(page.through)
  }
  const all = Array.from({ length: nonce }, (_, at) => at + 1)
  t.alike(nonces, all)
  t.alike(fills, all)
  t.alike(ends, [29, 30, 59, null])
  t.alike(
    (await log.since(account, 65, 3)).orders.map(({ order }) => order.nonce),
    [14]
  )
})
