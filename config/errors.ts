/** A configuration that cannot be used. The message says what, why and what to do. */
export class ConfigFault extends Error {
  readonly code = 'bad_config'
  readonly key: string | null

  constructor(message: string, key: string | null = null, options?: ErrorOptions) {
    super(message, options)
    this.name = 'ConfigFault'
    this.key = key
  }
}
