// A venue without daemons: the engine on a tape that the test writes, and the vault. Entries are
// encoded and signed as lanes carry them, so that a batch reads its bytes from the tape.
import { Engine, type BatchView, type BlockResult } from '../../../matching/index.ts'
import { asciiBytes, compareBytes, toHex } from '../../../protocol/bytes.ts'
import { typedHasher, type TypedHasher } from '../../../protocol/eip712.ts'
import { encodeBlock } from '../../../protocol/entries.ts'
import { checkManifest } from '../../../protocol/manifest-check.ts'
import type { Manifest } from '../../../protocol/manifest.ts'
import { signedPart } from '../../../protocol/signed.ts'
import { decodeTapeBlock, encodeCut, encodeTapeBlock } from '../../../protocol/tape-block.ts'
import type { Address, Bytes32, Entry } from '../../../protocol/types.ts'
import { signingTerms } from '../../../protocol/venue.ts'
import { blake2b256, blake2b256Parts } from '../../../crypto/blake2b.ts'
import { type Crypto, loadCrypto } from '../../../crypto/crypto.ts'
import { engineConfig } from '../../../daemon/replica/engine-config.ts'
import { chainEventInput, entryInput } from '../../../daemon/replica/entry-inputs.ts'
import { assemble, marketTerms } from '../../../daemon/settlement/assembly.ts'
import type { TapeEntry } from '../../../daemon/tape/types.ts'
import { TestChain } from './chain.ts'

export type Member = { name: string; key: Uint8Array; address: Address }
/** An entry, and who signs it (its account's owner unless told). */
export type Signed = { entry: Entry; by: Member | null }

const TRADERS = 8
/** Tape blocks that are kept: no order lives longer. */
const KEPT = 60_000
const UNSIGNED = new Uint8Array(65)

export class DifferentialWorld {
  readonly chain: TestChain
  readonly manifest: Manifest
  readonly crypto: Crypto
  readonly hasher: TypedHasher
  readonly engine: Engine
  readonly traders: Member[]
  readonly delegates: Member[]
  readonly validators: Member[]
  readonly lanes: Bytes32[]
  readonly #tape = new Map<number, TapeEntry>()
  #index = 0
  time: number

  private constructor(
    chain: TestChain,
    manifest: Manifest,
    crypto: Crypto,
    members: Pick<DifferentialWorld, 'traders' | 'delegates' | 'validators'>
  ) {
    this.chain = chain
    this.manifest = manifest
    this.crypto = crypto
    const terms = signingTerms(manifest, { keccak: crypto.keccak, blake2b: blake2b256 })
    this.hasher = typedHasher(terms, crypto.keccak)
    this.engine = new Engine(engineConfig(manifest, terms), { hash: blake2b256Parts })
    this.traders = members.traders
    this.delegates = members.delegates
    this.validators = members.validators
    this.lanes = [1, 2, 3].map((number) => new Uint8Array(32).fill(number))
    this.time = chain.time * 1000
  }

  static async open(): Promise<DifferentialWorld> {
    const [chain, crypto] = await Promise.all([TestChain.open(), loadCrypto()])
    const member = (name: string): Member => {
      const key = blake2b256(asciiBytes(`differential ${name}`))
      return { name, key, address: crypto.address(key) }
    }
    const validators = [0, 1, 2, 3].map((index) => member(`validator ${index}`))
    // The first validator trades too: a batch that he submits credits him its fees.
    const others = Array.from({ length: TRADERS - 1 }, (_, index) => member(`trader ${index}`))
    const traders = [validators[0], ...others]
    const delegates = [member('delegate 0'), member('delegate 1'), traders[1]]
    const tokens = await chain.tokens(3)
    const vault = await chain.nextAddress()
    const manifest = manifestOf(chain.id, vault, tokens, validators)
    await chain.deployVault(manifest)
    if (chain.vault !== vault) throw new Error(`the vault is at ${chain.vault}, not at ${vault}`)
    for (const { address } of [...traders, ...validators.slice(1)]) {
      await chain.fund(address, tokens)
    }
    return new DifferentialWorld(chain, manifest, crypto, { traders, delegates, validators })
  }

  close(): Promise<void> {
    return this.chain.close()
  }

  get index(): number {
    return this.#index
  }

  laneOf(address: Address): number {
    return this.traders.findIndex((trader) => trader.address === address) % this.lanes.length
  }

  owner(address: Address): Member {
    const owner = [...this.traders, ...this.validators].find((each) => each.address === address)
    if (owner === undefined) throw new Error(`nobody has the key of ${address}`)
    return owner
  }

  /** Writes the next block of the tape and lets the engine apply it. `entries` by lane. */
  apply(entries: readonly (readonly Signed[])[], stepMs: number): BlockResult {
    this.time += stepMs
    const slices = entries
      .map((list, place) => ({ lane: this.lanes[place], list }))
      .filter(({ list }) => list.length > 0)
      .sort((a, b) => compareBytes(a.lane, b.lane))
      .map(({ lane, list }) => ({ lane, signed: list.map((each) => this.#sign(each, lane)) }))
    const index = this.#index++
    this.#write(index, slices)
    const context = { hasher: this.hasher, opens: () => true }
    return this.engine.apply({
      index,
      time: this.time,
      seed: blake2b256Parts([asciiBytes(`seed ${index}`)]),
      cursor: {
        block: index,
        hash: new Uint8Array(32),
        blockTime: Math.floor(this.time / 1000),
        logIndex: 0
      },
      chain: this.chain.events.splice(0).map((event) => chainEventInput(event)),
      lanes: slices.map(({ lane, signed }) => ({
        lane,
        length: index + 1,
        treeHash: new Uint8Array(32),
        entries: signed.map(({ entry, signer }) => entryInput(context, lane, entry, signer))
      }))
    })
  }

  parentOf(batch: BatchView): Uint8Array {
    return Uint8Array.from(Buffer.from(batch.parent ?? '', 'hex'))
  }

  #sign({ entry, by }: Signed, lane: Bytes32): { entry: Entry; signer: Address | null } {
    const part = signedPart(this.hasher, entry, lane)
    if (part === null || !('signature' in entry)) return { entry, signer: null }
    if (by === null) throw new Error(`nobody signs a ${entry.kind}`)
    // Orders of one tree come signed, since one signature serves them all.
    const isSigned = entry.signature !== UNSIGNED
    const signature = isSigned ? entry.signature : this.crypto.sign(part.digest, by.key)
    return { entry: { ...entry, signature }, signer: by.address }
  }

  #write(index: number, slices: { lane: Bytes32; signed: { entry: Entry }[] }[]): void {
    const blocks = slices.map(({ signed }) => [encodeBlock(signed.map(({ entry }) => entry))])
    const cut = encodeCut({
      index,
      height: index + 1,
      time: this.time,
      cursor: null,
      executed: null,
      snapshot: null,
      events: [],
      slices: slices.map(({ lane }) => ({
        lane,
        from: index,
        to: index + 1,
        treeHash: new Uint8Array(32),
        signature: new Uint8Array(68)
      }))
    })
    const bytes = encodeTapeBlock(cut, blocks)
    this.#tape.set(index, { index, bytes, block: decodeTapeBlock(bytes) })
    this.#tape.delete(index - KEPT)
  }

  /** The sealed bytes of a batch. */
  sealed(batch: BatchView): Promise<Uint8Array> {
    return assemble(batch, (account) => this.engine.address(account), {
      markets: marketTerms(this.manifest),
      hasher: this.hasher,
      keccak: this.crypto.keccak,
      read: async (index) => this.#tape.get(index) ?? null
    })
  }

  get unsigned(): Uint8Array {
    return UNSIGNED
  }

  marketHash(market: number): string {
    return '0x' + toHex(this.hasher.terms.markets[market])
  }
}

/** Small numbers, so that everything collides: few prices, slots and lots, low limits. */
function manifestOf(
  id: number,
  vault: Address,
  tokens: readonly Address[],
  validators: readonly Member[]
): Manifest {
  const [first, second, third] = ['AAA', 'BBB', 'CCC']
  const market = (base: string, quote: string, fees: object) => ({
    symbol: `${base}/${quote}`,
    base,
    quote,
    lotSize: 10,
    tickValue: 2,
    limits: { priceMaxTicks: 130, quantityMaxLots: 60, notionalMin: 100, bandBps: 500 },
    fees
  })
  return checkManifest({
    version: 1,
    name: 'differential',
    chain: { id, vault, confirmations: 0 },
    validators: validators.map(({ address }, index) => ({
      peer: toHex(new Uint8Array(32).fill(index + 1)),
      signer: address
    })),
    tokens: tokens.map((address, index) => ({
      symbol: [first, second, third][index],
      address,
      decimals: 18,
      quantum: '1000000000'
    })),
    markets: [
      market(first, second, { makerBps: 40, takerBps: 50, takerFeeMin: 40 }),
      market(third, second, { makerBps: 0, takerBps: 30, takerFeeMin: 60 }),
      market(first, third, { makerBps: 70, takerBps: 30, takerFeeMin: 0 })
    ],
    limits: {
      slotsMax: 9,
      liveOrdersMax: 8,
      orderLifeMaxSeconds: 9000,
      fillsPerCommandMax: 6,
      triggersPerCutMax: 3
    },
    settlement: {
      batchFillsMax: 18,
      batchAgeMs: 2500,
      cosignMs: 500,
      settlerWindowSeconds: 100,
      horizonSeconds: 600,
      graceSeconds: 1200,
      chainStaleMaxMs: 60_000,
      unsettledMaxMs: 100_000,
      exitDelaySeconds: 4300
    }
  })
}
