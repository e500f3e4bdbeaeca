// Is that the vault of this venue? Its code must be the one that this program was built with, and
// its terms must be the manifest's. A node can lie about both, but then its word is worth nothing.
import { artifact, vaultInterface } from '../../contracts/vault.ts'
import { fromHex, toHex0x } from '../../protocol/bytes.ts'
import { domainSeparator } from '../../protocol/eip712.ts'
import type { Hash } from '../../protocol/hash.ts'
import type { Manifest, ManifestChain } from '../../protocol/manifest.ts'
import { quorumOf } from '../../protocol/venue.ts'
import { ChainFault } from './chain-fault.ts'
import type { ChainRpc } from './rpc.ts'

const PUSH32 = 0x7f

/** @throws ChainFault chain_wrong_id, chain_wrong_vault; what the RPC throws */
export async function checkVault(
  rpc: ChainRpc,
  manifest: Manifest & { chain: ManifestChain },
  keccak: Hash
): Promise<void> {
  const { id, vault } = manifest.chain
  const found = await rpc.chainId()
  if (found !== id) {
    throw new ChainFault('chain_wrong_id', `the RPC is of chain ${found}, the venue on ${id}`)
  }
  const code = fromHex((await rpc.code(vault)).slice(2))
  if (code === null || !isVaultCode(code)) throw wrong(vault, 'has other code')
  for (const [method, expected] of termsOf(manifest, keccak)) {
    const data = vaultInterface.encodeFunctionData(method)
    const answer = vaultInterface.decodeFunctionResult(method, await rpc.call(vault, data))
    const actual = String(answer[0]).toLowerCase()
    if (actual !== expected) throw wrong(vault, `says ${method} is ${actual}, not ${expected}`)
  }
  for (const [token, { address, quantum }] of manifest.tokens.entries()) {
    const data = vaultInterface.encodeFunctionData('tokenAt', [token])
    const answer = vaultInterface.decodeFunctionResult('tokenAt', await rpc.call(vault, data))
    const actual = [...answer[0]].join(' ').toLowerCase()
    if (actual !== `${address} ${quantum}`) throw wrong(vault, `has token ${token} as ${actual}`)
  }
}

function wrong(vault: string, what: string): ChainFault {
  return new ChainFault('chain_wrong_vault', `the contract at ${vault} ${what}`)
}

function termsOf(
  { settlement, validators, tokens, chain }: Manifest & { chain: ManifestChain },
  keccak: Hash
): [string, string][] {
  const domain = domainSeparator({ chainId: chain.id, vault: chain.vault }, keccak)
  return [
    ['validators', validators.map(({ signer }) => signer).join(',')],
    ['threshold', String(quorumOf(validators.length).quorum)],
    ['tokenCount', String(tokens.length)],
    ['settlerWindow', String(settlement.settlerWindowSeconds)],
    ['horizon', String(settlement.horizonSeconds)],
    ['grace', String(settlement.graceSeconds)],
    ['exitDelay', String(settlement.exitDelaySeconds)],
    ['domainSeparator', toHex0x(domain)]
  ]
}

/** Whether the code is the compiled vault's. The creation code carries it with 32 zero bytes where
 * its immutables go: at these places, and only there, the two may differ. */
export function isVaultCode(code: Uint8Array): boolean {
  const creation = fromHex(artifact('Vault').bytecode.slice(2))
  if (creation === null || code.length < 64) return false
  // The compiler's metadata ends the code: where it stands, the code in the creation code ends.
  const end = lastIndexOf(creation, code.subarray(code.length - 32)) + 32
  const start = end - code.length
  if (start < 0) return false
  for (let at = 0; at < code.length; at++) {
    if (code[at] === creation[start + at]) continue
    if (!isHole(creation, start, at)) return false
  }
  return true
}

/** Whether a byte is among the 32 zeros of a push. */
function isHole(creation: Uint8Array, start: number, at: number): boolean {
  for (let push = Math.max(0, at - 32); push < at; push++) {
    const from = start + push
    if (creation[from] !== PUSH32) continue
    if (creation.subarray(from + 1, from + 33).every((byte) => byte === 0)) return true
  }
  return false
}

function lastIndexOf(bytes: Uint8Array, part: Uint8Array): number {
  for (let at = bytes.length - part.length; at >= 0; at--) {
    if (part.every((byte, place) => byte === bytes[at + place])) return at
  }
  return -part.length
}
