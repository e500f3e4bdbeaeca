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
    transactions: join(root, 'transactions'),
    store: join(root, 'store'),
    snapshots: join(root, 'snapshots'),
    restart: join(root, 'restart'),
    history: join(root, 'history')
  }
}

/** What each of them is, in words, but for the root: `curb config path` tells. */
export const datadirWords: Record<Exclude<keyof DatadirPaths, 'root'>, string> = {
  identity: 'the daemon’s seed: back it up',
  keystore: 'accounts: back it up',
  configFile: 'configuration',
  journal: 'own entries, votes, recent blocks: never put back an older copy',
  transactions: 'transactions to the vault that are under way',
  store: 'archives of lanes and tape',
  snapshots: 'states of the engine that peers may ask for',
  restart: 'states for a quick start',
  history: 'indexes of orders, trades and candles',
  tokens: 'access tokens, as hashes',
  cookie: 'access token of this run',
  lock: 'held by the daemon that runs'
}

export type DatadirPaths = ReturnType<typeof datadirPaths>
