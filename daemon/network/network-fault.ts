import { Fault } from '../../protocol/faults.ts'

/** Fault codes of the network, each with its meaning in a line. */
export const networkFaults = {
  network_listen: 'The DHT node or the swarm could not be opened: is p2p.port taken?',
  network_channel: 'A channel was registered twice, or after the network was opened.'
} as const satisfies Record<string, string>

export class NetworkFault extends Fault<keyof typeof networkFaults> {
  override readonly name = 'NetworkFault'
}
