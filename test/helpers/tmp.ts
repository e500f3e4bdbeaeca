import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import type { Assert } from 'brittle'

/** Folders go after everything that has files open in them. */
const LAST = 1_000

/** A fresh folder, removed at the end of the test, after all other teardowns. */
export async function temporaryFolder(t: Assert): Promise<string> {
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), 'curb-test-'))
  t.teardown(() => fs.rm(folder, { recursive: true, force: true }), { order: LAST })
  return folder
}
