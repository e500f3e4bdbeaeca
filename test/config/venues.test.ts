import test from 'brittle'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { checkManifest } from '../../protocol/manifest-check.ts'

const draft = join(import.meta.dirname, '..', '..', 'config', 'venues', 'draft.json')

test('venues - the draft becomes a manifest with a vault', async (t) => {
  const chain = { id: 1, vault: `0x${'a'.repeat(40)}`, confirmations: 6 }
  const manifest = checkManifest({ ...JSON.parse(await readFile(draft, 'utf8')), chain })
  t.is(manifest.validators.length, 4)
  t.is(manifest.markets.length, 2)
})
