// Random events of the vault, as the vault could give them: no account claims what it has not,
// batches settle in order, a void follows its votes.
import type { ChainEventInput } from '../../../matching/types.ts'
import { between, pick } from '../../helpers/random.ts'
import type { Stream } from './stream.ts'
import { voidLink } from './settlement.ts'
import { dollars } from './venue.ts'

export function randomChainEvents(stream: Stream, first: boolean): ChainEventInput[] {
  if (first) return firstDeposits(stream)
  const events: ChainEventInput[] = []
  const settling = batchEvent(stream)
  if (settling) events.push(settling)
  if (settling?.kind !== 'batchVoided') events.push(...exits(stream, settling !== null))
  if (stream.chance(0.15)) events.push(deposit(stream))
  if (stream.chance(0.02)) events.push(floor(stream))
  if (stream.chance(0.08)) events.push(delegate(stream))
  if (stream.chance(0.02)) {
    const account = pick(stream.random, stream.venue.traders)
    events.push({ kind: 'claimed', account, token: between(stream.random, 0, 2), quanta: 5 })
  }
  return events
}

function firstDeposits({ venue }: Stream): ChainEventInput[] {
  return venue.traders.flatMap((account, index): ChainEventInput[] => [
    { kind: 'deposited', account, token: 0, quanta: index === 1 ? 60 : 40_000 },
    { kind: 'deposited', account, token: 1, quanta: dollars(index) },
    { kind: 'deposited', account, token: 2, quanta: 700_000 }
  ])
}

function deposit({ random, venue }: Stream): ChainEventInput {
  const account = pick(random, [...venue.traders, ...venue.traders, venue.stranger])
  return {
    kind: 'deposited',
    account,
    token: between(random, 0, 2),
    quanta: between(random, 1, 9000)
  }
}

/** `settling`: a batch of the same block takes from what is settled, so nothing is claimed after it. */
function exits(stream: Stream, settling: boolean): ChainEventInput[] {
  const { random, venue, world } = stream
  const leaving = world.accounts.flatMap((account) =>
    account.exit.flatMap((flag, token) => (flag ? [{ account, token }] : []))
  )
  if (leaving.length > 0 && stream.chance(0.15)) {
    const { account, token } = pick(random, leaving)
    const { address } = account
    if (stream.chance(0.4)) return [{ kind: 'exitCancelled', account: address, token }]
    if (settling) return []
    const free = Math.min(account.settled[token], world.available(account, token))
    const quanta = Math.floor(free / 8)
    return [{ kind: 'exitClaimed', account: address, token, quanta }]
  }
  if (leaving.length > 2 || !stream.chance(0.01)) return []
  return [
    { kind: 'exitRequested', account: pick(random, venue.traders), token: between(random, 0, 2) }
  ]
}

function floor({ random, venue, world }: Stream): ChainEventInput {
  const account = pick(random, venue.traders)
  const known = world.find(account)
  const nonce = Math.max(0, (known?.lastNonce ?? 0) - between(random, -8, 30))
  return { kind: pick(random, ['floorRequested', 'floorApplied'] as const), account, nonce }
}

function delegate({ random, venue, time, world }: Stream): ChainEventInput {
  const now = Math.floor(time / 1000)
  if (world.grants.length > 0 && random() < 0.4) {
    const { account, delegate: who, market, from } = pick(random, world.grants)
    return { kind: 'delegateSet', account, delegate: who, market, cosign: false, from, until: 0 }
  }
  return {
    kind: 'delegateSet',
    account: pick(random, venue.traders),
    delegate: pick(random, venue.delegates),
    market: pick(random, [null, ...venue.config.markets.map((market) => market.id)]),
    cosign: random() < 0.5,
    from: now + between(random, -10, 2),
    until: random() < 0.1 ? 0 : now + between(random, 5, 300)
  }
}

function batchEvent(stream: Stream): ChainEventInput | null {
  const { world, venue, random } = stream
  const [oldest] = world.batches
  const voids = oldest.votes.filter((vote) => vote.void)
  if (voids.length >= venue.config.quorum) {
    if (!stream.chance(0.7)) return null
    return { kind: 'batchVoided', index: oldest.index, link: voidLink(world, oldest) }
  }
  if (oldest.state !== 'attested' || oldest.link === null || stream.stuck) return null
  if (!stream.chance(0.6)) return null
  const submitter = stream.chance(0.7) ? venue.submitter : pick(random, venue.traders)
  return { kind: 'batchSettled', index: oldest.index, link: oldest.link, submitter }
}
