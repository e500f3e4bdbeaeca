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

/** @param signatures Over the void, not over the batch. */
export function voidData(
  { index, sealedAt }: Pick<SealedBatch, 'index' | 'sealedAt'>,
  signatures: Signatures
): string {
  const attestations = toHex0x(encodeAttestations(signatures))
  return vaultInterface.encodeFunctionData('voidBatch', [index, sealedAt, attestations])
}

/** Index of the last batch that the vault settled or voided, in its newest block. */
export async function lastBatch(provider: JsonRpcProvider, vault: Address): Promise<number> {
  const data = vaultInterface.encodeFunctionData('lastBatch')
  const answer = await provider.call({ to: vault, data })
  return Number(vaultInterface.decodeFunctionResult('lastBatch', answer)[0])
}
