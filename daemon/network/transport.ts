// The DHT node and the swarm, from the daemon's configuration. The node is made here and not by
// Hyperswarm, which passes on neither host nor firewalled: without them two daemons of one
// machine get connections that open on one side only.

import { createSocket } from 'node:dgram'
import { isIPv6 } from 'node:net'
import HyperDHT, { type KeyPair, type NodeAddress } from 'hyperdht'
import Hyperswarm from 'hyperswarm'
import type { NoiseSecretStream } from '@hyperswarm/secret-stream'
import type { Clock } from '../clock.ts'
import { NetworkFault } from './network-fault.ts'

export type TransportOptions = {
  keyPair: KeyPair
  /** Null: the public DHT. Empty: this node starts a network of its own. */
  bootstrap: readonly NodeAddress[] | null
  /** The address to bind, such as 0.0.0.0 or 127.0.0.1. */
  host: string
  /** 0: any. */
  port: number
  /** False when others can reach this host and port directly. */
  firewalled: boolean
  /** Connections that Hyperswarm looks for by topic. */
  peersMax: number
}

export type TransportDependencies = {
  clock: Pick<Clock, 'after'>
  isBanned: (key: Uint8Array) => boolean
  onconnection: (stream: NoiseSecretStream) => void
}

/** As many dials at a time as a venue has validators, or so. */
const PARALLEL_DIALS = 16
/** For taking our announcements back. Without a DHT that answers it would last ten seconds; what
 * is left behind there ends by itself. */
const FAREWELL_MS = 1000

export class Transport {
  #options: TransportOptions
  #dependencies: TransportDependencies
  #dht: HyperDHT | null = null
  #swarm: Hyperswarm | null = null

  constructor(options: TransportOptions, dependencies: TransportDependencies) {
    this.#options = options
    this.#dependencies = dependencies
  }

  get address(): NodeAddress {
    const { host, port } = this.#options
    return { host, port: this.#dht?.bootstrapped === true ? this.#dht.address().port : port }
  }

  async open(): Promise<void> {
    const dht = await this.#listen()
    const { keyPair, peersMax } = this.#options
    const swarm = new Hyperswarm({
      dht,
      keyPair,
      maxPeers: peersMax,
      maxParallel: PARALLEL_DIALS,
      firewall: (key) => this.#dependencies.isBanned(key)
    })
    this.#dht = dht
    this.#swarm = swarm
    swarm.on('connection', (stream) => this.#dependencies.onconnection(stream))
    await swarm.listen()
  }

  async #listen(): Promise<HyperDHT> {
    const { bootstrap, host, port, firewalled } = this.#options
    try {
      // A DHT node that fails to bind cannot be taken down again: try the port before.
      await tryPort(host, port)
    } catch (cause) {
      throw new NetworkFault(
        'network_listen',
        `Cannot listen on ${host}:${port} (UDP): is another daemon running?`,
        { host, port },
        cause
      )
    }
    const dht = new HyperDHT({
      host,
      port,
      anyPort: port === 0,
      firewalled,
      ...(bootstrap === null ? {} : { bootstrap })
    })
    await dht.ready()
    return dht
  }

  /** Announces this daemon under the topic, and looks for others there if `look`. */
  join(topic: Uint8Array, look: boolean): void {
    this.#swarm?.join(topic, { server: true, client: look })
  }

  /** Looks again now. Hyperswarm by itself does so every ten minutes. */
  async look(topic: Uint8Array): Promise<void> {
    await this.#swarm?.status(topic)?.refresh({})
  }

  dial(key: Uint8Array): void {
    const swarm = this.#swarm
    if (swarm !== null && !swarm.destroyed) swarm.joinPeer(key)
  }

  unban(id: string): void {
    this.#swarm?.peers.get(id)?.ban(false)
  }

  async close(): Promise<void> {
    const [swarm, dht] = [this.#swarm, this.#dht]
    this.#swarm = null
    this.#dht = null
    if (swarm === null || dht === null) return
    const isGone = swarm.destroy()
    const isLate = new Promise<'late'>((resolve) => {
      const cancel = this.#dependencies.clock.after(FAREWELL_MS, () => resolve('late'))
      void isGone.finally(cancel)
    })
    // What still waits for an answer then ends with the node.
    if ((await Promise.race([isGone, isLate])) === 'late') await dht.destroy({ force: true })
  }
}

function tryPort(host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = createSocket(isIPv6(host) ? 'udp6' : 'udp4')
    socket.once('error', reject)
    socket.bind(port, host, () => socket.close(resolve))
  })
}
