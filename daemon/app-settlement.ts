// Settlement of a daemon, joined to its keys and its chain.
import type { Config } from '../config/schema.ts'
import type { Crypto } from '../crypto/crypto.ts'
import type { Manifest } from '../protocol/manifest.ts'
import type { ChainParts } from './app-chain.ts'
import type { Clock } from './clock.ts'
import type { Daemon } from './daemon.ts'
import type { UnlockedAccount } from './keystore/keystore.ts'
import type { Log } from './log.ts'
import { Settlement, settlementDefaults } from './settlement/settlement.ts'
import type { SettlementNode } from './settlement/types.ts'
import type { Desk } from './trading/desk.ts'

export type SettlementParts = {
  manifest: Manifest
  config: Config
  crypto: Crypto
  daemon: Daemon
  desk: Desk
  chain: ChainParts | null
  accounts: readonly UnlockedAccount[]
  clock: Clock
  log: Log
}

/** Null on a venue without a chain. */
export function settlementOf(parts: SettlementParts): Settlement | null {
  const { manifest, config, crypto, daemon, desk, chain, accounts, clock, log } = parts
  if (manifest.chain === null) return null
  const validator = accounts.find(({ address }) =>
    manifest.validators.some(({ signer }) => signer === address)
  )
  const payer = config['settlement.account'].toLowerCase() || validator?.address
  const sender = payer === undefined ? null : (chain?.sender(payer) ?? null)
  const settles = config['settlement.settle'] && chain !== null && sender !== null
  return new Settlement(
    {
      ...settlementDefaults,
      pollMs: config['chain.pollMs'],
      gasWarnWei: BigInt(config['settlement.gasWarnWei'])
    },
    {
      node: settlementNode(daemon, manifest),
      keccak: crypto.keccak,
      recover: crypto.recover,
      clock,
      log,
      cosigners: () =>
        desk
          .accounts()
          .flatMap(({ address, signer }) =>
            signer === null ? [] : [{ account: address, signer }]
          ),
      validator: daemon.parts.isValidator ? (validator ?? null) : null,
      settler: settles ? { provider: chain.provider, sender } : null,
      chain: chain?.follower ?? null,
      vaults: () => chain?.vaults() ?? [],
      spent: () => chain?.spent() ?? { gas: 0n, wei: 0n }
    }
  )
}

function settlementNode(daemon: Daemon, manifest: Manifest): SettlementNode {
  return {
    manifest,
    get hasher() {
      return daemon.parts.hasher
    },
    get engine() {
      return daemon.engine
    },
    get synced() {
      return daemon.synced
    },
    get tapeLength() {
      return daemon.parts.tape.length
    },
    submit: (entry) => daemon.submit(entry),
    outcome: (placed) => daemon.outcome(placed),
    onapplied: (listener) => daemon.onapplied(listener),
    read: (index) => daemon.parts.tape.read(index)
  }
}
