// What Prometheus would read of a live daemon.
import test from 'brittle'
import { until } from '../../helpers/until.ts'
import { MARKET, RpcWorld } from './world.ts'

/** Samples by name and labels, as the text gives them. */
async function scrape(url: string): Promise<Map<string, number>> {
  const response = await fetch(`${url}/metrics`)
  const lines = (await response.text()).split('\n')
  const samples = lines.filter((line) => line !== '' && !line.startsWith('#'))
  return new Map(
    samples.map((line) => {
      const end = line.lastIndexOf(' ')
      return [line.slice(0, end), Number(line.slice(end + 1))]
    })
  )
}

test('metrics - a live daemon tells of cuts, engine, signatures, finality, lanes and batches', async (t) => {
  const world = await RpcWorld.create(t)
  const before = await scrape(world.url)
  const count = 20
  for (let i = 0; i < count; i++) {
    await world.order('alice', 'sell', '0.000001', '1000')
    await world.order('bob', 'buy', '0.000001', '1000')
  }
  const client = await world.socket()
  const after = await scrape(world.url)
  const grown = (name: string): number => (after.get(name) ?? NaN) - (before.get(name) ?? NaN)
  t.ok(grown('curb_signature_checks_total') >= 2 * count, 'a signature for each order')
  t.is(grown('curb_entries_total'), 2 * count)
  const cuts = grown('curb_cuts_total')
  t.ok(cuts > 0)
  t.is(grown('curb_engine_seconds_count'), cuts, 'the engine’s time of every cut')
  t.ok(grown('curb_engine_seconds_sum') > 0)
  t.ok((after.get('curb_engine_seconds_bucket{le="+Inf"}') ?? 0) >= cuts)
  const finals = grown('curb_finality_seconds_count')
  t.ok(finals > 0 && finals <= cuts, 'cuts with entries')
  t.ok(grown('curb_events_total') > 2 * count)
  t.is(after.get('curb_rpc_calls_total{method="private/buy",outcome="ok"}'), count)
  t.is(after.get('curb_rpc_sessions'), 1)
  t.is(after.get('curb_ready'), 1)
  t.is(after.get('curb_engine_running'), 1)
  t.is(after.get('curb_lanes_current'), after.get('curb_lanes_known'))
  t.is(after.get('curb_batches{state="open"}'), 1)
  t.is(after.get('curb_batches{state="sealed"}'), 0)
  t.is(after.get('curb_batches_unsettled'), 1)
  t.is(after.get('curb_gas_spent_total'), 0, 'there is no chain')
  await until(async () => (await scrape(world.url)).get('curb_lane_lag_blocks') === 0, 'no lag')
  const { tape } = await client.call('public/status', {})
  t.ok((after.get('curb_tape_length') ?? 0) <= tape.length)
  await t.exception(world.call('public/get_order_book', { market: `${MARKET}x` }), /unknown_market/)
  const last = await scrape(world.url)
  const refused = 'curb_rpc_calls_total{method="public/get_order_book",outcome="unknown_market"}'
  t.is(last.get(refused), 1, 'refusals by name')
})
