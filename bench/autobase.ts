// Autobase on the same machine: three indexers in one process over piped streams, nodes of many
// orders each, an apply that appends each order to the signed view. What it gives is crash
// tolerance by a majority of indexers; it checks no order's signature.
import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import Autobase from 'autobase'
import Corestore from 'corestore'
import { nowMs } from './finality-types.ts'
import { type Row, say } from './report.ts'

const INDEXERS = 3
const ACK_MS = 100
/** Bytes of an order, as ours have. */
const ORDER_BYTES = 160
const LATENCY_ORDERS = 40
const BATCH_ORDERS = 50
const THROUGHPUT_SECONDS = 8

/** `add`: a further indexer's key, in hex. */
type Node = { orders: string[]; add?: string }
type Base = Autobase<Node>

async function createBase(folder: string, key: Uint8Array | null): Promise<Base> {
  const base = new Autobase<Node>(new Corestore(folder), key, {
    valueEncoding: 'json',
    ackInterval: ACK_MS,
    open: (store) => store.get({ name: 'view', valueEncoding: 'json' }),
    apply: async (nodes, view, host) => {
      for (const { value } of nodes) {
        if (value.add !== undefined) {
          await host.addWriter(Buffer.from(value.add, 'hex'), { indexer: true })
          continue
        }
        for (const order of value.orders) await view.append(order)
      }
    }
  })
  await base.ready()
  return base
}

function connect(bases: readonly Base[]): void {
  bases.forEach((one, i) => {
    for (const other of bases.slice(i + 1)) {
      const a = one.replicate(true)
      const b = other.replicate(false)
      a.pipe(b).pipe(a)
      for (const stream of [a, b]) stream.on('error', () => undefined)
    }
  })
}

async function until(condition: () => boolean, patienceMs: number): Promise<boolean> {
  const end = nowMs() + patienceMs
  while (!condition()) {
    if (nowMs() > end) return false
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
  return true
}

export async function autobaseRows(): Promise<Row[]> {
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), 'curb-autobase-'))
  const first = await createBase(path.join(folder, '0'), null)
  const bases = [first]
  for (let i = 1; i < INDEXERS; i++)
    bases.push(await createBase(path.join(folder, `${i}`), first.key))
  try {
    connect(bases)
    for (const other of bases.slice(1)) {
      await first.append({ orders: [], add: Buffer.from(other.local.key).toString('hex') })
    }
    if (!(await until(() => bases.every((base) => base.isIndexer), 60_000))) {
      throw new Error('the indexers did not come together')
    }
    const latencies = await measureLatency(bases)
    const perSecond = await measureThroughput(bases)
    latencies.sort((a, b) => a - b)
    return [
      { name: 'autobase.own.p50Ms', value: latencies[latencies.length >>> 1], unit: 'ms' },
      {
        name: 'autobase.own.p99Ms',
        value: latencies[Math.floor(latencies.length * 0.99)],
        unit: 'ms'
      },
      { name: 'autobase.perSecond', value: perSecond, unit: '1/s' }
    ]
  } finally {
    for (const base of bases) await base.close()
    await fs.rm(folder, { recursive: true, force: true })
  }
}

function order(number: number): string {
  return String(number).padEnd(ORDER_BYTES, '.')
}

/** One order at a time, from its writer to the writer's own signed view. */
async function measureLatency(bases: readonly Base[]): Promise<number[]> {
  const latencies: number[] = []
  for (let i = 0; i < LATENCY_ORDERS; i++) {
    const base = bases[i % bases.length]
    await base.update()
    const at = nowMs()
    const target = base.view.length + 1
    await base.append({ orders: [order(i)] })
    if (!(await until(() => base.view.signedLength >= target, 30_000))) say('autobase: stalled')
    latencies.push(nowMs() - at)
  }
  return latencies
}

/** As many as it signs, each indexer writing nodes of many orders. */
async function measureThroughput(bases: readonly Base[]): Promise<number> {
  const from = Math.min(...bases.map((base) => base.view.signedLength))
  const began = nowMs()
  let written = 0
  const waiting = () => written - (Math.min(...bases.map((b) => b.view.signedLength)) - from)
  while (nowMs() - began < THROUGHPUT_SECONDS * 1000) {
    for (const base of bases) {
      const orders = Array.from({ length: BATCH_ORDERS }, (_, i) => order(written + i))
      await base.append({ orders })
      written += BATCH_ORDERS
    }
    await until(() => waiting() < 40 * BATCH_ORDERS, 30_000)
  }
  const signed = Math.min(...bases.map((base) => base.view.signedLength)) - from
  return (signed / (nowMs() - began)) * 1000
}
