// Random co-signatures and attestations: what the account or validator should sign, with one
// thing wrong in it now and then.
import type { Address, EntryInput } from '../../../matching/types.ts'
import { between, pick } from '../../helpers/random.ts'
import { deltasOf, filledIn } from '../../helpers/naive/batches.ts'
import { canRestOrWait } from '../../helpers/naive/reservations.ts'
import type { Account, Batch } from '../../helpers/naive/state.ts'
import type { World } from '../../helpers/naive/world.ts'
import { blake2b256Parts } from '../../../crypto/blake2b.ts'
import type { EntryOf } from '../../helpers/naive/intents.ts'
import type { Stream } from './stream.ts'
import { hexOf } from './venue.ts'

/** Stands for the link that a batch's content gives it. */
export function contentLink(batch: Batch): string {
  return linkOf([batch.index, batch.sealedAt, batch.fills.length])
}

export function voidLink(_world: World, batch: Batch): string {
  return linkOf([batch.index, 0xffff, 0])
}

function linkOf(words: number[]): string {
  return hexOf(blake2b256Parts([new Uint8Array(Uint32Array.from(words).buffer)])).slice(0, 48)
}

function parentOf(world: World, batch: Batch): string {
  const before = world.batches.find((other) => other.index === batch.index - 1)
  return (before ? before.link : world.base.link) ?? 'ee'.repeat(24)
}

export function randomCosign(stream: Stream, drawn: Address): EntryInput {
  const { world, random } = stream
  const batch = world.batches.find((other) => other.state === 'closed') ?? world.openBatch
  const deltas = deltasOf(world, batch)
  const mine = [...deltas.keys()].filter((other) => other.address === drawn)
  const account = mine[0] ?? world.find(drawn)
  const entry: EntryOf<'cosign'> = {
    kind: 'cosign',
    account: drawn,
    batch: batch.index,
    parent: parentOf(world, batch),
    deltas: trimmed(account ? (deltas.get(account) ?? []) : []),
    sequence: 0,
    floor: 0,
    marks: [],
    signer: stream.chance(0.9) ? drawn : stream.orders.signer(drawn)
  }
  if (account) Object.assign(entry, coverage(stream, batch, account))
  if (stream.chance(0.3)) spoil(stream, entry)
  if (stream.chance(0.02)) entry.batch = between(random, 0, batch.index + 2)
  return entry
}

/** Marks, or a raised floor: the two ways in which an account covers its filled orders. */
function coverage(
  stream: Stream,
  batch: Batch,
  account: Account
): Pick<EntryOf<'cosign'>, 'sequence' | 'floor' | 'marks'> {
  const filled = [...filledIn(batch, account)]
  const once = filled.filter(([order]) => !canRestOrWait(order.input))
  const sequence = Math.max(0, ...once.map(([order]) => order.input.nonce))
  if (stream.chance(0.4)) {
    const live = account.live.map((order) => order.input.nonce)
    return { sequence, floor: Math.min(account.lastNonce + 1, ...live), marks: [] }
  }
  const bySlot = new Map<number, { slot: number; nonce: number; filled: number }>()
  for (const [{ input }, lots] of filled) {
    if (!canRestOrWait(input) || input.nonce < (bySlot.get(input.slot)?.nonce ?? 0)) continue
    bySlot.set(input.slot, { slot: input.slot, nonce: input.nonce, filled: lots })
  }
  const marks = [...bySlot.values()].sort((one, other) => one.slot - other.slot)
  return { sequence, floor: 0, marks }
}

function spoil({ random, world }: Stream, entry: EntryOf<'cosign'>): void {
  const lastNonce = world.find(entry.account)?.lastNonce ?? 0
  switch (between(random, 0, 8)) {
    case 0:
      entry.parent = 'ab'.repeat(24)
      return
    case 1:
      entry.deltas = [...entry.deltas, 0]
      return
    case 2:
      entry.deltas = entry.deltas.map((quanta) => quanta + 1)
      return
    case 3:
      entry.floor = lastNonce + between(random, 0, 3)
      return
    case 4:
      entry.sequence = lastNonce + between(random, -2, 2)
      return
    case 5:
      entry.marks = entry.marks.slice(1)
      return
    case 6:
      entry.marks = entry.marks.map((mark) => ({ ...mark, filled: mark.filled + 1 }))
      return
    case 7:
      entry.marks = [...entry.marks, ...entry.marks]
      return
    default:
      entry.sequence = Math.max(0, entry.sequence - 1)
  }
}

function trimmed(deltas: number[]): number[] {
  const copy = [...deltas]
  while (copy.length > 0 && copy[copy.length - 1] === 0) copy.pop()
  return copy
}

export function randomAttest(stream: Stream): EntryInput {
  const { world, venue, random } = stream
  const wanted = stream.stuck ? 'none' : 'sealed'
  const batch =
    world.batches.find((other) => other.state === wanted) ??
    world.batches.find((other) => other.state === 'sealed' || other.state === 'attested') ??
    world.openBatch
  const { settlement } = venue.config
  const voidableAt = (batch.sealedAt + (settlement?.horizonSeconds ?? 0)) * 1000
  const overdue = batch.state === 'sealed' && stream.time >= voidableAt
  const forVoid = (stream.stuck || overdue) && stream.chance(0.6)
  const entry: EntryOf<'attest'> = {
    kind: 'attest',
    batch: batch.index,
    parent: parentOf(world, batch),
    link: forVoid ? voidLink(world, batch) : contentLink(batch),
    void: forVoid,
    sealedAt: batch.sealedAt,
    signer: pick(random, venue.config.validators)
  }
  // While the batch is stuck the validators contradict each other about its content.
  if (stream.stuck && !forVoid && stream.chance(0.9)) entry.link = linkOf([between(random, 0, 1e6)])
  const kind = random()
  if (kind < 0.01) entry.signer = null
  else if (kind < 0.02) entry.signer = venue.stranger
  else if (kind < 0.03) entry.parent = 'cd'.repeat(24)
  else if (kind < 0.04) entry.sealedAt++
  else if (kind < 0.05) entry.batch += pick(random, [-1, 1, 2])
  else if (kind < 0.06) entry.link = 'ef'.repeat(24)
  else if (kind < 0.07) entry.void = !entry.void
  return entry
}
