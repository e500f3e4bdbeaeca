import createTestnet from '@hyperswarm/testnet'
import type { Assert } from 'brittle'
import type { NodeAddress } from 'hyperdht'
import { randomInt } from 'node:crypto'
import dgram from 'node:dgram'

/** After the swarms, before the folders. */
const AFTER_SWARMS = 900

export type LocalDht = { bootstrap: NodeAddress[] }

/** A DHT of three nodes on 127.0.0.1, taken down after the swarms of the test. */
export async function localDht(t: Assert): Promise<LocalDht> {
  const testnet = await createTestnet(3, { host: '127.0.0.1' })
  t.teardown(() => testnet.destroy(), { order: AFTER_SWARMS })
  return { bootstrap: testnet.bootstrap }
}

/** Below those that systems give to whoever names none: a node in another process would take one of
 * them in the moment between the look and the use. */
const PORTS = { from: 15_000, to: 30_000 }
const given = new Set<number>()

/** A UDP port of 127.0.0.1 that is free, and given once by this process: a node between processes
 * needs an explicit one. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(PORTS.from, PORTS.to)
    if (given.has(port) || !(await isFree(port))) continue
    given.add(port)
    return port
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = dgram.createSocket('udp4')
    socket.once('error', () => resolve(false))
    socket.bind(port, '127.0.0.1', () => socket.close(() => resolve(true)))
  })
}
