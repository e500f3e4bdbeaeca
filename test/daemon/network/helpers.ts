import DHT, { type KeyPair } from 'hyperdht'
import b4a from 'b4a'
import type { Assert } from 'brittle'
import { systemClock, type Clock } from '../../../daemon/clock.ts'
import { NETWORK_LIMITS, type NetworkLimits } from '../../../daemon/network/limits.ts'
import { SwarmNetwork, type NetworkDependencies } from '../../../daemon/network/network.ts'
import type { ChannelOptions, Peer, Role } from '../../../daemon/network/types.ts'
import { freePort, type LocalDht } from '../../helpers/dht.ts'
import { seededRandom } from '../../helpers/random.ts'

export const VENUE = new Uint8Array(32).fill(7)

/** Keys follow from the number, so that a run is like the last one. */
export function keyPairOf(number: number): KeyPair {
  return DHT.keyPair(new Uint8Array(32).fill(number))
}

export function idOf(keyPair: KeyPair): string {
  return b4a.toString(keyPair.publicKey, 'hex')
}

export const TEST_LIMITS: NetworkLimits = {
  ...NETWORK_LIMITS,
  dialMinMs: 20,
  dialMaxMs: 200,
  dialSecondMs: 100,
  refusedMs: 200,
  announceMs: 10,
  lookMinMs: 100,
  lookMaxMs: 500,
  byeMs: 200
}

export type LogLine = { level: string; fields: object; message: string }

export type TestOptions = {
  keyPair: KeyPair
  validators: readonly KeyPair[]
  role?: Role
  venue?: Uint8Array
  dial?: readonly KeyPair[]
  limits?: Partial<NetworkLimits>
  clock?: Clock
  port?: number
  replicate?: NetworkDependencies['replicate']
}

export type TestNetwork = {
  network: SwarmNetwork
  lines: LogLine[]
  id: string
}

/** A network on the local DHT, not yet open; closed at the end of the test. */
export async function createNetwork(
  t: Assert,
  dht: LocalDht,
  options: TestOptions
): Promise<TestNetwork> {
  const lines: LogLine[] = []
  const write = (level: string) => (fields: object, message: string) => {
    lines.push({ level, fields, message })
  }
  const keys = options.validators.map(({ publicKey }) => publicKey)
  const isValidator = options.validators.includes(options.keyPair)
  const network = new SwarmNetwork(
    {
      keyPair: options.keyPair,
      bootstrap: dht.bootstrap,
      host: '127.0.0.1',
      port: options.port ?? (await freePort()),
      firewalled: false,
      venue: options.venue ?? VENUE,
      role: options.role ?? (isValidator ? 'validator' : 'daemon'),
      validators: keys,
      dial: (options.dial ?? []).map(({ publicKey }) => publicKey),
      limits: { ...TEST_LIMITS, ...options.limits }
    },
    {
      clock: options.clock ?? systemClock,
      random: seededRandom(1),
      log: {
        debug: write('debug'),
        info: write('info'),
        warn: write('warn'),
        error: write('error')
      },
      replicate: options.replicate ?? null
    }
  )
  t.teardown(() => network.close())
  return { network, lines, id: idOf(options.keyPair) }
}

export type Heard = { from: string; type: number; text: string }

/** A channel that writes down what it hears. */
export function listening(name: string, heard: Heard[]): ChannelOptions {
  return {
    name,
    messages: [
      { name: 'word', bytesMax: 4_096 },
      { name: 'load', bytesMax: 2 * 1024 * 1024, cost: 10 }
    ],
    onmessage: (peer: Peer, type, payload) => {
      heard.push({ from: peer.id, type, text: b4a.toString(payload) })
    }
  }
}

export const bytesOf = (text: string): Uint8Array => b4a.from(text)
