// `curb venue init DRAFT --rpc-url URL --account ADDRESS --out FILE`: deploys the vault of a new
// venue and writes its manifest. The draft is a manifest whose `chain.vault` is left out.
import { Wallet } from 'ethers'
import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { datadirPaths } from '../../config/paths.ts'
import { loadCrypto } from '../../crypto/crypto.ts'
import { toHex } from '../../protocol/bytes.ts'
import { venueId } from '../../protocol/venue.ts'
import { sendFault } from '../chain/ethers-errors.ts'
import { chainProvider } from '../chain/rpc.ts'
import { Fault } from '../../protocol/faults.ts'
import { deployVenue } from '../chain/deploy-venue.ts'
import { Keystore, readPassword } from '../keystore/keystore.ts'
import { ChainNode } from './chain-node.ts'
import { datadirOf, readWords, UsageFault } from './usage.ts'

const flags = {
  datadir: { type: 'string' },
  'rpc-url': { type: 'string' },
  account: { type: 'string' },
  'password-file': { type: 'string' },
  confirmations: { type: 'string' },
  out: { type: 'string' },
  json: { type: 'boolean' }
} as const

export async function venueInitMode(words: string[]): Promise<void> {
  const { values, rest } = readWords(words, flags)
  const [draftFile] = rest
  const needed = (name: keyof typeof flags): string => {
    const value = values[name]
    if (typeof value === 'string') return value
    throw new UsageFault(`--${name} is missing`)
  }
  if (draftFile === undefined) throw new UsageFault('name the draft of the manifest')
  const out = needed('out')
  const draft = await readDraft(draftFile)
  // Before the gas is paid: a vault whose manifest cannot be written is nobody's.
  if (existsSync(out)) throw new UsageFault(`${out} is there already: name another --out`)
  const url = needed('rpc-url')
  const provider = chainProvider(url, await chainIdOf(url))
  try {
    const { sign, blake2b } = await loadCrypto()
    const keystore = new Keystore(datadirPaths(datadirOf(values['datadir'])).keystore, { sign })
    const password = await readPassword(needed('password-file'))
    const { privateKey } = await keystore.unlock(needed('account'), password)
    const confirmations = Number(values['confirmations'] ?? 1)
    const deployer = new Wallet(privateKey, provider)
    const manifest = await deployVenue(draft, confirmations, deployer).catch((cause: unknown) => {
      // Ours are sentences already.
      throw cause instanceof Fault ? cause : sendFault(cause)
    })
    await writeFile(out, `${JSON.stringify(manifest, null, 2)}\n`, { flag: 'wx' })
    const id = toHex(venueId(manifest, blake2b))
    const made = { venueId: id, vault: manifest.chain?.vault ?? null, manifest: out }
    const text =
      values['json'] === true
        ? JSON.stringify(made, null, 2)
        : `venue ${id}, vault ${made.vault}; its manifest is ${out}: hand it to those who join`
    process.stdout.write(`${text}\n`)
  } finally {
    provider.destroy()
  }
}

/** @throws ChainFault chain_unreachable */
async function chainIdOf(url: string): Promise<number> {
  const node = new ChainNode(url)
  try {
    return await node.chainId()
  } finally {
    node.close()
  }
}

/** @throws UsageFault */
async function readDraft(file: string): Promise<unknown> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new UsageFault(`cannot read the draft ${file}: ${String(cause)}`)
  })
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new UsageFault(`the draft ${file} is not JSON: ${String(cause)}`)
  }
}
