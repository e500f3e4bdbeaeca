// The vault's events as they stand in a tape block: kind (its place in CHAIN_EVENT_KINDS, from 1),
// the vault's own sequence, then the event's fields.
import { readQuantaList, writeQuantaList } from './entry-fields.ts'
import { EncodeFault } from './faults.ts'
import { EXPIRY_MAX, NONCE_MAX, SAFE_MAX, TOKENS_LIMIT } from './limits.ts'
import { Reader, Writer } from './wire.ts'
import type { ChainCursor, ChainEvent } from './types.ts'

export const CHAIN_EVENT_KINDS: readonly ChainEvent['kind'][] = [
  'deposited',
  'exitRequested',
  'exitCancelled',
  'exitClaimed',
  'floorRequested',
  'floorApplied',
  'delegateSet',
  'batchSettled',
  'batchVoided',
  'claimed'
]

/** @throws EncodeFault */
export function encodeChainEvent(event: ChainEvent): Uint8Array {
  const writer = new Writer(128)
  writeChainEvent(writer, event)
  return writer.take()
}

/** @throws DecodeFault */
export function decodeChainEvent(bytes: Uint8Array): ChainEvent {
  const reader = new Reader(bytes)
  const event = readChainEvent(reader)
  reader.finish()
  return event
}

export function readChainEvent(reader: Reader): ChainEvent {
  const kind = CHAIN_EVENT_KINDS[reader.u8() - 1]
  const sequence = reader.uint(1, SAFE_MAX)
  switch (kind) {
    case 'deposited':
    case 'exitClaimed':
    case 'claimed':
      return {
        sequence,
        kind,
        account: reader.address(),
        token: reader.uint(0, TOKENS_LIMIT - 1),
        quanta: reader.uint(0, SAFE_MAX)
      }
    case 'exitRequested':
      return {
        sequence,
        kind,
        account: reader.address(),
        token: reader.uint(0, TOKENS_LIMIT - 1),
        readyAt: reader.uint(0, EXPIRY_MAX)
      }
    case 'exitCancelled':
      return { sequence, kind, account: reader.address(), token: reader.uint(0, TOKENS_LIMIT - 1) }
    case 'floorRequested':
      return {
        sequence,
        kind,
        account: reader.address(),
        nonce: reader.uint(0, NONCE_MAX),
        readyAt: reader.uint(0, EXPIRY_MAX)
      }
    case 'floorApplied':
      return { sequence, kind, account: reader.address(), nonce: reader.uint(0, NONCE_MAX) }
    case 'delegateSet':
      return {
        sequence,
        kind,
        account: reader.address(),
        delegate: reader.address(),
        market: reader.fixed(32),
        cosign: reader.bool(),
        from: reader.uint(0, EXPIRY_MAX),
        until: reader.uint(0, EXPIRY_MAX)
      }
    case 'batchSettled':
      return {
        sequence,
        kind,
        index: reader.uint(1, SAFE_MAX),
        hash: reader.fixed(24),
        submitter: reader.address(),
        fees: readFees(reader)
      }
    case 'batchVoided':
      return { sequence, kind, index: reader.uint(1, SAFE_MAX), hash: reader.fixed(24) }
    default:
      return reader.fail('unknown kind of chain event')
  }
}

export function writeChainEvent(writer: Writer, event: ChainEvent): void {
  writer.u8(CHAIN_EVENT_KINDS.indexOf(event.kind) + 1)
  writer.uint('sequence', event.sequence, 1, SAFE_MAX)
  switch (event.kind) {
    case 'deposited':
    case 'exitClaimed':
    case 'claimed':
      writer.address('account', event.account)
      writer.uint('token', event.token, 0, TOKENS_LIMIT - 1)
      writer.uint('quanta', event.quanta, 0, SAFE_MAX)
      return
    case 'exitRequested':
      writer.address('account', event.account)
      writer.uint('token', event.token, 0, TOKENS_LIMIT - 1)
      writer.uint('readyAt', event.readyAt, 0, EXPIRY_MAX)
      return
    case 'exitCancelled':
      writer.address('account', event.account)
      writer.uint('token', event.token, 0, TOKENS_LIMIT - 1)
      return
    case 'floorRequested':
      writer.address('account', event.account)
      writer.uint('nonce', event.nonce, 0, NONCE_MAX)
      writer.uint('readyAt', event.readyAt, 0, EXPIRY_MAX)
      return
    case 'floorApplied':
      writer.address('account', event.account)
      writer.uint('nonce', event.nonce, 0, NONCE_MAX)
      return
    case 'delegateSet':
      writer.address('account', event.account)
      writer.address('delegate', event.delegate)
      writer.fixed('market', event.market, 32)
      writer.bool(event.cosign)
      writer.uint('from', event.from, 0, EXPIRY_MAX)
      writer.uint('until', event.until, 0, EXPIRY_MAX)
      return
    case 'batchSettled':
      writer.uint('index', event.index, 1, SAFE_MAX)
      writer.fixed('hash', event.hash, 24)
      writer.address('submitter', event.submitter)
      if (event.fees.some((fee) => fee < 0)) throw new EncodeFault('fees', 'must not be negative')
      writeQuantaList(writer, 'fees', event.fees)
      return
    case 'batchVoided':
      writer.uint('index', event.index, 1, SAFE_MAX)
      writer.fixed('hash', event.hash, 24)
  }
}

function readFees(reader: Reader): number[] {
  const fees = readQuantaList(reader)
  if (fees.some((fee) => fee < 0)) reader.fail('negative fee')
  return fees
}

/** Where the chain is taken in up to: block, its hash and time, the last log taken. */
export function readChainCursor(reader: Reader): ChainCursor {
  return {
    block: reader.uint(0, SAFE_MAX),
    hash: reader.fixed(32),
    blockTime: reader.uint(0, EXPIRY_MAX),
    logIndex: reader.uint(0, SAFE_MAX)
  }
}

export function writeChainCursor(writer: Writer, cursor: ChainCursor): void {
  writer.uint('block', cursor.block, 0, SAFE_MAX)
  writer.fixed('hash', cursor.hash, 32)
  writer.uint('blockTime', cursor.blockTime, 0, EXPIRY_MAX)
  writer.uint('logIndex', cursor.logIndex, 0, SAFE_MAX)
}
