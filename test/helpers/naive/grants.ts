// Section 9: who may sign for an account.
import type { Address } from '../../../matching/types.ts'
import type { Grant } from './state.ts'
import type { World } from './world.ts'

function active(world: World, account: Address, delegate: Address): Grant[] {
  return world.grants.filter(
    (grant) =>
      grant.account === account &&
      grant.delegate === delegate &&
      grant.from * 1000 <= world.time &&
      world.time < grant.until * 1000
  )
}

/** Of the grants that let the delegate sign orders of the market now, the later-ending one. */
export function latestGrant(
  world: World,
  account: Address,
  delegate: Address,
  market: string
): Grant | undefined {
  return active(world, account, delegate)
    .filter((grant) => grant.market === null || grant.market === market)
    .sort((one, other) => other.until - one.until)[0]
}

export function mayCosign(world: World, account: Address, signer: Address): boolean {
  return signer === account || active(world, account, signer).some((grant) => grant.cosign)
}
