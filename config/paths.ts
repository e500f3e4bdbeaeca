import envPaths from 'env-paths'
import { join, resolve } from 'node:path'

/** Data directory when none is named: the platform's place for application data (XDG on Linux). */
export function defaultDatadir(): string {
  return envPaths('curb', { suffix: '' }).data
}

/** What lies where in a data directory. */
export function datadirPaths(datadir: string) {
  const root = resolve(datadir)
  return {
    root,
    configFile: join(root, 'curb.toml'),
    cookie: join(root, '.cookie'),
    tokens: join(root, 'tokens.json'),
    keystore: join(root, 'keystore'),
    identity: join(root, 'identity.json'),
    lock: join(root, 'daemon.lock'),
    journal: join(root, 'journal'),
    cores: join(root, 'cores'),
    history: join(root, 'history'),
    snapshots: join(root, 'snapshots')
  }
}

export type DatadirPaths = ReturnType<typeof datadirPaths>
