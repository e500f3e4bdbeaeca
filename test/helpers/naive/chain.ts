// Section 8: the vault's events, each followed by its consequences.
import type { ChainEventInput } from '../../../matching/types.ts'
import { attested, deltasOf, feesOf } from './batches.ts'
import type { Order } from './state.ts'
import { newBatch, type World } from './world.ts'

type EventOf<K extends ChainEventInput['kind']> = Extract<ChainEventInput, { kind: K }>

/** Cancels the live orders that fit, by id. */
function cancelWhere(world: World, reason: string, fits: (order: Order) => boolean): void {
  for (const order of world.live.values()) if (fits(order)) world.cancel(order, reason)
}

export function applyChainEvent(world: World, event: ChainEventInput): void {
  switch (event.kind) {
    case 'deposited': {
      const account = world.account(event.account)
      account.settled[event.token] += event.quanta
      return world.emit(event.kind, { a: account.index, b: event.token, y: event.quanta })
    }
    case 'claimed': {
      const account = world.account(event.account)
      return world.emit(event.kind, { a: account.index, b: event.token, y: event.quanta })
    }
    case 'exitRequested':
    case 'exitCancelled':
    case 'exitClaimed':
      return applyExit(world, event)
    case 'floorRequested':
    case 'floorApplied': {
      const account = world.account(event.account)
      account.floor = Math.max(account.floor, event.nonce)
      world.emit('floorRaised', { a: account.index, x: event.nonce })
      return cancelWhere(
        world,
        'floor',
        (order) => order.account === account && order.input.nonce < account.floor
      )
    }
    case 'delegateSet':
      return setDelegate(world, event)
    case 'batchSettled':
      return settle(world, event)
    case 'batchVoided':
      return voidBatches(world, event)
  }
}

function applyExit(
  world: World,
  event: EventOf<'exitRequested' | 'exitCancelled' | 'exitClaimed'>
): void {
  const account = world.account(event.account)
  const quanta = event.kind === 'exitClaimed' ? event.quanta : 0
  account.exit[event.token] = event.kind === 'exitRequested'
  account.settled[event.token] -= quanta
  world.emit(event.kind, { a: account.index, b: event.token, y: quanta })
  if (event.kind !== 'exitRequested') return
  cancelWhere(world, 'exit_requested', (order) => {
    const market = world.market(order)
    return order.account === account && [market.base, market.quote].includes(event.token)
  })
}

function setDelegate(world: World, event: EventOf<'delegateSet'>): void {
  const account = world.account(event.account)
  const delegate = world.account(event.delegate)
  const { cosign, from, until, market } = event
  const old = world.grants.find(
    (grant) =>
      grant.account === event.account &&
      grant.delegate === event.delegate &&
      grant.market === market
  )
  world.grants = world.grants.filter((grant) => grant !== old)
  const ends = old !== undefined && until < old.until
  if (!ends) {
    world.grants.push({
      account: event.account,
      delegate: event.delegate,
      market,
      cosign,
      from,
      until
    })
  }
  world.emit('delegateSet', {
    code: cosign ? 1 : 0,
    a: account.index,
    b: delegate.index,
    x: from,
    y: until
  })
  if (!ends || account === delegate) return
  cancelWhere(
    world,
    'delegate_revoked',
    (order) =>
      order.account === account &&
      order.signer === event.delegate &&
      (market === null || world.market(order).id === market)
  )
}

function settle(world: World, event: EventOf<'batchSettled'>): void {
  const submitter = world.account(event.submitter)
  const [batch] = world.batches
  if (batch.state === 'sealed') attested(world, batch, event.link)
  if (batch.index !== event.index || batch.state !== 'attested' || batch.link !== event.link) {
    throw new Error(`batch ${event.index} cannot have settled`)
  }
  for (const [account, deltas] of deltasOf(world, batch)) {
    deltas.forEach((quanta, token) => {
      account.settled[token] += quanta
      account.pending[token] -= quanta
    })
  }
  for (const { account, token, quanta } of batch.withdrawals) {
    account.settled[token] -= Math.min(quanta, account.settled[token])
    account.pending[token] += quanta
  }
  feesOf(world, batch).forEach((quanta, token) => {
    submitter.settled[token] += quanta
  })
  world.batches.shift()
  world.base = { link: batch.link, moment: batch.attestedAt }
  world.emit('batchSettled', { a: submitter.index, x: batch.index })
}

function voidBatches(world: World, event: EventOf<'batchVoided'>): void {
  const [batch] = world.batches
  if (batch.index !== event.index || !['sealed', 'attested'].includes(batch.state)) {
    throw new Error(`batch ${event.index} cannot have been voided`)
  }
  for (const { index } of world.batches) world.emit('batchReverted', { x: index })
  for (const account of world.accounts) account.pending = account.pending.map(() => 0)
  cancelWhere(world, 'batch_voided', () => true)
  world.batches = [newBatch(batch.index + 1)]
  world.base = { link: event.link, moment: world.time }
}
