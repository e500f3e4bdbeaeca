import { Batch, FILL, TAKE, TAKE_FEE } from './batch.ts'
import type { ByteReader, ByteWriter } from './bytes.ts'
import type { Core } from './core.ts'
import { highWord } from './orders.ts'
import type { BatchState, Place } from './results.ts'
import { assert } from './stop.ts'

const states: readonly BatchState[] = ['open', 'closed', 'sealed', 'attested']

export function writeBatches(core: Core, out: ByteWriter): void {
  out.list(core.batches.list, (batch) => writeBatch(out, batch))
}

function writeBatch(out: ByteWriter, batch: Batch): void {
  out.integer(batch.index)
  out.u8(states.indexOf(batch.state))
  out.optionalHex(batch.parent)
  out.integer(batch.parentKnownAt)
  out.integer(batch.openedAt)
  out.integer(batch.closedAt)
  out.integer(batch.sealedAt)
  out.optionalHex(batch.link)
  out.u32(batch.fillCount)
  for (let i = 0; i < batch.fillCount * FILL; i++) out.u32(batch.fills[i])
  out.u32(batch.takeCount)
  // The fees have a list of their own.
  for (let i = 0; i < batch.takeCount * TAKE; i++) {
    out.u32(i % TAKE < TAKE_FEE ? batch.takes[i] : 0)
  }
  out.list(batch.takerFees(), ({ order, account, market, fee }) => {
    out.integer(order)
    out.u32((account << 8) | market)
    out.integer(fee)
  })
  out.list(batch.withdrawals, ({ account, token, quanta, nonce, place }) => {
    out.u32(account)
    out.u8(token)
    out.integer(quanta)
    out.integer(nonce)
    writePlace(out, place)
  })
  out.list(batch.cosigns, ({ account, place }) => {
    out.u32(account)
    writePlace(out, place)
  })
  for (const vote of batch.contentVotes) out.optionalHex(vote)
  for (const vote of batch.voidVotes) out.optionalHex(vote)
  out.u8(batch.voidDecided ? 1 : 0)
}

function writePlace(out: ByteWriter, place: Place): void {
  out.integer(place.index)
  out.u16(place.entry)
  out.u8(place.ordinal)
}

export function readBatches(core: Core, input: ByteReader): void {
  const { length } = core.config.validators
  const list = input.list(() => readBatch(input, length))
  assert(list.length > 0 && list[list.length - 1].state === 'open', 'no batch is open')
  core.batches.list = list
  core.batches.open = list[list.length - 1]
}

function readBatch(input: ByteReader, validators: number): Batch {
  const batch = new Batch(input.integer(), validators, null, null)
  const state = states[input.u8()]
  assert(state !== undefined, 'a batch in no state')
  batch.state = state
  batch.parent = input.optionalHex()
  batch.parentKnownAt = input.integer()
  batch.openedAt = input.integer()
  batch.closedAt = input.integer()
  batch.sealedAt = input.integer()
  batch.link = input.optionalHex()
  const fills = input.u32()
  for (let i = 0; i < fills; i++) {
    const at = batch.nextFill()
    for (let field = 0; field < FILL; field++) batch.fills[at + field] = input.u32()
  }
  const takes = input.u32()
  for (let i = 0; i < takes; i++) {
    const at = batch.nextTake()
    for (let field = 0; field < TAKE; field++) batch.takes[at + field] = input.u32()
  }
  let take = 0
  input.list(() => readTakerFee(batch, take++, input))
  assert(take === takes, 'a batch has not one fee for each taking command')
  batch.withdrawals = input.list(() => ({
    account: input.u32(),
    token: input.u8(),
    quanta: input.integer(),
    nonce: input.integer(),
    place: readPlace(input)
  }))
  batch.cosigns = input.list(() => ({ account: input.u32(), place: readPlace(input) }))
  batch.contentVotes = batch.contentVotes.map(() => input.optionalHex())
  batch.voidVotes = batch.voidVotes.map(() => input.optionalHex())
  batch.voidDecided = input.u8() === 1
  return batch
}

/** A fee's order and account are those of its command. */
function readTakerFee(batch: Batch, take: number, input: ByteReader): void {
  const at = take * TAKE
  const { takes } = batch
  const order = input.integer()
  const owner = input.u32()
  const fee = input.integer()
  const fits =
    take < batch.takeCount && takes[at + 3] === (order | 0) && takes[at + 1] === (owner | 0)
  assert(fits && fee >= 0, 'a taker fee of the snapshot is of no command')
  takes[at + TAKE_FEE] = fee | 0
  takes[at + TAKE_FEE + 1] = highWord(fee)
}

function readPlace(input: ByteReader): Place {
  return { index: input.integer(), entry: input.u16(), ordinal: input.u8() }
}
