// EIP-2612: an owner's signature in the place of an `approve`, so that a deposit is one transaction.
// The token's own domain separator is asked for, since its name and version are its own affair.
import {
  AbiCoder,
  concat,
  id,
  Interface,
  keccak256,
  type JsonRpcProvider,
  type Wallet
} from 'ethers'
import type { Address } from '../../protocol/types.ts'

const permitType = id(
  'Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)'
)
const tokenInterface = new Interface([
  'function nonces(address owner) view returns (uint256)',
  'function DOMAIN_SEPARATOR() view returns (bytes32)'
])
/** Long enough for a transaction that waits for cheaper gas. */
const LIFE_SECONDS = 86_400

export type Permit = { deadline: number; v: number; r: string; s: string }
export type PermitRequest = { token: Address; spender: Address; amount: bigint }

/** Lets `spender` take `amount` base units of the wallet's tokens, once.
 * @returns null for a token that knows no permits; one that answers may still refuse it (some know
 * another kind), which only trying tells.
 * @throws the provider's fault when it cannot be asked for the time */
export async function signPermit(
  wallet: Wallet,
  provider: JsonRpcProvider,
  { token, spender, amount }: PermitRequest
): Promise<Permit | null> {
  const ask = async (method: string, values: readonly unknown[]): Promise<unknown> => {
    const data = tokenInterface.encodeFunctionData(method, values)
    return tokenInterface.decodeFunctionResult(method, await provider.call({ to: token, data }))[0]
  }
  const answers = await Promise.all([ask('nonces', [wallet.address]), ask('DOMAIN_SEPARATOR', [])])
    // It has no such functions, or they are something else.
    .catch(() => null)
  if (answers === null) return null
  const [nonce, domain] = answers
  const block = await provider.getBlock('latest')
  if (block === null) return null
  const deadline = block.timestamp + LIFE_SECONDS
  const permit = AbiCoder.defaultAbiCoder().encode(
    ['bytes32', 'address', 'address', 'uint256', 'uint256', 'uint256'],
    [permitType, wallet.address, spender, amount, nonce, deadline]
  )
  const digest = keccak256(concat(['0x1901', String(domain), keccak256(permit)]))
  const { v, r, s } = wallet.signingKey.sign(digest)
  return { deadline, v, r, s }
}
