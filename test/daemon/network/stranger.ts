// A peer that keeps no rules: a bare connection to a daemon, over which a test sends what it
// likes.

import DHT, { type KeyPair } from 'hyperdht'
import Protomux, { type Channel, type Message } from 'protomux'
import type { NoiseSecretStream } from '@hyperswarm/secret-stream'
import c from 'compact-encoding'
import type { Assert } from 'brittle'
import { encodeHello, readBye, type Bye } from '../../../daemon/network/hello.ts'
import type { Hello } from '../../../daemon/network/types.ts'
import type { LocalDht } from '../../helpers/dht.ts'
import { until } from '../../helpers/until.ts'
import { VENUE } from './helpers.ts'

export const HONEST_HELLO: Hello = {
  version: 1,
  venue: VENUE,
  role: 'daemon',
  lane: null,
  link: new Uint8Array(0),
  tapeLength: 0
}

export type Door = { channel: Channel; frame: Message<Uint8Array> }

export class Stranger {
  readonly doors: Door[]
  readonly stream: NoiseSecretStream
  readonly mux: Protomux
  byes: Bye[] = []
  ended = false

  announcement: Message<Uint8Array> | null = null

  /** Says hello, or whatever these bytes are (null: nothing), and opens the channels, before
   * anything can arrive: a channel that one side does not know yet is refused for good. */
  constructor(
    stream: NoiseSecretStream,
    hello: Hello | Uint8Array | null,
    channels: readonly string[]
  ) {
    this.stream = stream
    this.stream.on('error', () => {}) // being thrown out is what it came for
    this.stream.on('close', () => {
      this.ended = true
    })
    this.mux = Protomux.from(stream)
    if (hello === null) this.mux.pair({ protocol: 'curb/1' }, () => new Promise(() => {}))
    else this.#greet(hello)
    this.doors = channels.map((name) => this.#join(name))
  }

  #greet(hello: Hello | Uint8Array): void {
    const control = this.mux.createChannel({
      protocol: 'curb/1',
      handshake: c.raw,
      onopen: () => {}
    })
    if (control === null) throw new Error('the connection is closed')
    this.announcement = control.addMessage({ encoding: c.raw })
    control.addMessage({
      encoding: c.raw,
      onmessage: (bytes: Uint8Array) => this.byes.push(readBye(bytes))
    })
    control.open(hello instanceof Uint8Array ? hello : encodeHello(hello))
  }

  /** Opens a channel of the daemon's; what is sent is a raw frame. */
  #join(protocol: string): Door {
    const channel = this.mux.createChannel({ protocol })
    if (channel === null) throw new Error('the connection is closed')
    const frame = channel.addMessage<Uint8Array>({ encoding: c.raw })
    channel.open()
    return { channel, frame }
  }
}

/** A DHT node for strangers, taken down at the end of the test. */
export function createStrangers(t: Assert, dht: LocalDht): DHT {
  const node = new DHT({ bootstrap: dht.bootstrap, host: '127.0.0.1', firewalled: false })
  t.teardown(() => node.destroy({ force: true }))
  return node
}

/** Connects; resolves when the Noise handshake is done, or the attempt has failed. */
export async function visit(
  node: DHT,
  key: Uint8Array,
  keyPair: KeyPair,
  hello: Hello | Uint8Array | null = HONEST_HELLO,
  channels: readonly string[] = []
): Promise<Stranger> {
  const stranger = new Stranger(node.connect(key, { keyPair }), hello, channels)
  let opened = false
  stranger.stream.once('open', () => {
    opened = true
  })
  await until(() => opened || stranger.ended, 'the connection to open or fail')
  return stranger
}
