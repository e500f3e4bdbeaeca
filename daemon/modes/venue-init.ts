// `curb venue init DRAFT --rpc-url URL --account ADDRESS --out FILE`: deploys the vault of a new
// venue and writes its manifest. The draft is a manifest whose `chain.vault` is left out.
import { JsonRpcProvider, Wallet } from 'ethers'
import { readFile, writeFile } from 'node:fs/promises'
import { datadirPaths } from '../../config/paths.ts'
import { loadCrypto } from '../../crypto/crypto.ts'
import { toHex } from '../../protocol/bytes.ts'
import { venueId } from '../../protocol/venue.ts'
import { deployVenue } from '../chain/deploy-venue.ts'
import { Keystore, readPassword } from '../keystore/keystore.ts'
import { datadirOf, readWords, UsageFault } from './usage.ts'

const flags = {
  datadir: { type: 'string' },
  'rpc-url': { type: 'string' },
  account: { type: 'string' },
  'password-file': { type: 'string' },
  confirmations: { type: 'string' },
  out: { type: 'string' }
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
  const provider = new JsonRpcProvider(needed('rpc-url'), undefined, { staticNetwork: true })
  try {
    const { sign, blake2b } = await loadCrypto()
    const keystore = new Keystore(datadirPaths(datadirOf(values['datadir'])).keystore, { sign })
    const password = await readPassword(needed('password-file'))
    const { privateKey } = await keystore.unlock(needed('account'), password)
    const confirmations = Number(values['confirmations'] ?? 1)
    const draft: unknown = JSON.parse(await readFile(draftFile, 'utf8'))
    const manifest = await deployVenue(draft, confirmations, new Wallet(privateKey, provider))
    await writeFile(out, `${JSON.stringify(manifest, null, 2)}\n`, { flag: 'wx' })
    const id = toHex(venueId(manifest, blake2b))
    process.stdout.write(
      `${JSON.stringify({ venueId: id, vault: manifest.chain?.vault, manifest: out }, null, 2)}\n`
    )
  } finally {
    provider.destroy()
  }
}
