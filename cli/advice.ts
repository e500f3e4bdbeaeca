// What to do about an error: the last part of what standard error says. Names are those of
// docs/rpc.md and docs/errors.md.

import { timeText } from './output.ts'

/** By the name of the error. */
export const advice: Record<string, string> = {
  unreachable:
    'Start one with `curbd`, or a whole venue with `curb devnet`; name another with --datadir or --rpc-url.',
  closed: 'The connection went; ask again. Look before you send an order again: `curb order list`.',
  refused: '`curb config print` shows rpc.allowedHosts, rpc.allowedOrigins and the rates.',
  parse_error: 'Is this `curb` of the same version as the daemon? `curb --version`.',
  invalid_request: 'Is this `curb` of the same version as the daemon? `curb --version`.',
  method_not_found: 'Is this `curb` of the same version as the daemon? `curb --version`.',
  invalid_params: 'See --help of the command.',
  internal_error: 'The daemon’s log says more: `curb node logs`.',
  unauthorized:
    'The token comes from <datadir>/.cookie, or from --token; `curb token create` makes one.',
  forbidden: 'Use a token of a wider scope; `curb token create NAME --scope trade` makes one.',
  too_many_requests: 'Wait a second; rpc.ordersPerSecond and its like set the rate.',
  busy: 'Nothing was taken: try again in a moment.',
  not_ready: '`curb node status` says what the daemon waits for.',
  settlement_lagging: 'Cancels are taken all the same; `curb venue status` shows the settlement.',
  engine_stopped: '`curb venue status` says why. Keep the data directory, and report it.',
  unknown_market: '`curb venue info` lists the markets.',
  unknown_token: '`curb venue info` lists the tokens.',
  unknown_account: '`curb account list` shows whom the daemon hosts; --account names one.',
  too_many_accounts: 'Link it to another daemon of the venue; an owner may take any.',
  account_locked:
    'Put it into keys.unlock, its password’s file into keys.passwordFile, and start the daemon again; or sign outside (docs/rpc.md).',
  not_linked: '`curb account link ADDRESS` links the account to this daemon.',
  invalid_amount: '`curb venue info` shows tick, lot and limits of each market.',
  insufficient_funds: '`curb balance` shows what is available; orders reserve what they can cost.',
  order_not_found: '`curb order list` shows what is live, --history what was.',
  would_cross: 'Name a price that does not meet the book, or let it move: --post-only slide.',
  fok_unfillable: '`curb book MARKET` shows what there is; --ioc takes a part.',
  duplicate_client_order_id: 'Take another id, or send the very same order again to find it.',
  duplicate_client_request_id:
    'Take another --id, or send the very same request again to find what became of it.',
  rejected: 'docs/errors.md lists every reason.',
  empty_book: 'Name a price of your own: "@ PRICE".',
  outcome_unknown: 'Look before you send again: `curb order list`.',
  chain_unavailable: 'Is chain.rpcUrl set, and the node up? `curb node status` shows the chain.',
  history_incomplete:
    'Ask from the block on that the error names; what is live is whole all the same.',
  not_found: '`curb batch list` shows the batches that are known.',
  unknown_channel: 'docs/rpc.md lists the channels.',
  subscription_lost: 'Subscriptions need the WebSocket.',
  transaction_failed: 'Nothing was moved but the gas; `curb balance` shows what you have.'
}

/** By the reason, where that says more than the name. */
const byReason: Record<string, string> = {
  expired: 'Name a later end: --expires SECONDS from now.',
  expiry_too_far: 'Name an earlier end: --expires SECONDS from now.',
  lease_lapsed: 'Leased orders need a lease: `curb order lease SECONDS`.',
  protected: '`curb order protect MARKET AMOUNT` lets it quote again.',
  too_many_orders:
    '`curb order cancel` some: the venue limits live orders of an account (`curb venue info`).',
  price_band: '`curb ticker MARKET` shows the last price; go towards it in steps.',
  notional_too_small: 'Order more: the market has a least value of an order.',
  exit_pending: '`curb exit TOKEN --cancel` takes the exit back.',
  not_admitted: 'Ask the venue’s makers: it admits listed accounts alone.',
  bond_too_small: 'Deposit more of the bond token: `curb deposit`.',
  venue_full: 'Deposit first: `curb deposit` brings an account in.',
  invalid_combination: 'See --help: some options exclude each other.'
}

/** What the vault's own refusals mean, by the name that stands in them. */
const ofVault: [RegExp, (value: string) => string][] = [
  [/NotReady\((\d+)\)/, (value) => `Its delay is not over: wait until ${when(value)}.`],
  [/NoExit\(/, () => 'Ask first: `curb exit TOKEN`, and claim after the delay.'],
  [
    /ExitPending\((\d+)\)/,
    (value) => `The exit can be claimed after ${when(value)}: curb exit TOKEN --claim.`
  ],
  [/NoFloorRequest/, () => 'Ask first: `curb account floor`, and apply it after the delay.'],
  [/FloorNotRaised/, () => 'A floor only goes up: name a greater nonce.'],
  [/NothingToMove/, () => 'There is nothing to take out.'],
  [
    /DepositCap/,
    () => 'The vault counts so much of this token and no more, of all accounts together.'
  ],
  [/CosignSpansMarkets/, () => 'Who co-signs does so for all markets: leave out --market.'],
  [/InvalidGrant/, () => 'A delegate is another address than the account, and not the zero one.'],
  [/ransfer|nsufficient|allowance/, () => 'Does the account hold so much of the token?']
]

function when(seconds: string): string {
  return timeText(Number(seconds) * 1000)
}

export function adviceOn({ rpcName, reason }: { rpcName: string; reason: string }): string | null {
  const vaults = ofVault.find(([name]) => rpcName === 'rejected' && name.test(reason))
  const value = vaults?.[0].exec(reason)?.[1] ?? ''
  return vaults?.[1](value) ?? byReason[reason] ?? advice[rpcName] ?? null
}
