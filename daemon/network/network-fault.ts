/** What the network throws:
 * - `NETWORK_LISTEN`: the DHT node or the swarm could not be opened
 * - `NETWORK_CHANNEL`: a channel was registered twice, or after `open` */
export type NetworkFaultCode = 'NETWORK_LISTEN' | 'NETWORK_CHANNEL'

export class NetworkFault extends Error {
  readonly code: NetworkFaultCode
  readonly metadata: Readonly<Record<string, string | number>>

  constructor(
    code: NetworkFaultCode,
    message: string,
    metadata: Readonly<Record<string, string | number>> = {},
    cause?: unknown
  ) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'NetworkFault'
    this.code = code
    this.metadata = metadata
  }
}
