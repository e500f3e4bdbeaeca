// A daemon's network in a process of its own: it echoes what it hears on the test channel, and
// says over IPC when it is open and whom it knows.

import { systemClock } from '../../../daemon/clock.ts'
import { SwarmNetwork } from '../../../daemon/network/network.ts'
import { seededRandom } from '../../helpers/random.ts'
import { TEST_LIMITS, VENUE, keyPairOf } from './helpers.ts'

export type ChildOptions = {
  number: number
  validators: number[]
  bootstrap: { host: string; port: number }[]
  port: number
}

export type ChildWord = { open: true } | { heard: number }

const options: ChildOptions = JSON.parse(process.argv[2])
const quiet = () => {}

const network = new SwarmNetwork(
  {
    keyPair: keyPairOf(options.number),
    bootstrap: options.bootstrap,
    host: '127.0.0.1',
    port: options.port,
    firewalled: false,
    venue: VENUE,
    role: options.validators.includes(options.number) ? 'validator' : 'daemon',
    validators: options.validators.map((number) => keyPairOf(number).publicKey),
    dial: [],
    limits: TEST_LIMITS
  },
  {
    clock: systemClock,
    random: seededRandom(options.number),
    log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
    replicate: null
  }
)

let heard = 0
network.channel({
  name: 'curb/test/1',
  messages: [
    { name: 'word', bytesMax: 4_096 },
    { name: 'load', bytesMax: 2 * 1024 * 1024 }
  ],
  onmessage: (peer, type, payload) => {
    heard++
    peer.send('curb/test/1', type, payload)
    tell({ heard })
  }
})
await network.open()
tell({ open: true })

function tell(word: ChildWord): void {
  process.send?.(word)
}
