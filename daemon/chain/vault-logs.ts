// The vault's logs as chain events. What the RPC says is checked field by field; a log that is not
// the vault's own is a lie of the RPC, never a reason to stop.
import type { Log } from 'ethers'
import { vaultInterface } from '../../contracts/vault.ts'
import { fromHex } from '../../protocol/bytes.ts'
import type { Address, Bytes24, Bytes32, ChainEvent } from '../../protocol/types.ts'
import { ChainFault } from './chain-fault.ts'

/** @throws ChainFault chain_wrong_vault */
export function decodeVaultLog(log: Pick<Log, 'topics' | 'data'>): ChainEvent {
  try {
    const parsed = vaultInterface.parseLog(log)
    if (parsed === null) throw new Error(`unknown event ${log.topics[0]}`)
    return eventOf(parsed.name, new Fields(parsed.args.toObject()))
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new ChainFault('chain_wrong_vault', `a log of the vault: ${reason}`, {}, cause)
  }
}

function eventOf(name: string, fields: Fields): ChainEvent {
  const sequence = fields.integer('sequence')
  switch (name) {
    case 'Deposited':
    case 'ExitClaimed':
    case 'Claimed': {
      const kind =
        name === 'Deposited' ? 'deposited' : name === 'ExitClaimed' ? 'exitClaimed' : 'claimed'
      return { sequence, kind, ...fields.holding(), quanta: fields.integer('quanta') }
    }
    case 'ExitRequested':
      return {
        sequence,
        kind: 'exitRequested',
        ...fields.holding(),
        readyAt: fields.integer('readyAt')
      }
    case 'ExitCancelled':
      return { sequence, kind: 'exitCancelled', ...fields.holding() }
    case 'FloorRequested':
      return {
        sequence,
        kind: 'floorRequested',
        account: fields.address('account'),
        nonce: fields.integer('nonce'),
        readyAt: fields.integer('readyAt')
      }
    case 'FloorApplied':
      return {
        sequence,
        kind: 'floorApplied',
        account: fields.address('account'),
        nonce: fields.integer('nonce')
      }
    case 'DelegateSet':
      return {
        sequence,
        kind: 'delegateSet',
        account: fields.address('account'),
        delegate: fields.address('delegate'),
        market: fields.bytes('market', 32),
        cosign: fields.boolean('cosign'),
        from: fields.integer('from'),
        until: fields.integer('until')
      }
    case 'BatchSettled':
      return {
        sequence,
        kind: 'batchSettled',
        index: fields.integer('index'),
        hash: fields.bytes('hash', 24),
        submitter: fields.address('submitter'),
        fees: fields.integers('fees')
      }
    case 'BatchVoided':
      return {
        sequence,
        kind: 'batchVoided',
        index: fields.integer('index'),
        hash: fields.bytes('hash', 24)
      }
    default:
      throw new Error(`unknown event ${name}`)
  }
}

/** What ethers decoded, by the event's own names. */
class Fields {
  readonly #values: Record<string, unknown>

  constructor(values: Record<string, unknown>) {
    this.#values = values
  }

  integer(name: string): number {
    return safe(name, this.#values[name])
  }

  integers(name: string): number[] {
    const value = this.#values[name]
    if (!Array.isArray(value)) throw new Error(`${name} is no list`)
    return Array.from(value, (each: unknown) => safe(name, each))
  }

  address(name: string): Address {
    return this.#text(name).toLowerCase()
  }

  bytes(name: string, length: number): Bytes32 | Bytes24 {
    const bytes = fromHex(this.#text(name).slice(2))
    if (bytes === null || bytes.length !== length) throw new Error(`${name} is not ${length} bytes`)
    return bytes
  }

  boolean(name: string): boolean {
    const value = this.#values[name]
    if (typeof value !== 'boolean') throw new Error(`${name} is no boolean`)
    return value
  }

  holding(): { account: Address; token: number } {
    return { account: this.address('account'), token: this.integer('token') }
  }

  #text(name: string): string {
    const value = this.#values[name]
    if (typeof value !== 'string') throw new Error(`${name} is no text`)
    return value
  }
}

function safe(name: string, value: unknown): number {
  const number = Number(value)
  if (typeof value !== 'bigint' || !Number.isSafeInteger(number)) {
    throw new Error(`${name} is no safe integer`)
  }
  return number
}
