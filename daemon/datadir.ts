// The data directory: locked against a second daemon, with the daemon's identity and its venue.
import { randomBytes } from 'node:crypto'
import { closeSync, openSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { tryLock } from 'fs-native-extensions'
import type { DatadirPaths } from '../config/paths.ts'
import { fromHex, toHex } from '../protocol/bytes.ts'
import { Fault } from '../protocol/faults.ts'
import type { Manifest } from '../protocol/manifest.ts'
import { checkManifest } from '../protocol/manifest-check.ts'
import type { Bytes32 } from '../protocol/types.ts'

export const datadirFaults = {
  datadir_locked: 'Another daemon runs on this data directory; stop it, or name another --datadir.',
  identity_invalid: 'identity.json is damaged: restore it from your backup.',
  venue_missing: 'There is no manifest: curb venue join FILE puts one in the data directory.'
} as const satisfies Record<string, string>

export class DatadirFault extends Fault<keyof typeof datadirFaults> {
  override readonly name = 'DatadirFault'
}

/** Makes the directory if need be and takes it; the returned function gives it back. The operating
 * system holds the lock for this process: a daemon that is killed lets go of it at that moment.
 * @throws DatadirFault datadir_locked */
export async function lockDatadir(paths: DatadirPaths): Promise<() => Promise<void>> {
  await mkdir(paths.root, { recursive: true, mode: 0o700 })
  const file = openSync(paths.lock, 'a', 0o600)
  // The file stays: whoever removed it could remove one that another daemon has locked by then.
  if (tryLock(file)) return async () => closeSync(file)
  closeSync(file)
  throw new DatadirFault(
    'datadir_locked',
    `${paths.root} is in use by another daemon; stop it, or name another --datadir`
  )
}

/** The daemon's seed: made at the first start, then kept. Whoever has it is this daemon.
 * @throws DatadirFault identity_invalid */
export async function readIdentity(paths: DatadirPaths): Promise<Bytes32> {
  const text = await readIfThere(paths.identity)
  if (text === null) {
    const seed = new Uint8Array(randomBytes(32))
    await writeFile(paths.identity, JSON.stringify({ seed: toHex(seed) }), {
      mode: 0o600,
      flag: 'wx'
    })
    return seed
  }
  const seed = seedOf(text)
  if (seed === null) {
    throw new DatadirFault('identity_invalid', `${paths.identity} is damaged; restore a backup`)
  }
  return seed
}

/** @throws DatadirFault venue_missing; Fault manifest_invalid */
export async function readManifest(path: string): Promise<Manifest> {
  const text = await readIfThere(path)
  if (text === null) {
    throw new DatadirFault('venue_missing', `no manifest at ${path}: run curb venue join FILE`)
  }
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (cause) {
    throw new Fault('manifest_invalid', `${path} is not JSON`, { path }, cause)
  }
  return checkManifest(json)
}

async function readIfThere(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8')
  } catch (fault) {
    if (fault instanceof Error && 'code' in fault && fault.code === 'ENOENT') return null
    throw fault
  }
}

function seedOf(text: string): Bytes32 | null {
  try {
    const parsed: unknown = JSON.parse(text)
    if (typeof parsed !== 'object' || parsed === null || !('seed' in parsed)) return null
    const seed = typeof parsed.seed === 'string' ? fromHex(parsed.seed) : null
    return seed?.length === 32 ? seed : null
  } catch {
    return null
  }
}
