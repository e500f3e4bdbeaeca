// From the configuration to what a daemon is made with.
import type { Config } from '../config/schema.ts'
import { ConfigFault } from '../config/errors.ts'
import { datadirPaths } from '../config/paths.ts'
import { toHex } from '../protocol/bytes.ts'
import type { Manifest } from '../protocol/manifest.ts'
import type { Bytes32 } from '../protocol/types.ts'
import { identityOf } from './identity.ts'
import { NETWORK_LIMITS } from './network/limits.ts'
import { defaultTuning, type DaemonOptions, type DaemonTuning } from './options.ts'

export type DaemonSettings = {
  config: Config
  datadir: string
  manifest: Manifest
  seed: Bytes32
}

/** @throws ConfigFault on a bootstrap node that is not host:port */
export function daemonOptions(
  { config, datadir, manifest, seed }: DaemonSettings,
  tuning: Partial<DaemonTuning> = {}
): DaemonOptions {
  const bootstrap = config['p2p.bootstrap']
  return {
    manifest,
    folder: datadirPaths(datadir).root,
    seed,
    p2p: {
      bootstrap: bootstrap.length === 0 ? null : bootstrap.map(nodeAddress),
      host: config['p2p.host'],
      port: config['p2p.port'],
      firewalled: config['p2p.firewalled'],
      peers: [],
      limits: { ...NETWORK_LIMITS, peersMax: config['p2p.maxPeers'] }
    },
    tuning: { ...defaultTuning, archive: config.archive, ...tuning }
  }
}

/** Holds the daemon to the role that its owner wants: a validator's key votes wherever it runs, and
 * twice is an offence.
 * @throws ConfigFault */
export function checkRole({ config, manifest, seed }: DaemonSettings): void {
  const wanted = config.role
  if (wanted === 'auto') return
  const key = toHex(identityOf(seed).keyPair.publicKey)
  const isListed = manifest.validators.some(({ peer }) => peer === key)
  if (wanted === 'validator' && !isListed) {
    throw new ConfigFault(
      `role: the manifest of ${manifest.name} does not list this daemon's key ${key}: restore the validator's identity.json, or leave role at auto`,
      'role'
    )
  }
  if (wanted === 'daemon' && isListed) {
    throw new ConfigFault(
      `role: this identity is a validator of ${manifest.name} and would vote: give this data directory an identity.json of its own, or leave role at auto`,
      'role'
    )
  }
}

function nodeAddress(text: string): { host: string; port: number } {
  const match = /^\[?([^\]]+?)\]?:(\d{1,5})$/.exec(text)
  const port = Number(match?.[2])
  if (match === null || port < 1 || port > 65_535) {
    throw new ConfigFault(`p2p.bootstrap: ${text} is not host:port`, 'p2p.bootstrap')
  }
  return { host: match[1], port }
}
