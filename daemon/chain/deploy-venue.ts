// A venue's vault is fixed by its manifest, and the manifest names the vault: the draft comes
// without it, is checked, and gets it when it is deployed.
import type { Signer } from 'ethers'
import { deployVault } from '../../contracts/vault.ts'
import { Fault } from '../../protocol/faults.ts'
import { checkManifest } from '../../protocol/manifest-check.ts'
import type { Manifest } from '../../protocol/manifest.ts'
import { quorumOf } from '../../protocol/venue.ts'

/** Checks the draft before any gas is paid, then deploys. @throws Fault manifest_invalid */
export async function deployVenue(
  draft: unknown,
  confirmations: number,
  deployer: Signer
): Promise<Manifest> {
  if (typeof draft !== 'object' || draft === null)
    throw new Fault('manifest_invalid', 'the draft is not an object')
  const network = await deployer.provider?.getNetwork()
  const withVault = (vault: string): Manifest =>
    checkManifest({ ...draft, chain: { id: Number(network?.chainId), vault, confirmations } })
  const { validators, tokens, settlement } = withVault(`0x${'0'.repeat(39)}1`)
  const vault = await deployVault(deployer, {
    validators: validators.map(({ signer }) => signer),
    threshold: quorumOf(validators.length).quorum,
    tokens: tokens.map(({ address, quantum }) => ({ token: address, quantum: BigInt(quantum) })),
    settlerWindow: settlement.settlerWindowSeconds,
    horizon: settlement.horizonSeconds,
    grace: settlement.graceSeconds,
    exitDelay: settlement.exitDelaySeconds
  })
  return withVault((await vault.getAddress()).toLowerCase())
}
