// The vault's calls about batches, as data of transactions.
import type { JsonRpcProvider } from 'ethers'
import { encodeAttestations } from '../../contracts/batch.ts'
import { vaultInterface } from '../../contracts/vault.ts'
import { toHex0x } from '../../protocol/bytes.ts'
import type { Address, Signature } from '../../protocol/types.ts'
import type { SealedBatch } from './sealer.ts'

type Signatures = ReadonlyMap<number, Signature>

export function settleData(sealed: SealedBatch, signatures: Signatures): string {
  return vaultInterface.encodeFunctionData('settle', [
    sealed.index,
    sealed.sealedAt,
    toHex0x(sealed.bytes),
    toHex0x(encodeAttestations(signatures))
  ])
}

export function voidData(sealed: SealedBatch, attested: Signatures, voids: Signatures): string {
  return vaultInterface.encodeFunctionData('voidBatch', [
    sealed.index,
    sealed.sealedAt,
    toHex0x(sealed.content),
    toHex0x(encodeAttestations(attested)),
    toHex0x(encodeAttestations(voids))
  ])
}

/** Index of the last batch that the vault settled or voided, in its newest block. */
export async function lastBatch(provider: JsonRpcProvider, vault: Address): Promise<number> {
  const data = vaultInterface.encodeFunctionData('lastBatch')
  const answer = await provider.call({ to: vault, data })
  return Number(vaultInterface.decodeFunctionResult('lastBatch', answer)[0])
}
