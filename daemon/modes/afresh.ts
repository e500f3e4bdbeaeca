// A daemon that trusts nobody, for verbs that look at the venue's past: it joins afresh under a key
// and in a folder of its own, and takes the whole tape from the start. It checks the quorum's
// signature, every lane's signature and every order's, and holds its event hashes against those
// that the cuts carry.
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Config } from '../../config/schema.ts'
import type { Manifest } from '../../protocol/manifest.ts'
import { systemClock, systemRandom } from '../clock.ts'
import { Daemon } from '../daemon.ts'
import { daemonOptions } from '../daemon-options.ts'
import { readManifest } from '../datadir.ts'
import { createLog } from '../log.ts'

export type Afresh = {
  manifest: Manifest
  /** Not open yet: whoever wants to hear of the first block listens first. */
  daemon: Daemon
  /** What is not as it should be; grows. */
  problems: string[]
}

const progressMs = 500
const findPeersMs = 30_000

/** Runs with such a daemon, and leaves nothing behind. */
export async function afresh<T>(config: Config, run: (fresh: Afresh) => Promise<T>): Promise<T> {
  const manifest = await readManifest(config.venue)
  const folder = await mkdtemp(join(tmpdir(), 'curb-afresh-'))
  const problems: string[] = []
  const settings = {
    // A key and a port of its own: the user's daemon may be running.
    config: { ...config, 'p2p.port': 0 },
    datadir: folder,
    manifest,
    seed: new Uint8Array(randomBytes(32))
  }
  const daemon = new Daemon(daemonOptions(settings, { archive: false, snapshotLeadBlocks: null }), {
    clock: systemClock,
    random: systemRandom,
    log: createLog({ level: 'error', format: 'pretty', file: '' }),
    chain: null,
    onfault: (fault) => problems.push(String(fault))
  })
  try {
    return await run({ manifest, daemon, problems })
  } finally {
    await daemon.close()
    await rm(folder, { recursive: true, force: true })
  }
}

/** Until the tape is replayed: all that the peers show, or up to a block. Tells its progress on
 * standard error. Nobody to ask is a problem too: an empty tape proves nothing. */
export function replayed({ daemon, problems }: Afresh, to: number | null): Promise<void> {
  const began = systemClock.now()
  return new Promise((resolve) => {
    const look = () => {
      const { replica, tape, synced, network } = daemon.status()
      const longest = to === null ? tape.longest : Math.min(tape.longest, to + 1)
      process.stderr.write(`{"verified":${Math.min(replica.length, longest)},"of":${longest}}\n`)
      if (replica.kind === 'stopped') problems.push(replica.reason)
      const reached = network.peers.length > 0 && replica.length > 0
      if (!reached && systemClock.now() - began > findPeersMs) {
        problems.push('no peer with a tape was found: is p2p.bootstrap right, is anybody up?')
      }
      const isThere = to !== null && replica.length > to
      const isAll = reached && synced && replica.length >= tape.longest
      if (isThere || isAll || problems.length > 0) resolve()
      else systemClock.after(progressMs, look)
    }
    look()
  })
}
