import { Fault } from '../protocol/faults.ts'

export const configFaults = {
  bad_config: 'A configuration that cannot be used; the message says which key, why and what to do.'
} as const satisfies Record<string, string>

/** A configuration that cannot be used. The message says what, why and what to do. */
export class ConfigFault extends Fault<keyof typeof configFaults> {
  override readonly name = 'ConfigFault'

  constructor(message: string, key: string | null = null, cause?: unknown) {
    super('bad_config', message, { key }, cause)
  }
}
