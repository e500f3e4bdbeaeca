// From JSON that a person wrote to a Manifest that keeps every rule, or a fault that says which
// field is wrong and what to do. Missing fields get their defaults; what has no meaning in its
// order (admission, endow) is sorted, so that two ways of writing one venue have one id.
import { ZERO_ADDRESS } from './address.ts'
import { Fields, invalid } from './fields.ts'
import {
  EXPIRY_MAX,
  MARKETS_LIMIT,
  PRICE_MAX,
  QUANTITY_MAX,
  SLOTS_LIMIT,
  TOKENS_LIMIT,
  TRANSACTION_GAS_MAX,
  U32_MAX,
  VALIDATORS_LIMIT
} from './limits.ts'
import {
  defaultFees,
  defaultLimits,
  defaultMarketLimits,
  defaultPacing,
  defaultSettlement
} from './manifest-defaults.ts'
import { checkMarketNumbers, checkSettlementTimes, checkVaultTerms } from './manifest-rules.ts'
import type {
  Manifest,
  ManifestChain,
  ManifestEndowment,
  ManifestLimits,
  ManifestMarket,
  ManifestPacing,
  ManifestSettlement,
  ManifestToken,
  ManifestValidator
} from './manifest.ts'
import type { Address } from './types.ts'

const SYMBOL = /^[A-Za-z0-9._-]{1,16}$/
const SYMBOL_ADVICE = 'must be 1 to 16 of A-Z a-z 0-9 . _ -'
const ADMISSION_MAX = 65_536
const ENDOW_MAX = 65_536

/** @throws Fault manifest_invalid */
export function checkManifest(json: unknown): Manifest {
  const root = new Fields(json, 'the file')
  if (root.raw('version') !== 1) invalid('version', 'must be 1')
  const name = root.text('name', /^[ -~]{1,64}$/, 'must be 1 to 64 printable ASCII characters')
  const chain = chainOf(root)
  const validators = root.list('validators', 1, VALIDATORS_LIMIT).map(validatorOf)
  const tokens = root
    .list('tokens', 2, TOKENS_LIMIT)
    .map((token, i) => tokenOf(token, `tokens[${i}]`, chain === null))
  unique('validators', 'peer', validators, (validator) => validator.peer)
  unique('validators', 'signer', validators, (validator) => validator.signer)
  unique('tokens', 'symbol', tokens, (token) => token.symbol)
  if (chain !== null) unique('tokens', 'address', tokens, (token) => token.address)
  const markets = root.list('markets', 1, MARKETS_LIMIT).map((market, i) => {
    return marketOf(market, `markets[${i}]`, tokens)
  })
  const manifest: Manifest = {
    version: 1,
    name,
    chain,
    validators,
    tokens,
    markets,
    limits: limitsOf(root.object('limits', false), tokens),
    pacing: pacingOf(root.object('pacing', false)),
    settlement: settlementOf(root.object('settlement', false)),
    admission: admissionOf(root),
    endow: endowOf(root, tokens)
  }
  root.done()
  unique('markets', 'symbol', markets, (market) => market.symbol)
  if (chain !== null && manifest.endow.length > 0) {
    invalid('endow', 'must be empty in a venue with a chain: balances come from deposits')
  }
  checkVaultTerms(manifest)
  checkSettlementTimes(manifest)
  return manifest
}

function chainOf(root: Fields): ManifestChain | null {
  const value = root.raw('chain')
  if (value === undefined) invalid('chain', 'must be given: null, or { id, vault, confirmations }')
  if (value === null) return null
  const fields = new Fields(value, 'chain')
  const chain = {
    id: fields.integer('id', 1),
    vault: fields.address('vault'),
    confirmations: fields.integer('confirmations', 0, 10_000)
  }
  fields.done()
  return chain
}

function validatorOf(value: unknown, index: number): ManifestValidator {
  const fields = new Fields(value, `validators[${index}]`)
  const validator = {
    peer: fields
      .text('peer', /^[0-9a-fA-F]{64}$/, 'must be an ed25519 public key: 64 hex digits')
      .toLowerCase(),
    signer: fields.address('signer')
  }
  fields.done()
  return validator
}

function tokenOf(value: unknown, path: string, chainless: boolean): ManifestToken {
  const fields = new Fields(value, path)
  const token = {
    symbol: fields.text('symbol', SYMBOL, SYMBOL_ADVICE),
    address: fields.address('address', chainless ? ZERO_ADDRESS : undefined),
    decimals: fields.integer('decimals', 0, 36),
    quantum: fields.text(
      'quantum',
      /^[1-9][0-9]{0,35}$/,
      'must be a positive whole number of base units as a string, such as "10000000000"'
    )
  }
  fields.done()
  return token
}

function marketOf(value: unknown, path: string, tokens: readonly ManifestToken[]): ManifestMarket {
  const fields = new Fields(value, path)
  const limits = fields.object('limits', true)
  const fees = fields.object('fees', false)
  const market: ManifestMarket = {
    symbol: fields.text('symbol', /^[A-Za-z0-9._/-]{1,33}$/, 'must be such as "WETH/USDC"'),
    base: tokenSymbol(fields, 'base', tokens),
    quote: tokenSymbol(fields, 'quote', tokens),
    lotSize: fields.integer('lotSize', 1),
    tickValue: fields.integer('tickValue', 1),
    limits: {
      priceMaxTicks: limits.integer('priceMaxTicks', 1, PRICE_MAX),
      quantityMaxLots: limits.integer('quantityMaxLots', 1, QUANTITY_MAX),
      notionalMin: limits.integer('notionalMin', 0, undefined, defaultMarketLimits.notionalMin),
      bandBps: limits.integer('bandBps', 0, 10_000, defaultMarketLimits.bandBps)
    },
    fees: {
      makerBps: fees.integer('makerBps', 0, 10_000, defaultFees.makerBps),
      takerBps: fees.integer('takerBps', 0, 10_000, defaultFees.takerBps),
      takerFeeMin: fees.integer('takerFeeMin', 0, undefined, defaultFees.takerFeeMin)
    }
  }
  limits.done()
  fees.done()
  fields.done()
  checkMarketNumbers(market, path, tokens)
  return market
}

function tokenSymbol(fields: Fields, name: string, tokens: readonly ManifestToken[]): string {
  const symbol = fields.text(name, SYMBOL, SYMBOL_ADVICE)
  if (!tokens.some((token) => token.symbol === symbol)) {
    invalid(fields.at(name), `names ${symbol}, which is not among the tokens: add it there`)
  }
  return symbol
}

function limitsOf(fields: Fields, tokens: readonly ManifestToken[]): ManifestLimits {
  const integer = (name: Exclude<keyof ManifestLimits, 'bond'>, min: number, max: number): number =>
    fields.integer(name, min, max, defaultLimits[name])
  const bond = fields.raw('bond') ?? null
  const limits = {
    slotsMax: integer('slotsMax', 1, SLOTS_LIMIT),
    liveOrdersMax: integer('liveOrdersMax', 1, SLOTS_LIMIT),
    orderLifeMaxSeconds: integer('orderLifeMaxSeconds', 1, EXPIRY_MAX),
    fillsPerCommandMax: integer('fillsPerCommandMax', 1, 10_000),
    triggersPerCutMax: integer('triggersPerCutMax', 0, 10_000),
    entriesPerLanePerCut: integer('entriesPerLanePerCut', 1, 4096),
    bond: bond === null ? null : bondOf(new Fields(bond, fields.at('bond')), tokens)
  }
  fields.done()
  return limits
}

function bondOf(
  fields: Fields,
  tokens: readonly ManifestToken[]
): NonNullable<ManifestLimits['bond']> {
  const bond = {
    token: tokenSymbol(fields, 'token', tokens),
    min: fields.integer('min', 1),
    entriesPerCutPerBond: fields.integer('entriesPerCutPerBond', 1, 4096)
  }
  fields.done()
  return bond
}

function pacingOf(fields: Fields): ManifestPacing {
  const integer = (name: keyof ManifestPacing, min: number): number =>
    fields.integer(name, min, U32_MAX, defaultPacing[name])
  const pacing = {
    heartbeatMs: integer('heartbeatMs', 1),
    batchHeartbeatMs: integer('batchHeartbeatMs', 1),
    snapshotCuts: integer('snapshotCuts', 1),
    clockDriftMaxMs: integer('clockDriftMaxMs', 1),
    inclusionMaxMs: integer('inclusionMaxMs', 1),
    standstillMs: integer('standstillMs', 1),
    roundMs: integer('roundMs', 1),
    absentLeaderMs: integer('absentLeaderMs', 0),
    staleMaxMs: integer('staleMaxMs', 1)
  }
  fields.done()
  if (pacing.staleMaxMs <= pacing.heartbeatMs) {
    invalid('pacing.staleMaxMs', 'must be above heartbeatMs, or an idle venue looks stale')
  }
  return pacing
}

function settlementOf(fields: Fields): ManifestSettlement {
  const integer = (name: keyof ManifestSettlement, min: number, max = U32_MAX): number =>
    fields.integer(name, min, max, defaultSettlement[name])
  const settlement = {
    batchFillsMax: integer('batchFillsMax', 1, 100_000),
    batchGasMax: integer('batchGasMax', 1, TRANSACTION_GAS_MAX),
    batchAgeMs: integer('batchAgeMs', 1),
    cosignMs: integer('cosignMs', 0),
    settlerWindowSeconds: integer('settlerWindowSeconds', 0),
    horizonSeconds: integer('horizonSeconds', 1),
    graceSeconds: integer('graceSeconds', 1),
    exitDelaySeconds: integer('exitDelaySeconds', 1),
    unsettledMaxMs: integer('unsettledMaxMs', 1),
    unsettledGasMax: integer('unsettledGasMax', 1),
    chainStaleMaxMs: integer('chainStaleMaxMs', 1),
    gasBase: integer('gasBase', 0),
    gasOrder: integer('gasOrder', 0),
    gasFill: integer('gasFill', 0),
    gasWithdrawal: integer('gasWithdrawal', 0)
  }
  fields.done()
  return settlement
}

function admissionOf(root: Fields): 'open' | Address[] {
  const value = root.raw('admission')
  if (value === undefined || value === 'open') return 'open'
  const list = root.list('admission', 1, ADMISSION_MAX).map((account, i) => {
    return new Fields({ account }, `admission[${i}]`).address('account')
  })
  unique('admission', 'account', list, (account) => account)
  return list.sort(byText)
}

function endowOf(root: Fields, tokens: readonly ManifestToken[]): ManifestEndowment[] {
  const list = root.list('endow', 0, ENDOW_MAX, []).map((value, i) => {
    const fields = new Fields(value, `endow[${i}]`)
    const endowment = {
      account: fields.address('account'),
      token: tokenSymbol(fields, 'token', tokens),
      quanta: fields.integer('quanta', 1)
    }
    fields.done()
    return endowment
  })
  unique('endow', 'account and token', list, (each) => `${each.account} ${each.token}`)
  return list.sort((a, b) => byText(a.account, b.account) || byText(a.token, b.token))
}

function unique<T>(
  path: string,
  what: string,
  items: readonly T[],
  keyOf: (item: T) => string
): void {
  const seen = new Set<string>()
  for (const key of items.map(keyOf)) {
    if (seen.has(key)) invalid(path, `names the ${what} ${key} twice: each must differ`)
    seen.add(key)
  }
}

/** By code unit: the texts are ASCII, and a locale must not decide. */
function byText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
