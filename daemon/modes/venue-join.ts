// `curb venue join FILE`: checks a manifest and puts it into the data directory.
import { copyFile, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { datadirPaths } from '../../config/paths.ts'
import { loadCrypto } from '../../crypto/crypto.ts'
import { toHex } from '../../protocol/bytes.ts'
import { venueId } from '../../protocol/venue.ts'
import { readIdentity, readManifest } from '../datadir.ts'
import { identityOf } from '../identity.ts'
import { datadirOf, readWords, UsageFault } from './usage.ts'

export async function venueJoinMode(words: string[]): Promise<void> {
  const { values, rest } = readWords(words, {
    datadir: { type: 'string' },
    force: { type: 'boolean' },
    json: { type: 'boolean' }
  })
  const [file] = rest
  if (file === undefined) throw new UsageFault('name the manifest: curb venue join FILE')
  const manifest = await readManifest(file)
  const paths = datadirPaths(datadirOf(values['datadir']))
  await mkdir(paths.root, { recursive: true, mode: 0o700 })
  const target = join(paths.root, 'venue.json')
  const present = await readManifest(target).catch(() => null)
  const { blake2b } = await loadCrypto()
  const id = toHex(venueId(manifest, blake2b))
  if (present !== null && toHex(venueId(present, blake2b)) !== id && values['force'] !== true) {
    throw new UsageFault(`${target} is of another venue; take another --datadir`)
  }
  await (present === null
    ? writeFile(target, JSON.stringify(manifest, null, 2))
    : copyFile(file, target))
  const identity = identityOf(await readIdentity(paths))
  const joined = { venueId: id, name: manifest.name, peer: toHex(identity.keyPair.publicKey) }
  const text =
    values['json'] === true
      ? JSON.stringify(joined, null, 2)
      : `joined ${manifest.name} (${id}); this daemon's key is ${joined.peer}`
  process.stdout.write(`${text}\n`)
}
