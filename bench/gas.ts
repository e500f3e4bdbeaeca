// `npm run bench:gas [-- --json]`: what settlement costs on a real EVM (anvil, osaka), whole
// transactions: 21,000, calldata, attestations of three of four validators, everything. Fees are
// above zero, accounts and ring slots are in use already (steady state). Gas is exact, but for a
// few dozen that the zero bytes of signatures make.
import { fileURLToPath } from 'node:url'
import type { ContractTransactionReceipt } from 'ethers'
import type { Order } from '../protocol/types.ts'
import { keyOf, type Sealed, VaultVenue } from '../test/helpers/vault.ts'
import { GasCase, type Pair } from './gas-cases.ts'
import { report, type Row, say, wantsJson } from './report.ts'

/** What EIP-7825 allows a transaction. */
export const transactionGasMax = 16_777_216

export const tradeCounts: readonly number[] = [1, 10, 50, 200]

/** Gas a trade of the best of the field, as measured on the same machine in the same way; both
 * sides signed orders that a third party submits. */
const field = [
  ['CoW Protocol GPv2, both orders new, 20 trades', 119_542, 'npm @cowprotocol/contracts 1.8.0'],
  ['CoW Protocol GPv2, known orders, 20 trades', 85_342, 'npm @cowprotocol/contracts 1.8.0'],
  ['Seaport 1.6 matchAdvancedOrders, 10 pairs', 147_432, 'npm @opensea/seaport-js 4.3.0'],
  ['0x v3 batchMatchOrders, 10 pairs', 155_333, 'npm @0x/contracts-exchange 3.2.38'],
  ['IDEX Whistler executeTrade', 212_255, 'idexio/idex-contracts-whistler'],
  ['0x v4 batchFillLimitOrders, 10, one side signed', 62_704, 'npm @0x/contracts-zero-ex 0.38.6'],
  ['Loopring v3, a ring settled in a proof of thousands', 1_800, 'its DESIGN.md, calldata only'],
  ['StarkEx spot, recursive proofs, full batches', 71, 'its documentation, an estimate']
] as const

/** Everything in the table, measured. */
export async function measureGas(counts: readonly number[] = tradeCounts): Promise<Row[]> {
  const venue = await VaultVenue.open()
  try {
    const rows: Row[] = []
    for (const trades of counts) rows.push(...(await measureTrades(venue, trades)))
    rows.push(...(await measureMoney(venue)))
    return rows
  } finally {
    await venue.close()
  }
}

async function measureTrades(venue: VaultVenue, trades: number): Promise<Row[]> {
  const rows: Row[] = []
  const nobody = (): boolean => false
  const everybody = (): boolean => true
  const run = async (name: string, sealed: Sealed): Promise<void> => {
    const receipt = await venue.settle(sealed)
    rows.push(...rowsOf(venue, name, trades, sealed, receipt))
  }

  const distinct = new GasCase(venue, `distinct ${trades}`, trades * 2)
  await distinct.fund()
  await venue.settle(await distinct.seal(distinct.pairs(trades, null), nobody))
  const fresh = distinct.pairs(trades, null)
  await run('distinct.new', await distinct.seal(fresh, nobody))
  await run('distinct.known', await distinct.seal(distinct.pairs(trades, makersOf(fresh)), nobody))
  await run('distinct.cosigned', await distinct.seal(fresh, everybody))

  const ten = new GasCase(venue, `ten ${trades}`, Math.min(10, trades * 2))
  await ten.fund()
  await venue.settle(await ten.seal(ten.ringPairs(trades), nobody))
  await run('ten.new', await ten.seal(ten.ringPairs(trades), nobody))
  await venue.settle(await ten.seal(ten.sweeps(trades, null), nobody))
  const swept = ten.sweeps(trades, null)
  await run('ten.sweepNew', await ten.seal(swept, nobody))
  await run('ten.sweepKnown', await ten.seal(ten.sweeps(trades, makersOf(swept)), nobody))
  const mixed = ten.sweeps(trades, null)
  await run('ten.mixed', await ten.seal(mixed, (place) => place % 2 === 0))
  // The marks lie in words of their own, the dearest way.
  await venue.settle(await ten.seal(mixed, everybody, [1, 4]))
  await run('ten.cosignedMarks', await ten.seal(mixed, everybody, [1, 4]))
  await run('ten.cosigned', await ten.seal(mixed, everybody))
  return rows
}

async function measureMoney(venue: VaultVenue): Promise<Row[]> {
  const { anvil, vault, tokens } = venue
  const owner = anvil.wallets[0].address
  await anvil.mined(tokens[0].mint(owner, 10n ** 24n))
  await anvil.mined(vault.deposit(0, 1000, owner))
  const deposit = await anvil.mined(vault.deposit(0, 1000, owner))
  // Another account keeps the vault's own holdings above zero.
  await venue.fund(keyOf('somebody else').address, 0, 1000)
  const requestExit = await anvil.mined(vault.requestExit(0))
  await anvil.increaseTime(venue.terms.exitDelay)
  const claimExit = await anvil.mined(vault.claimExit(0))
  return [
    { name: 'gas.deposit', value: Number(deposit.gasUsed), unit: 'gas' },
    { name: 'gas.requestExit', value: Number(requestExit.gasUsed), unit: 'gas' },
    { name: 'gas.claimExit', value: Number(claimExit.gasUsed), unit: 'gas' }
  ]
}

function makersOf(pairs: readonly Pair[]): Order[] {
  return pairs.map(({ maker }) => maker)
}

function rowsOf(
  venue: VaultVenue,
  name: string,
  trades: number,
  sealed: Sealed,
  receipt: ContractTransactionReceipt
): Row[] {
  const gas = Number(receipt.gasUsed)
  if (gas > transactionGasMax) throw new Error(`${name}: ${gas} gas is more than a transaction has`)
  const bytes = venue.calldata(sealed).length / 2 - 1
  return [
    { name: `gas.${name}.${trades}`, value: round(gas / trades), unit: 'gas/trade' },
    { name: `calldata.${name}.${trades}`, value: round(bytes / trades), unit: 'bytes/trade' }
  ]
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}

async function main(): Promise<void> {
  const rows = await measureGas()
  report('gas', rows)
  if (wantsJson()) return
  say('\nthe field, gas a trade (measured, or published where it says so):')
  for (const [name, gas, source] of field) {
    say(`  ${String(gas).padStart(7)}  ${name}  (${source})`)
  }
  say('co-signing is netting: its gas a trade falls as an account trades more in a batch')
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main()
