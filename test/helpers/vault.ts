// A venue in miniature on a real EVM: a vault, its tokens, validators and traders with fixed keys,
// and everything that they sign, hashed by ethers and so independent of protocol/ and contracts/.
import {
  AbiCoder,
  type Contract,
  type ContractTransactionReceipt,
  getBytes,
  hexlify,
  id,
  keccak256,
  MaxUint256,
  Signature as EthersSignature,
  SigningKey,
  toQuantity,
  TypedDataEncoder,
  type TypedDataField,
  Wallet,
  ZeroHash
} from 'ethers'
import {
  type BatchContent,
  encodeAttestations,
  encodeContent,
  type MarketTerms,
  markWord
} from '../../contracts/batch.ts'
import { deploy, deployVault, vaultInterface, type VaultTerms } from '../../contracts/vault.ts'
import type { Address, MerkleProof, NetDelta, Order, Signature } from '../../protocol/types.ts'
import { type Anvil, startAnvil } from './anvil.ts'
import { market } from './orders.ts'
import {
  batchFields,
  netDeltaFields,
  orderFields,
  voidFields,
  withdrawFields
} from './typed-data.ts'

export type Key = { key: SigningKey; address: Address }

export { market, order } from './orders.ts'

/** A batch that can be submitted. */
export type Sealed = {
  index: number
  parent: Uint8Array
  sealedAt: number
  content: Uint8Array
  attestations: Uint8Array
}

/** The key that a name stands for, the same in every run. */
export function keyOf(name: string): Key {
  const key = new SigningKey(id(name))
  return { key, address: new Wallet(key).address.toLowerCase() }
}

/** Where a deployed contract is. */
export function addressOf({ target }: Contract): Address {
  if (typeof target !== 'string') throw new Error('the contract is known by a name only')
  return target.toLowerCase()
}

export const byAddress = (a: { address: Address }, b: { address: Address }): number =>
  a.address < b.address ? -1 : 1

export type VenueOptions = {
  anvil?: Anvil
  validators?: number
  threshold?: number
  /** Terms in place of the usual ones. */
  terms?: Partial<VaultTerms>
  markets?: readonly MarketTerms[]
  tokens?: number
}

export class VaultVenue {
  readonly anvil: Anvil
  readonly vault: Contract
  readonly address: Address
  readonly tokens: readonly Contract[]
  readonly tokenAddresses: readonly Address[]
  readonly validators: readonly Key[]
  readonly markets: readonly MarketTerms[]
  readonly terms: VaultTerms
  readonly #ownsAnvil: boolean
  readonly #marketHashes: string[]

  private constructor(
    anvil: Anvil,
    ownsAnvil: boolean,
    vault: Contract,
    tokens: readonly Contract[],
    validators: readonly Key[],
    markets: readonly MarketTerms[],
    terms: VaultTerms
  ) {
    this.anvil = anvil
    this.#ownsAnvil = ownsAnvil
    this.vault = vault
    this.address = addressOf(vault)
    this.tokens = tokens
    this.tokenAddresses = terms.tokens.map(({ token }) => token)
    this.validators = validators
    this.markets = markets
    this.terms = terms
    this.#marketHashes = markets.map((market) => this.#hashMarket(market))
  }

  static async open(options: VenueOptions = {}): Promise<VaultVenue> {
    const anvil = options.anvil ?? (await startAnvil())
    const owner = anvil.signers[0]
    const count = options.validators ?? 4
    const validators = Array.from({ length: count }, (_, index) => keyOf(`validator ${index}`))
    const tokens: Contract[] = []
    for (let index = 0; index < (options.tokens ?? 3); index++) {
      const places = index === 1 ? 6 : 18
      tokens.push(await deploy(owner, 'PlainToken', [`Token ${index}`, `T${index}`, places]))
    }
    const terms: VaultTerms = {
      validators: validators.map(({ address }) => address),
      threshold: options.threshold ?? Math.floor((count * 2) / 3) + 1,
      tokens: tokens.map((token, index) => ({
        token: addressOf(token),
        quantum: index === 1 ? 1n : 10_000_000_000n
      })),
      settlerWindow: 60,
      horizon: 3600,
      grace: 7200,
      exitDelay: 86_400,
      ...options.terms
    }
    const markets = options.markets ?? [
      market(0, 1, { lotSize: 1000, tickValue: 10 }),
      market(2, 1, { lotSize: 7, tickValue: 3, makerBps: 0, takerBps: 30, takerFeeMin: 0 })
    ]
    const vault = await deployVault(owner, terms)
    const all = [anvil, options.anvil === undefined, vault, tokens, validators, markets] as const
    return new VaultVenue(...all, terms)
  }

  async close(): Promise<void> {
    if (this.#ownsAnvil) await this.anvil.close()
  }

  /** Mints, approves and deposits for the account, from the first funded address. */
  async fund(account: Address, token: number, quanta: number): Promise<void> {
    const amount = BigInt(quanta) * this.terms.tokens[token].quantum
    const owner = await this.anvil.signers[0].getAddress()
    await this.anvil.mined(this.tokens[token].mint(owner, amount))
    await this.anvil.mined(this.tokens[token].approve(this.address, amount))
    await this.anvil.mined(this.vault.deposit(token, quanta, account))
  }

  /** Mints once and deposits the same for many accounts. */
  async fundAll(accounts: readonly Address[], token: number, quanta: number): Promise<void> {
    const { provider, signers, wallets } = this.anvil
    const owner = wallets[0].address
    const amount = BigInt(quanta) * this.terms.tokens[token].quantum * BigInt(accounts.length)
    await this.anvil.mined(this.tokens[token].mint(owner, amount))
    await this.anvil.mined(this.tokens[token].approve(this.address, MaxUint256))
    const first = await provider.getTransactionCount(owner)
    // One after the other: sent at once they may overtake each other and wait in anvil's pool.
    for (const [index, account] of accounts.entries()) {
      const data = vaultInterface.encodeFunctionData('deposit', [token, quanta, account])
      const nonce = toQuantity(first + index)
      const deposit = { from: owner, to: this.address, data, gas: '0x7a120', nonce }
      await provider.send('eth_sendTransaction', [deposit])
    }
    signers[0].reset()
  }

  async balance(account: Address, token: number): Promise<number> {
    return Number(await this.vault.balanceOf(account, token))
  }

  // ---- what is signed

  domain(): { name: string; version: string; chainId: bigint; verifyingContract: string } {
    const chainId = this.anvil.provider._network.chainId
    return { name: 'Curb', version: '1', chainId, verifyingContract: this.address }
  }

  sign(
    { key }: Key,
    types: Record<string, TypedDataField[]>,
    value: Record<string, unknown>
  ): Signature {
    return signDigest(key, TypedDataEncoder.hash(this.domain(), types, value))
  }

  signOrder(key: Key, order: Order): Signature {
    return this.sign(key, { Order: orderFields }, this.#orderValue(order))
  }

  /** One signature over a tree of the orders, and each order's proof. */
  signBulk(key: Key, orders: readonly Order[], height: number): [Signature, MerkleProof[]] {
    const leaves = orders.map((order) =>
      TypedDataEncoder.hashStruct('Order', { Order: orderFields }, this.#orderValue(order))
    )
    const levels = [[...leaves, ...Array<string>(2 ** height - leaves.length).fill(ZeroHash)]]
    for (let level = 0; level < height; level++) {
      const nodes = levels[level]
      levels.push(
        Array.from({ length: nodes.length / 2 }, (_, index) =>
          keccak256(nodes[index * 2] + nodes[index * 2 + 1].slice(2))
        )
      )
    }
    const proofs = orders.map((_, index) => ({
      height,
      index,
      siblings: levels.slice(0, height).map((nodes, level) => getBytes(nodes[(index >> level) ^ 1]))
    }))
    const tree = `Order${'[2]'.repeat(height)}`
    const type = TypedDataEncoder.from({
      BulkOrder: [{ name: 'tree', type: tree }],
      Order: orderFields
    }).encodeType('BulkOrder')
    const root = keccak256(id(type) + levels[height][0].slice(2))
    const domain = TypedDataEncoder.hashDomain(this.domain())
    const digest = keccak256('0x1901' + domain.slice(2) + root.slice(2))
    return [signDigest(key.key, digest), proofs]
  }

  signDelta(key: Key, delta: NetDelta): Signature {
    return this.sign(
      key,
      { NetDelta: netDeltaFields },
      {
        ...delta,
        parent: hexlify(delta.parent),
        marks: delta.marks.map(markWord)
      }
    )
  }

  signWithdrawal(
    key: Key,
    value: { account: Address; token: number; quanta: number; nonce: number; expiry: number }
  ): Signature {
    return this.sign(
      key,
      { Withdraw: withdrawFields },
      {
        ...value,
        token: this.tokenAddresses[value.token]
      }
    )
  }

  // ---- batches

  async last(): Promise<{ index: number; link: Uint8Array }> {
    const [index, link] = await this.vault.lastBatch()
    return { index: Number(index), link: getBytes(link) }
  }

  /** The content as the next batch, attested by the first validators of a quorum.
   * @param changes What to seal otherwise. */
  async seal(
    content: BatchContent | Uint8Array,
    changes: Partial<Sealed> & { signers?: readonly number[] } = {}
  ): Promise<Sealed> {
    const { index, link } = await this.last()
    const bytes = content instanceof Uint8Array ? content : encodeContent(content, this.markets)
    const batch = {
      index: index + 1,
      parent: link,
      sealedAt: (await this.anvil.time()) - this.terms.settlerWindow,
      content: bytes,
      ...changes
    }
    const signers =
      changes.signers ?? Array.from({ length: this.terms.threshold }, (_, place) => place)
    return { ...batch, attestations: changes.attestations ?? this.attest(batch, signers) }
  }

  attest(batch: Omit<Sealed, 'attestations'>, signers: readonly number[]): Uint8Array {
    const value = {
      index: batch.index,
      parent: hexlify(batch.parent),
      content: keccak256(batch.content),
      sealedAt: batch.sealedAt
    }
    return this.#quorum(signers, { Batch: batchFields }, value)
  }

  attestVoid(
    { index, parent, sealedAt }: Pick<Sealed, 'index' | 'parent' | 'sealedAt'>,
    signers: readonly number[]
  ): Uint8Array {
    const value = { index, parent: hexlify(parent), sealedAt }
    return this.#quorum(signers, { Void: voidFields }, value)
  }

  /** The link that follows the batch: its child's parent. */
  linkOf(batch: Sealed): Uint8Array {
    const value = {
      index: batch.index,
      parent: hexlify(batch.parent),
      content: keccak256(batch.content),
      sealedAt: batch.sealedAt
    }
    return getBytes(TypedDataEncoder.hashStruct('Batch', { Batch: batchFields }, value)).slice(
      0,
      24
    )
  }

  /** The transaction's data, as hex. */
  calldata({ index, sealedAt, content, attestations }: Sealed): string {
    const parameters = [index, sealedAt, content, attestations]
    return vaultInterface.encodeFunctionData('settle', parameters)
  }

  async settle(sealed: Sealed, sender = 0): Promise<ContractTransactionReceipt> {
    const { index, sealedAt, content, attestations } = sealed
    const vault = this.vault.connect(this.anvil.signers[sender]) as Contract
    const pending = vault.settle(index, sealedAt, content, attestations, { gasLimit: 50_000_000 })
    const receipt = await this.anvil.mined(pending)
    return receipt as ContractTransactionReceipt
  }

  /** The name of the custom error with which the vault refuses the batch, or null. */
  async refusal(sealed: Sealed, sender: number | Address = 0): Promise<string | null> {
    const { index, sealedAt, content, attestations } = sealed
    return this.refusalOf('settle', [index, sealedAt, content, attestations], sender)
  }

  /** The same of any call. */
  async refusalOf(
    method: string,
    parameters: readonly unknown[],
    sender: number | Address = 0
  ): Promise<string | null> {
    const data = vaultInterface.encodeFunctionData(method, parameters)
    const from = typeof sender === 'number' ? this.anvil.wallets[sender].address : sender
    const call = { from, to: this.address, data, gas: '0x2faf080' }
    const response = await fetch(this.anvil.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_call', params: [call, 'latest'] })
    })
    const body: { error?: { message: string; data?: string } } = JSON.parse(await response.text())
    if (body.error === undefined) return null
    const { message, data: answer = '' } = body.error
    // Without an answer, the call ran out of gas.
    const known = answer.length < 10 ? null : vaultInterface.parseError(answer)
    return known?.name ?? `${message} ${answer}`
  }

  marketHash(index: number): string {
    return this.#marketHashes[index]
  }

  #hashMarket(terms: MarketTerms): string {
    const { base, quote, lotSize, tickValue, makerBps, takerBps, takerFeeMin } = terms
    return keccak256(
      AbiCoder.defaultAbiCoder().encode(
        ['address', ...Array<string>(7).fill('uint256')],
        [this.address, base, quote, lotSize, tickValue, makerBps, takerBps, takerFeeMin]
      )
    )
  }

  #orderValue(order: Order): Record<string, unknown> {
    return {
      ...order,
      market: this.#marketHashes[order.market],
      side: order.side === 'buy' ? 0 : 1,
      timeInForce: ['gtc', 'ioc', 'fok'].indexOf(order.timeInForce),
      postOnly: ['no', 'reject', 'slide'].indexOf(order.postOnly),
      selfTradePrevention: ['cancelNewest', 'cancelOldest', 'cancelBoth', 'decrement'].indexOf(
        order.selfTradePrevention
      ),
      trigger: order.trigger === null ? 0 : order.trigger.kind === 'stop' ? 1 : 2,
      triggerPrice: order.trigger?.price ?? 0
    }
  }

  #quorum(
    signers: readonly number[],
    types: Record<string, TypedDataField[]>,
    value: Record<string, unknown>
  ): Uint8Array {
    return encodeAttestations(
      new Map(signers.map((place) => [place, this.sign(this.validators[place], types, value)]))
    )
  }
}

function signDigest(key: SigningKey, digest: string): Signature {
  return getBytes(EthersSignature.from(key.sign(digest)).serialized)
}
