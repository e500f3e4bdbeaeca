// What the journal keeps of transactions: each signed attempt before it is sent, and the end of
// each nonce. Version, nonce, then of an attempt its label and the signed bytes.
import { Transaction } from 'ethers'
import { asciiBytes, asciiText, fromHex, toHex0x } from '../../protocol/bytes.ts'
import { DecodeFault } from '../../protocol/faults.ts'
import { SAFE_MAX } from '../../protocol/limits.ts'
import { Reader, Writer } from '../../protocol/wire.ts'
import type { JournalRecord } from '../journal/types.ts'

const VERSION = 1
const ATTEMPT = 1
const DONE = 2
const LABEL_MAX = 128
const RAW_MAX = 1024 * 1024

export type Attempt = {
  nonce: number
  /** What it is for, as its sender named it. */
  label: string
  hash: string
  /** 0x-hex, signed. */
  raw: string
  to: string
  data: string
  value: bigint
  gasLimit: bigint
  maxFee: bigint
  priorityFee: bigint
}

export function attemptRecord({ nonce, label, raw }: Attempt): JournalRecord {
  const bytes = fromHex(raw.slice(2)) ?? new Uint8Array(0)
  const name = asciiBytes(label)
  const writer = new Writer(bytes.length + name.length + 32)
  writer.u8(VERSION)
  writer.uint('nonce', nonce, 0, SAFE_MAX)
  writer.uint('label', name.length, 0, LABEL_MAX)
  writer.fixed('label', name, name.length)
  writer.uint('raw', bytes.length, 1, RAW_MAX)
  writer.fixed('raw', bytes, bytes.length)
  return { kind: ATTEMPT, payload: writer.take() }
}

export function doneRecord(nonce: number): JournalRecord {
  const writer = new Writer(16)
  writer.u8(VERSION)
  writer.uint('nonce', nonce, 0, SAFE_MAX)
  return { kind: DONE, payload: writer.take() }
}

/** @throws DecodeFault */
export function readRecord({ kind, payload }: JournalRecord): Attempt | { done: number } {
  const reader = new Reader(payload)
  if (reader.u8() !== VERSION) reader.fail('unknown version of a transaction record')
  const nonce = reader.uint(0, SAFE_MAX)
  if (kind === DONE) {
    reader.finish()
    return { done: nonce }
  }
  const label = asciiText(reader.fixed(reader.uint(0, LABEL_MAX)))
  const raw = toHex0x(reader.fixed(reader.uint(1, RAW_MAX)))
  reader.finish()
  if (label === null) throw new DecodeFault('label not ASCII', 0)
  return attemptOf(label, raw)
}

/** What the signed bytes say of themselves. */
export function attemptOf(label: string, raw: string): Attempt {
  const signed = Transaction.from(raw)
  const { nonce, hash, to, data, value, gasLimit } = signed
  const maxFee = signed.maxFeePerGas ?? signed.gasPrice ?? 0n
  const priorityFee = signed.maxPriorityFeePerGas ?? maxFee
  if (hash === null || to === null) throw new DecodeFault('transaction not signed', 0)
  const address = to.toLowerCase()
  return { nonce, label, hash, raw, to: address, data, value, gasLimit, maxFee, priorityFee }
}
