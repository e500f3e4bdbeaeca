// A venue with a real vault on anvil, its engines real, its settlement real: only consensus is
// left out. What the members submit is cut onto one tape every few milliseconds.
import type { Assert } from 'brittle'
import { hexlify, type JsonRpcProvider, toBeHex, Wallet } from 'ethers'
import path from 'node:path'
import { randomBytes } from 'node:crypto'
import { type ContractName, deploy, deployVault, vaultAt } from '../../../contracts/vault.ts'
import { blake2b256, blake2b256Parts } from '../../../crypto/blake2b.ts'
import { type Crypto, loadCrypto } from '../../../crypto/crypto.ts'
import { ChainFollower, followerDefaults } from '../../../daemon/chain/follower.ts'
import { JsonRpc, jsonRpcDefaults } from '../../../daemon/chain/json-rpc.ts'
import { chainProvider, HttpChainRpc } from '../../../daemon/chain/rpc.ts'
import { TransactionSender } from '../../../daemon/chain/transactions.ts'
import { VaultAccount } from '../../../daemon/chain/vault-account.ts'
import { systemClock } from '../../../daemon/clock.ts'
import { disk } from '../../../daemon/journal/file-system.ts'
import { FileJournal } from '../../../daemon/journal/journal.ts'
import type { NetworkLog } from '../../../daemon/network/types.ts'
import { engineConfig } from '../../../daemon/replica/engine-config.ts'
import type { TapeEntry } from '../../../daemon/tape/types.ts'
import { toHex } from '../../../protocol/bytes.ts'
import { type TypedHasher, typedHasher } from '../../../protocol/eip712.ts'
import { checkManifest } from '../../../protocol/manifest-check.ts'
import type { Manifest, ManifestChain } from '../../../protocol/manifest.ts'
import { decodeTapeBlock, encodeCut, encodeTapeBlock } from '../../../protocol/tape-block.ts'
import type { ChainCursor } from '../../../protocol/types.ts'
import { quorumOf, signingTerms } from '../../../protocol/venue.ts'
import { privateKeyOf } from '../../helpers/accounts.ts'
import { type Anvil, startAnvil } from '../../helpers/anvil.ts'
import { LaneMaker } from '../../helpers/tape-maker.ts'
import { temporaryFolder } from '../../helpers/tmp.ts'
import { until } from '../../helpers/until.ts'
import { Member, type MemberOptions } from './member.ts'

export const VALIDATORS = 4
const CUT_MS = 10
const QUANTUM = 1_000_000_000n

export type ChainManifest = Manifest & { chain: ManifestChain }
export type SettlementVenueOptions = {
  confirmations?: number
  settlement?: object
  /** Kind of the third token. */
  more?: ContractName
}

export class SettlementVenue {
  readonly t: Assert
  readonly anvil: Anvil
  readonly manifest: ChainManifest
  readonly crypto: Crypto
  readonly hasher: TypedHasher
  readonly folder: string
  readonly members: Member[] = []
  readonly tape: TapeEntry[] = []
  readonly lines: string[] = []
  cursor: ChainCursor | null = null
  #time = 0
  #lanes = 0
  #skipMs = 0
  #running: Promise<void> | null = null
  #isOpen = true
  #isStill = false

  private constructor(
    t: Assert,
    made: Pick<SettlementVenue, 'anvil' | 'manifest' | 'crypto' | 'folder'>
  ) {
    this.t = t
    this.anvil = made.anvil
    this.manifest = made.manifest
    this.crypto = made.crypto
    this.folder = made.folder
    this.hasher = typedHasher(this.terms, this.crypto.keccak)
  }

  static async open(t: Assert, options: SettlementVenueOptions = {}): Promise<SettlementVenue> {
    const [anvil, crypto] = await Promise.all([startAnvil(), loadCrypto()])
    const folder = await temporaryFolder(t)
    const manifest = await deployVenue(anvil, crypto, options)
    const venue = new SettlementVenue(t, { anvil, manifest, crypto, folder })
    t.teardown(() => venue.close(), { order: 100 })
    return venue
  }

  async close(): Promise<void> {
    this.#isOpen = false
    await this.#running
    for (const member of this.members) await member.close()
    await this.anvil.close()
  }

  get terms() {
    return signingTerms(this.manifest, { keccak: this.crypto.keccak, blake2b: blake2b256 })
  }

  get engineConfig() {
    return engineConfig(this.manifest, this.terms)
  }

  /** Another lane each time: a member that comes again has a new one. */
  newLane(): LaneMaker {
    return new LaneMaker(this.terms.venue, 50 + this.#lanes++)
  }

  get log(): NetworkLog {
    const write = (level: string) => (fields: object, message: string) => {
      this.lines.push(`${level} ${message} ${JSON.stringify(fields)}`)
      if (process.env['TEST_LOG'] !== undefined) console.error(this.lines.at(-1))
    }
    const [debug, info, warn, error] = ['debug', 'info', 'warn', 'error'].map(write)
    return { debug, info, warn, error }
  }

  said(words: string): boolean {
    return this.lines.some((line) => line.includes(words))
  }

  walletOf(name: string): Wallet {
    return new Wallet(hexlify(privateKeyOf(name)))
  }

  /** The same with gas money. */
  async wallet(name: string): Promise<Wallet> {
    const wallet = this.walletOf(name)
    await this.anvil.provider.send('anvil_setBalance', [wallet.address, toBeHex(10n ** 20n)])
    return wallet
  }

  provider(url = this.anvil.url): JsonRpcProvider {
    return chainProvider(url, this.manifest.chain.id)
  }

  follower(url = this.anvil.url, startBlock = followerDefaults.startBlock): ChainFollower {
    const rpc = new HttpChainRpc({
      rpc: new JsonRpc({ url, ...jsonRpcDefaults }, { clock: systemClock })
    })
    this.t.teardown(() => rpc.close(), { order: 60 })
    return new ChainFollower(
      { ...followerDefaults, startBlock, manifest: this.manifest, pollMs: 20, quietSeconds: 1 },
      {
        rpc,
        clock: systemClock,
        log: this.log,
        keccak: this.crypto.keccak
      }
    )
  }

  sender(
    wallet: Wallet,
    options: { provider?: JsonRpcProvider; bumpMs?: number; folder?: string } = {}
  ): TransactionSender {
    const { provider = this.provider(), bumpMs = 60_000, folder = wallet.address } = options
    const journal = new FileJournal(
      { folder: path.join(this.folder, folder) },
      { files: disk, randomBytes, onFault: (fault) => this.t.fail(String(fault)) }
    )
    const { id, confirmations } = this.manifest.chain
    const terms = { chainId: id, confirmations, pollMs: 20, bumpMs, feeMaxWei: 10n ** 12n }
    return new TransactionSender(terms, {
      provider,
      wallet,
      journal,
      clock: systemClock,
      log: this.log
    })
  }

  vaultOf(wallet: Wallet, sender: TransactionSender, provider = this.provider()): VaultAccount {
    return new VaultAccount({ manifest: this.manifest }, { provider, sender, wallet })
  }

  async member(name: string, options: Partial<MemberOptions> = {}): Promise<Member> {
    const member = new Member(this, name, {
      settles: false,
      cosigns: true,
      turnMs: 300,
      ...options
    })
    this.members.push(member)
    await member.open()
    return member
  }

  validators(options: Partial<MemberOptions> = {}): Promise<Member[]> {
    return Promise.all(
      Array.from({ length: VALIDATORS }, (_, i) => {
        return this.member(`validator ${i}`, { settles: true, validator: i, ...options })
      })
    )
  }

  /** Gives a member's account tokens and deposits them. */
  async funds(member: Member, quanta: number): Promise<void> {
    for (const [token, { address }] of this.manifest.tokens.entries()) {
      const data = mint(member.account, BigInt(quanta) * QUANTUM)
      await this.anvil.mined(this.anvil.signers[0].sendTransaction({ to: address, data }))
      const sent = await member.vault.deposit(token, quanta)
      await sent.mined
    }
  }

  // The tape

  /** Cuts the tape from here on. */
  run(): void {
    this.#running ??= this.#cuts()
  }

  /** Moves the clocks of tape and chain. */
  async skip(seconds: number): Promise<void> {
    this.#isStill = true
    await this.anvil.increaseTime(seconds)
    this.#skipMs += seconds * 1000
    this.#isStill = false
  }

  async #cuts(): Promise<void> {
    let count = 0
    while (this.#isOpen) {
      if (!this.#isStill) this.#cut()
      if (count++ % 5 === 0) await this.anvil.provider.send('evm_mine', [])
      await new Promise((resolve) => setTimeout(resolve, CUT_MS))
    }
  }

  #cut(): void {
    const [leader] = this.members
    const advance = leader.follower.next(this.cursor)
    for (const { follower } of this.members.slice(1)) {
      // Those that are not that far say so; none may contradict.
      if (advance === null) break
      const verdict = follower.check(this.cursor, advance.cursor, advance.events)
      if (verdict === 'no') throw new Error('followers contradict each other')
    }
    const cursor = advance?.cursor ?? this.cursor
    this.cursor = cursor
    const takes = this.members
      .flatMap((member) => member.take())
      .sort((a, b) => Buffer.compare(a.slice.lane, b.slice.lane))
    this.#time = Math.max(this.#time + 1, Date.now() + this.#skipMs)
    const cut = encodeCut({
      index: this.tape.length,
      height: this.tape.length + 1,
      time: this.#time,
      cursor,
      executed: null,
      snapshot: null,
      events: advance?.events ?? [],
      slices: takes.map(({ slice }) => slice)
    })
    const bytes = encodeTapeBlock(
      cut,
      takes.map(({ blocks }) => blocks)
    )
    const block = decodeTapeBlock(bytes)
    const tape = { index: this.tape.length, bytes, block }
    this.tape.push(tape)
    for (const member of this.members) member.apply(tape)
  }

  /** Waits until the vault and every engine have equal balances of these accounts. */
  async balances(accounts: readonly string[]): Promise<void> {
    const contract = vaultAt(this.manifest.chain.vault, this.anvil.provider)
    for (const account of accounts) {
      for (const token of this.manifest.tokens.keys()) {
        for (const { engine, name } of this.members) {
          await until(
            async () => {
              const onChain = Number(await contract['balanceOf'](account, token))
              return engine.balances(account)[token].settled === onChain
            },
            `${name} to have the vault's balance of ${account}, token ${token}`,
            5000
          )
        }
      }
    }
  }
}

/** Data of a test token's mint. */
export function mint(account: string, amount: bigint): string {
  // mint(address,uint256)
  const words = [account.slice(2), amount.toString(16)].map((word) => word.padStart(64, '0'))
  return '0x40c10f19' + words.join('')
}

async function deployVenue(
  anvil: Anvil,
  crypto: Crypto,
  { confirmations = 2, settlement = {}, more = 'PlainToken' }: SettlementVenueOptions
): Promise<ChainManifest> {
  const [owner] = anvil.signers
  const tokens: string[] = []
  for (const symbol of ['BASE', 'QUOTE', 'MORE']) {
    const kind = symbol === 'MORE' ? more : 'PlainToken'
    const token = await deploy(owner, kind, kind === 'SilentToken' ? [] : [symbol, symbol, 18])
    tokens.push((await token.getAddress()).toLowerCase())
  }
  const described = (vault: string): ChainManifest => {
    const id = Number(anvil.provider._network.chainId)
    const manifest = checkManifest({
      version: 1,
      name: 'settlement',
      chain: { id, vault, confirmations },
      validators: Array.from({ length: VALIDATORS }, (_, i) => ({
        peer: toHex(blake2b256Parts([new Uint8Array([i])])),
        signer: crypto.address(privateKeyOf(`validator ${i}`))
      })),
      tokens: ['BASE', 'QUOTE', 'MORE'].map((symbol, i) => {
        return { symbol, address: tokens[i], decimals: 18, quantum: String(QUANTUM) }
      }),
      markets: ['BASE', 'MORE'].map((base) => ({
        symbol: `${base}/QUOTE`,
        base,
        quote: 'QUOTE',
        lotSize: 100,
        tickValue: 1,
        limits: { priceMaxTicks: 100_000, quantityMaxLots: 1_000_000 },
        fees: { makerBps: 5, takerBps: 10, takerFeeMin: 2 }
      })),
      settlement: {
        batchAgeMs: 150,
        cosignMs: 150,
        settlerWindowSeconds: 60,
        horizonSeconds: 600,
        unsettledMaxMs: 300_000,
        chainStaleMaxMs: 100_000,
        graceSeconds: 900,
        exitDelaySeconds: 5000,
        ...settlement
      }
    })
    if (manifest.chain === null) throw new Error('no chain')
    return { ...manifest, chain: manifest.chain }
  }
  const draft = described('0x' + '1'.repeat(40))
  const vault = await deployVault(owner, {
    validators: draft.validators.map(({ signer }) => signer),
    threshold: quorumOf(VALIDATORS).quorum,
    tokens: draft.tokens.map(({ address }) => ({ token: address, quantum: QUANTUM })),
    settlerWindow: draft.settlement.settlerWindowSeconds,
    horizon: draft.settlement.horizonSeconds,
    grace: draft.settlement.graceSeconds,
    exitDelay: draft.settlement.exitDelaySeconds
  })
  return described((await vault.getAddress()).toLowerCase())
}
