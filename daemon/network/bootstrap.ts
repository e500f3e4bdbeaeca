// A DHT of one's own: the first node, which all others name in p2p.bootstrap.
import DHT from 'hyperdht'

export type BootstrapNode = { host: string; port: number; close(): Promise<void> }

/** @throws when the port is taken */
export async function openBootstrapNode(host: string, port: number): Promise<BootstrapNode> {
  const node = DHT.bootstrapper(port, host)
  await node.fullyBootstrapped()
  return { host, port: node.address().port, close: () => node.destroy() }
}
