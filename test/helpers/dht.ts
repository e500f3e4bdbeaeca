import createTestnet from '@hyperswarm/testnet'
import type { Assert } from 'brittle'
import type { NodeAddress } from 'hyperdht'
import net from 'node:dgram'

/** After the swarms, before the folders. */
const AFTER_SWARMS = 900

export type LocalDht = { bootstrap: NodeAddress[] }

/** A DHT of three nodes on 127.0.0.1, taken down after the swarms of the test. */
export async function localDht(t: Assert): Promise<LocalDht> {
  const testnet = await createTestnet(3, { host: '127.0.0.1' })
  t.teardown(() => testnet.destroy(), { order: AFTER_SWARMS })
  return { bootstrap: testnet.bootstrap }
}

/** A UDP port of 127.0.0.1 that was free a moment ago: a node between processes needs an
 * explicit one. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = net.createSocket('udp4')
    socket.once('error', reject)
    socket.bind(0, '127.0.0.1', () => {
      const { port } = socket.address()
      socket.close(() => resolve(port))
    })
  })
}
