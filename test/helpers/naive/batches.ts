// Section 7: batches, co-signatures and attestations; section 10: the stop.
import type { SettlementConfig } from '../../../matching/types.ts'
import { mayCosign } from './grants.ts'
import type { EntryOf, Turn } from './intents.ts'
import { canRestOrWait } from './reservations.ts'
import type { Account, Batch, Order } from './state.ts'
import { newBatch, notionalOf, type World } from './world.ts'

function isEmpty(batch: Batch): boolean {
  return batch.fills.length + batch.withdrawals.length === 0
}

function gasOf(settlement: SettlementConfig, batch: Batch): number {
  return (
    settlement.gasBase +
    settlement.gasFill * batch.fills.length +
    settlement.gasOrder * batch.takerFees.length +
    settlement.gasWithdrawal * batch.withdrawals.length
  )
}

/** After a command. */
export function closeIfFull(world: World): void {
  const { settlement, fillsPerCommandMax } = world.config
  if (settlement === null) return
  const gas = gasOf(settlement, world.openBatch)
  const next = settlement.gasOrder + fillsPerCommandMax * settlement.gasFill
  if (
    world.openBatch.fills.length >= settlement.batchFillsMax ||
    gas + next > settlement.batchGasMax
  ) {
    close(world, settlement)
  }
}

function close(world: World, settlement: SettlementConfig): void {
  const batch = world.openBatch
  batch.state = 'closed'
  batch.closedAt = world.time
  world.emit('batchClosed', {
    b: batch.fills.length,
    c: batch.withdrawals.length,
    x: batch.index,
    y: gasOf(settlement, batch)
  })
  world.batches.push(newBatch(batch.index + 1))
  for (const order of world.live.values()) order.feesPaid = 0
}

/** Step 6. */
export function runBatches(world: World): void {
  const { settlement } = world.config
  if (settlement === null) return
  const open = world.openBatch
  const waits = world.batches.some((other) => other.state === 'closed')
  if (!isEmpty(open) && !waits && world.time - open.openedAt >= settlement.batchAgeMs) {
    close(world, settlement)
  }
  const batch = world.batches.find((other) => other.state === 'closed')
  if (batch) {
    const before = momentBefore(world, batch)
    const isSignedByAll = [...deltasOf(world, batch).keys()].every((account) => {
      return batch.cosigned.includes(account)
    })
    const waitMs = isSignedByAll ? 0 : settlement.cosignMs
    if (before !== null && world.time >= Math.max(batch.closedAt, before) + waitMs) {
      batch.state = 'sealed'
      batch.sealedAt = Math.floor(world.time / 1000)
      world.emit('batchSealed', { x: batch.index, y: batch.sealedAt })
    }
  }
  judgeStop(world, settlement)
}

function batchBefore(world: World, batch: Batch): Batch | undefined {
  return world.batches.find((other) => other.index === batch.index - 1)
}

/** When the batch before was attested or voided; null when it is not yet. */
function momentBefore(world: World, batch: Batch): number | null {
  const before = batchBefore(world, batch)
  if (!before) return world.base.moment
  return before.state === 'attested' ? before.attestedAt : null
}

/** The link that a batch has to name as its parent, if it is known. */
function parentOf(world: World, batch: Batch): string | null {
  const before = batchBefore(world, batch)
  return before ? before.link : world.base.link
}

function judgeStop(world: World, settlement: SettlementConfig): void {
  const unsettled = world.batches.filter((batch) => !isEmpty(batch))
  const gas = unsettled.reduce((sum, batch) => sum + gasOf(settlement, batch), 0)
  const { time, cursorTime } = world
  let reason = 0
  if (cursorTime !== null && time - cursorTime * 1000 > settlement.chainStaleMaxMs) reason = 1
  else if (unsettled.length > 0 && time - unsettled[0].openedAt > settlement.unsettledMaxMs) {
    reason = 2
  } else if (gas > settlement.unsettledGasMax) reason = 3
  if (reason === world.stopped) return
  world.stopped = reason
  if (reason === 0) world.emit('resumed', {})
  else world.emit('stopped', { code: reason })
}

/** Net result of a batch's trades for each account, by token, fees deducted. */
export function deltasOf(world: World, batch: Batch): Map<Account, number[]> {
  const deltas = new Map<Account, number[]>()
  const add = (account: Account, token: number, quanta: number): void => {
    const zeros = Array.from({ length: world.config.tokens }, () => 0)
    const mine = deltas.get(account) ?? zeros
    mine[token] += quanta
    deltas.set(account, mine)
  }
  for (const { market: index, maker, taker, lots, price, makerFee } of batch.fills) {
    const market = world.config.markets[index]
    const takerBuys = taker.order.input.side === 'buy'
    const buyer = (takerBuys ? taker : maker).order.account
    const seller = (takerBuys ? maker : taker).order.account
    const notional = notionalOf(market, lots, price)
    add(buyer, market.base, lots * market.lotSize)
    add(buyer, market.quote, -notional)
    add(seller, market.base, -lots * market.lotSize)
    add(seller, market.quote, notional)
    add(maker.order.account, market.quote, -makerFee)
  }
  for (const { order, fee } of batch.takerFees) {
    add(order.account, world.market(order).quote, -fee)
  }
  return deltas
}

/** Fees of a batch by token: what its trades took from all accounts together. */
export function feesOf(world: World, batch: Batch): number[] {
  const fees = Array.from({ length: world.config.tokens }, () => 0)
  for (const { market, makerFee } of batch.fills) {
    fees[world.config.markets[market].quote] += makerFee
  }
  for (const { order, fee } of batch.takerFees) fees[world.market(order).quote] += fee
  return fees
}

/** The account's orders that a batch filled, with their total filled lots at its end. */
export function filledIn(batch: Batch, account: Account): Map<Order, number> {
  const filled = new Map<Order, number>()
  for (const fill of batch.fills) {
    for (const leg of [fill.maker, fill.taker]) {
      if (leg.order.account === account) filled.set(leg.order, leg.filledAfter)
    }
  }
  return filled
}

export function cosign(world: World, turn: Turn<EntryOf<'cosign'>>): void {
  const { entry } = turn
  const reason = checkCosign(world, turn)
  const account = world.find(entry.account)
  if (reason !== null || !account) {
    world.reject(reason ?? 'not_linked', turn.number, entry.account, 0)
    return
  }
  world.batches.find((batch) => batch.index === entry.batch)?.cosigned.push(account)
  world.emit('cosigned', { a: account.index, x: entry.batch, y: entry.floor })
}

function checkCosign(world: World, turn: Turn<EntryOf<'cosign'>>): string | null {
  const { entry, lane } = turn
  if (!lane.open) return 'lane_not_open'
  if (entry.signer === null) return 'bad_signature'
  const account = world.find(entry.account)
  if (!account || account.lane !== lane) return 'not_linked'
  if (!mayCosign(world, entry.account, entry.signer)) return 'not_authorised'
  const batch = world.batches.find((other) => other.state === 'closed')
  if (!batch || batch.index !== entry.batch) return 'cosign_batch'
  const parent = parentOf(world, batch)
  if (parent === null) return 'cosign_batch'
  if (entry.parent !== parent) return 'cosign_parent'
  const deltas = deltasOf(world, batch).get(account)
  if (!deltas) return 'cosign_account'
  if (batch.cosigned.includes(account)) return 'cosign_duplicate'
  if (!sameDeltas(entry.deltas, deltas)) return 'cosign_deltas'
  if (entry.floor > account.nonceBefore + 1 || entry.sequence > account.nonceBefore) {
    return 'cosign_nonce'
  }
  if (reachesLive(world, batch, account, entry.floor, entry.sequence)) return 'cosign_reaches_live'
  return checkMarks(filledIn(batch, account), entry)
}

function sameDeltas(given: number[], deltas: number[]): boolean {
  const trimmed = [...deltas]
  while (trimmed.length > 0 && trimmed[trimmed.length - 1] === 0) trimmed.pop()
  return (
    given.length === trimmed.length && trimmed.every((quanta, token) => given[token] === quanta)
  )
}

function reachesLive(
  world: World,
  batch: Batch,
  account: Account,
  floor: number,
  sequence: number
): boolean {
  if (account.live.some((order) => order.input.nonce < floor)) return true
  return world.batches
    .filter((later) => later.index > batch.index)
    .flatMap((later) => [...filledIn(later, account).keys()])
    .some(({ input }) => input.nonce < floor || (!canRestOrWait(input) && input.nonce <= sequence))
}

function checkMarks(
  filled: Map<Order, number>,
  { marks, floor, sequence }: EntryOf<'cosign'>
): string | null {
  for (const [place, mark] of marks.entries()) {
    if (place > 0 && mark.slot <= marks[place - 1].slot) return 'cosign_marks'
    const exact = [...filled].some(
      ([{ input }, lots]) =>
        canRestOrWait(input) &&
        input.slot === mark.slot &&
        input.nonce === mark.nonce &&
        lots === mark.filled
    )
    if (!exact) return 'cosign_marks'
  }
  for (const { input } of filled.keys()) {
    const covered =
      input.nonce < floor ||
      (canRestOrWait(input)
        ? marks.some((mark) => mark.slot === input.slot && mark.nonce >= input.nonce)
        : input.nonce <= sequence)
    if (!covered) return 'cosign_uncovered'
  }
  return null
}

export function attest(world: World, turn: Turn<EntryOf<'attest'>>): void {
  const { entry } = turn
  const reason = checkAttest(world, turn)
  const batch = world.batches.find((other) => other.index === entry.batch)
  if (reason !== null || !batch || entry.signer === null) {
    world.reject(reason ?? 'attest_batch', turn.number, null, 0)
    return
  }
  const validator = world.config.validators.indexOf(entry.signer)
  batch.votes.push({ validator, void: entry.void, link: entry.link })
  world.emit('attested', { code: entry.void ? 1 : 0, a: validator, x: batch.index })
  const equal = batch.votes.filter(
    (vote) => vote.void === entry.void && vote.link === entry.link
  ).length
  if (equal !== world.config.quorum) return
  if (entry.void) {
    world.emit('voidAttested', { x: batch.index })
    return
  }
  attested(world, batch, entry.link)
}

export function attested(world: World, batch: Batch, link: string): void {
  batch.state = 'attested'
  batch.attestedAt = world.time
  batch.link = link
  world.emit('batchAttested', { x: batch.index })
}

function checkAttest(world: World, turn: Turn<EntryOf<'attest'>>): string | null {
  const { entry, lane } = turn
  const { settlement, validators } = world.config
  if (!lane.open) return 'lane_not_open'
  if (entry.signer === null) return 'bad_signature'
  const validator = validators.indexOf(entry.signer)
  if (validator < 0) return 'not_validator'
  const batch = world.batches.find((other) => other.index === entry.batch)
  const good = entry.void ? ['sealed', 'attested'] : ['sealed']
  if (!batch || !settlement || !good.includes(batch.state)) return 'attest_batch'
  if (entry.parent !== parentOf(world, batch)) return 'attest_parent'
  if (entry.sealedAt !== batch.sealedAt) return 'attest_sealed_at'
  if (batch.votes.some((vote) => vote.validator === validator && vote.void === entry.void)) {
    return 'attest_duplicate'
  }
  const horizonMs = (batch.sealedAt + settlement.horizonSeconds) * 1000
  return entry.void && world.time < horizonMs ? 'void_too_early' : null
}
