// Pays out what settled withdrawals of this daemon's accounts made claimable.
import type { VaultAccount } from '../chain/vault-account.ts'
import { ethersCode } from '../chain/ethers-errors.ts'
import type { NetworkLog } from '../network/types.ts'

export class Claims {
  readonly #vaults: () => readonly VaultAccount[]
  readonly #log: NetworkLog
  #running: Promise<void> | null = null
  #again = false

  constructor(vaults: () => readonly VaultAccount[], log: NetworkLog) {
    this.#vaults = vaults
    this.#log = log
  }

  /** Looks what can be claimed, after a batch has settled. */
  look(): void {
    this.#again = true
    this.#running ??= this.#run().finally(() => {
      this.#running = null
    })
  }

  async close(): Promise<void> {
    this.#again = false
    await this.#running
  }

  async #run(): Promise<void> {
    while (this.#again) {
      this.#again = false
      for (const vault of this.#vaults()) await this.#claim(vault)
    }
  }

  async #claim(vault: VaultAccount): Promise<void> {
    const account = vault.address
    try {
      for (const { token, quanta } of await vault.claimables()) {
        const sent = await vault.claim(token)
        this.#log.info({ account, token, quanta, transaction: sent.hash }, 'claiming a withdrawal')
      }
    } catch (fault) {
      // It stays claimable, for anyone and for ever; the next batch brings another look.
      this.#log.warn({ account, code: ethersCode(fault) }, 'a withdrawal could not be claimed')
    }
  }
}
