// What the journal keeps of transactions: each signed attempt before it is sent, and the end of
// each nonce. Version, nonce, then of an attempt its label, the client's name for it and the signed
// bytes; of an end, if the client named it, the name and what became of it. Version 1 had no names.
import { Transaction } from 'ethers'
import { asciiBytes, asciiText, fromHex, toHex0x } from '../../protocol/bytes.ts'
import { DecodeFault } from '../../protocol/faults.ts'
import { SAFE_MAX } from '../../protocol/limits.ts'
import { Reader, Writer } from '../../protocol/wire.ts'
import type { JournalRecord } from '../journal/types.ts'

const VERSION = 2
const ATTEMPT = 1
const DONE = 2
const LABEL_MAX = 128
const NAME_MAX = 128
const RAW_MAX = 1024 * 1024
const OUTCOMES = ['succeeded', 'reverted', 'cancelled'] as const

/** A client's own name for a request, and a hash of what it asked for. ASCII, 1 to 128 each. */
export type RequestName = { id: string; body: string }

export type Mined = {
  hash: string
  block: number
  outcome: (typeof OUTCOMES)[number]
  /** Units of gas that it used. */
  gas: number
}

export type Attempt = {
  nonce: number
  /** What it is for, as its sender named it. */
  label: string
  /** What the client named it; null when it did not. */
  name: RequestName | null
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

/** The end of a nonce; `named` when the client may ask for it again. */
export type Done = { done: number; named: NamedResult | null }
export type NamedResult = { name: RequestName; mined: Mined }

export function attemptRecord({ nonce, label, name, raw }: Attempt): JournalRecord {
  const bytes = fromHex(raw.slice(2)) ?? new Uint8Array(0)
  const writer = new Writer(bytes.length + 4 * LABEL_MAX)
  writer.u8(VERSION)
  writer.uint('nonce', nonce, 0, SAFE_MAX)
  writeText(writer, 'label', label, LABEL_MAX)
  writeName(writer, name)
  writer.uint('raw', bytes.length, 1, RAW_MAX)
  writer.fixed('raw', bytes, bytes.length)
  return { kind: ATTEMPT, payload: writer.take() }
}

export function doneRecord({ done, named }: Done): JournalRecord {
  const writer = new Writer(4 * NAME_MAX)
  writer.u8(VERSION)
  writer.uint('nonce', done, 0, SAFE_MAX)
  writeName(writer, named?.name ?? null)
  if (named !== null) {
    const { hash, block, outcome, gas } = named.mined
    writer.fixed('hash', fromHex(hash.slice(2)) ?? new Uint8Array(0), 32)
    writer.uint('block', block, 0, SAFE_MAX)
    writer.u8(OUTCOMES.indexOf(outcome))
    writer.uint('gas', gas, 0, SAFE_MAX)
  }
  return { kind: DONE, payload: writer.take() }
}

/** @throws DecodeFault */
export function readRecord({ kind, payload }: JournalRecord): Attempt | Done {
  const reader = new Reader(payload)
  const version = reader.u8()
  if (version < 1 || version > VERSION) reader.fail('unknown version of a transaction record')
  const nonce = reader.uint(0, SAFE_MAX)
  if (kind === DONE) {
    const name = version === 1 ? null : readName(reader)
    const named = name === null ? null : { name, mined: readMined(reader) }
    reader.finish()
    return { done: nonce, named }
  }
  const label = readText(reader, LABEL_MAX)
  const name = version === 1 ? null : readName(reader)
  const raw = toHex0x(reader.fixed(reader.uint(1, RAW_MAX)))
  reader.finish()
  return attemptOf({ label, name }, raw)
}

function writeText(writer: Writer, field: string, text: string, max: number): void {
  const bytes = asciiBytes(text)
  writer.uint(field, bytes.length, 0, max)
  writer.fixed(field, bytes, bytes.length)
}

function readText(reader: Reader, max: number): string {
  const text = asciiText(reader.fixed(reader.uint(0, max)))
  if (text === null) throw new DecodeFault('text not ASCII', 0)
  return text
}

/** An empty id stands for none. */
function writeName(writer: Writer, name: RequestName | null): void {
  writeText(writer, 'id', name?.id ?? '', NAME_MAX)
  if (name !== null) writeText(writer, 'body', name.body, NAME_MAX)
}

function readName(reader: Reader): RequestName | null {
  const id = readText(reader, NAME_MAX)
  return id === '' ? null : { id, body: readText(reader, NAME_MAX) }
}

function readMined(reader: Reader): Mined {
  const hash = toHex0x(reader.fixed(32))
  const block = reader.uint(0, SAFE_MAX)
  const outcome = OUTCOMES[reader.u8()]
  if (outcome === undefined) reader.fail('unknown outcome of a transaction')
  return { hash, block, outcome, gas: reader.uint(0, SAFE_MAX) }
}

/** What the signed bytes say of themselves. */
export function attemptOf({ label, name }: Pick<Attempt, 'label' | 'name'>, raw: string): Attempt {
  const signed = Transaction.from(raw)
  const { nonce, hash, to, data, value, gasLimit } = signed
  const maxFee = signed.maxFeePerGas ?? signed.gasPrice ?? 0n
  const priorityFee = signed.maxPriorityFeePerGas ?? maxFee
  if (hash === null || to === null) throw new DecodeFault('transaction not signed', 0)
  const address = to.toLowerCase()
  return { nonce, label, name, hash, raw, to: address, data, value, gasLimit, maxFee, priorityFee }
}
