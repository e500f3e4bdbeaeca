// A wallet outside: it knows the typed data that it is asked to sign, and nothing else.
import { TypedDataEncoder, Wallet } from 'ethers'
import { z } from 'zod'
import { toHex0x } from '../../protocol/bytes.ts'
import { privateKeyOf } from './accounts.ts'

const typedDataShape = z.object({
  domain: z.record(z.string(), z.union([z.string(), z.number()])),
  types: z.record(z.string(), z.array(z.object({ name: z.string(), type: z.string() }))),
  primaryType: z.string(),
  message: z.record(z.string(), z.unknown())
})

const linkTerms = z.object({ nonce: z.number(), expiry: z.number() })

/** Signs as `eth_signTypedData_v4` does. */
export async function walletSign(name: string, typed: unknown) {
  const { domain, types, message } = typedDataShape.parse(typed)
  const { EIP712Domain: _, ...own } = types
  const wallet = new Wallet(toHex0x(privateKeyOf(name)))
  const digest = TypedDataEncoder.hash(domain, own, message)
  return { message, digest, signature: await wallet.signTypedData(domain, own, message) }
}

/** What private/link_account asks for, signed. */
export async function walletLink(name: string, typed: unknown) {
  const { message, signature } = await walletSign(name, typed)
  return { signature, ...linkTerms.parse(message) }
}
