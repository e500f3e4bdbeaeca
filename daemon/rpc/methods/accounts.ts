// Accounts and their money.
import { z } from 'zod'
import { fromHex, toHex } from '../../../protocol/bytes.ts'
import { parseAmount } from '../../../protocol/money.ts'
import { forWallet, typedData } from '../../../protocol/typed-data.ts'
import type { RequestName } from '../../trading/requests.ts'
import type { RpcApi, RpcVault } from '../api.ts'
import { RpcError } from '../errors.ts'
import { rejection } from '../faults.ts'
import type { AnyMethod } from '../registry.ts'
import * as schema from '../schemas.ts'
import { define, ok } from './define.ts'
import { tokenIndex } from './market-data.ts'
import { balancesOf } from './orders.ts'
import { nameOf } from './replies.ts'
import { transfersOf } from './transfers.ts'

const lotsMax = 2 ** 30 - 1
const windowMaxMs = 24 * 3600 * 1000
const leaseMaxMs = 24 * 3600 * 1000

export function accountMethods(api: RpcApi): AnyMethod[] {
  const { desk, forms, manifest, node } = api
  const account = schema.address.exactOptional()
  const token = schema.tokenSymbol
  const { clientRequestId } = schema
  const transaction = z.strictObject({ transaction: z.string() })

  const quantaOf = (symbol: string, amount: string): { index: number; quanta: number } => {
    const index = tokenIndex(api, symbol)
    return { index, quanta: parseAmount(amount, manifest.tokens[index]) }
  }

  return [
    define({
      name: 'private/get_accounts',
      doc: 'The accounts that this daemon hosts: whether their key is unlocked, and whether their trading is linked to this daemon’s lane.',
      scope: 'read',
      bucket: 'reads',
      params: schema.none,
      result: z.array(
        z.strictObject({
          account: z.string(),
          unlocked: z.boolean(),
          linked: z.boolean(),
          lane: z.string().nullable(),
          lastNonce: z.number().int()
        })
      ),
      handle: () => {
        const lanes = new Map(node.engine.lanes().map(({ lane, key }) => [lane, toHex(key)]))
        return desk.accounts().map(({ address, signer, linked, lastNonce }) => {
          const lane = node.engine.account(address)?.lane ?? null
          return {
            account: address,
            unlocked: signer !== null,
            linked,
            lane: lane === null ? null : (lanes.get(lane) ?? null),
            lastNonce
          }
        })
      }
    }),
    define({
      name: 'private/get_balances',
      doc: 'Balances by token: settled (in the vault), pending (unsettled trades), reserved (live orders), and what is available.',
      scope: 'read',
      bucket: 'reads',
      params: z.strictObject({ account }),
      result: z.array(schema.balance),
      handle: ({ account: named }) => balancesOf(api, desk.account(named).address)
    }),
    define({
      name: 'private/link_account',
      doc: 'Links an account’s trading to this daemon’s lane. An unlocked account is linked at once. For any other the answer carries typed data: sign it (eth_signTypedData_v4) and call again with signature, nonce and expiry of it.',
      scope: 'trade',
      bucket: 'orders',
      params: z.strictObject({
        account: schema.address,
        signature: schema.signature.exactOptional(),
        nonce: z.number().int().min(1).exactOptional(),
        expiry: schema.expirySeconds.exactOptional()
      }),
      result: z.strictObject({ account: z.string(), linked: z.boolean(), typedData: z.unknown() }),
      handle: async ({ account: named, signature, nonce, expiry }) => {
        if (!node.synced) throw new RpcError('not_ready', 'still catching up with the tape')
        const address = named.toLowerCase()
        const candidate = desk.candidate(address)
        if (signature === undefined) {
          refuseUnsigned({ nonce, expiry })
          if (candidate.signer === null) {
            const { linked } = candidate
            // Its owner has linked it here, and the answer was lost.
            if (linked) hosted(api, address)
            const link = { lane: node.lane.lane, account: address, ...desk.linkTerms(candidate) }
            const typed = forWallet(typedData(node.terms, { kind: 'link', link }))
            return { account: address, linked, typedData: typed }
          }
        }
        const signed =
          signature === undefined ? null : { signature: bytesOf(signature), ...pair(nonce, expiry) }
        const { rejected } = await desk.link(candidate, signed).outcome
        if (rejected !== null) throw rejection(rejected)
        hosted(api, address)
        return { account: address, linked: true, typedData: null }
      }
    }),
    define({
      name: 'private/deposit',
      doc: 'Moves tokens of an unlocked account into the vault (with an approval first, if it needs one). They can be traded with once the chain has confirmed it.',
      scope: 'trade',
      bucket: 'orders',
      params: z.strictObject({ account, token, amount: schema.decimal, clientRequestId }),
      result: transaction,
      handle: (params) => {
        const { index, quanta } = quantaOf(params.token, params.amount)
        const name = nameOf('private/deposit', params)
        return move(api, params, name, (vault) => vault.deposit(index, quanta, name))
      }
    }),
    define({
      name: 'private/withdraw',
      doc: 'Asks for a withdrawal with the next batch; it is paid only to the account. Answers when the engine has accepted it.',
      scope: 'trade',
      bucket: 'orders',
      params: z.strictObject({
        account,
        token,
        amount: schema.decimal,
        clientRequestId,
        wait: z.boolean().exactOptional()
      }),
      result: z.strictObject({
        nonce: z.number().int(),
        state: z.enum(['pending', 'accepted'])
      }),
      handle: async (params) => {
        const { index: token, quanta } = quantaOf(params.token, params.amount)
        const name = nameOf('private/withdraw', params)
        const hosted = desk.account(params.account)
        const terms = { token, quanta, wait: params.wait ?? true }
        const { nonce, end } = await api.requests.once(hosted.address, name, () =>
          api.withdrawing.withdraw(hosted, terms, name)
        )
        if (end?.state === 'rejected') throw rejection(end.reason)
        if (end?.state !== 'unknown') return { nonce, state: end?.state ?? 'pending' }
        throw new RpcError(
          'history_incomplete',
          'the daemon has not seen the blocks in which it may have been taken: see private/get_balances',
          'clientRequestId'
        )
      }
    }),
    define({
      name: 'private/exit',
      doc: 'The way out that needs nobody: `request` starts the vault’s delay for a token (its orders are cancelled), `claim` takes the balance after it, `cancel` calls it off.',
      scope: 'trade',
      bucket: 'orders',
      params: z.strictObject({
        account,
        token,
        action: z.enum(['request', 'claim', 'cancel']).exactOptional(),
        clientRequestId
      }),
      result: z.strictObject({ transaction: z.string(), readyAt: z.number().int().nullable() }),
      handle: (params) => {
        const { token: symbol, action = 'request' } = params
        const index = tokenIndex(api, symbol)
        const name = nameOf('private/exit', params)
        return move(api, params, name, (vault) => vault.exit(action, index, name))
      }
    }),
    define({
      name: 'private/raise_floor',
      doc: 'The only cancel that binds a dishonest quorum: `request` asks the vault that all orders of the account with a nonce below `nonce` (all that were signed so far, unless told) be dead after its delay, `apply` carries it out then. The venue cancels them at the request.',
      scope: 'trade',
      bucket: 'orders',
      params: z.strictObject({
        account,
        action: z.enum(['request', 'apply']).exactOptional(),
        nonce: z
          .number()
          .int()
          .min(1)
          .max(2 ** 40 - 1)
          .exactOptional(),
        clientRequestId
      }),
      result: z.strictObject({ transaction: z.string(), readyAt: z.number().int().nullable() }),
      handle: (params) => {
        const { account: named, action = 'request', nonce } = params
        if (action === 'apply' && nonce !== undefined) {
          throw new RpcError('invalid_params', 'the nonce was named with the request', 'nonce')
        }
        const name = nameOf('private/raise_floor', params)
        return move(api, params, name, async (vault) => {
          if (action === 'apply') return { ...(await vault.applyFloor(name)), readyAt: null }
          return vault.requestFloor(nonce ?? desk.account(named).lastNonce + 1, name)
        })
      }
    }),
    define({
      name: 'private/get_transfers',
      doc: 'Deposits, withdrawals and exits of an account, newest first, at most 1,000. Before the tape has them, those of this daemon are `submitted`, and `mined` once the chain has them; so is a withdrawal while its batch is. `transaction` is that of the last step: the deposit; the batch of a withdrawal, then its claim; the request of an exit, then its claim or cancel (null when this daemon has not seen the chain itself).',
      scope: 'read',
      bucket: 'reads',
      params: z.strictObject({ account }),
      result: z.array(
        z.strictObject({
          account: z.string(),
          token: z.string(),
          kind: z.enum(['deposit', 'withdrawal', 'exit']),
          amount: schema.decimal,
          state: z.enum([
            'submitted',
            'mined',
            'pending',
            'claimable',
            'claimed',
            'delayed',
            'final',
            'cancelled',
            'reverted'
          ]),
          transaction: z.string().nullable(),
          readyAt: z.number().int().nullable(),
          time: schema.timestamp
        })
      ),
      handle: async ({ account: named }) => {
        return transfersOf(api, desk.account(named).address)
      }
    }),
    define({
      name: 'private/set_delegate',
      doc: 'Registers a key in the vault that may sign orders of a market (or of all), and with `cosign` net results, but never withdrawals. `until` in the past ends it. A delegate can lose the account’s balance by trading badly.',
      scope: 'admin',
      bucket: 'orders',
      params: z.strictObject({
        account,
        delegate: schema.address,
        market: schema.marketSymbol.exactOptional(),
        cosign: z.boolean().exactOptional(),
        from: z.number().int().nonnegative().exactOptional(),
        until: z.number().int().nonnegative(),
        clientRequestId
      }),
      result: transaction,
      handle: (params) => {
        const { market, cosign = false, from = 0, until } = params
        const delegate = params.delegate.toLowerCase()
        const index = market === undefined ? null : forms.marketIndex(market)
        const name = nameOf('private/set_delegate', params)
        return move(api, params, name, (vault) =>
          vault.setDelegate({ delegate, market: index, cosign, from, until }, name)
        )
      }
    }),
    define({
      name: 'private/set_lease',
      doc: 'A dead-man’s switch: from now on the daemon renews its lane’s lease, and orders with `leased` live only while it is fresh. A daemon that dies, or is cut off, loses them after `ttlMs` of tape time. 0 ends it.',
      scope: 'trade',
      bucket: 'orders',
      params: z.strictObject({ ttlMs: z.number().int().min(0).max(leaseMaxMs) }),
      result: z.literal('ok'),
      handle: async ({ ttlMs }) => {
        await api.leases.set(ttlMs)
        return ok
      }
    }),
    define({
      name: 'private/set_market_maker_protection',
      doc: 'After `amount` of an account’s quotes traded within `windowMs`, all its quotes of the market are cancelled at once, in the middle of a sweep if need be; calling this again lets it quote anew. An amount of 0 switches it off.',
      scope: 'trade',
      bucket: 'orders',
      params: z.strictObject({
        account,
        market: schema.marketSymbol,
        amount: schema.decimal,
        windowMs: z.number().int().min(0).max(windowMaxMs)
      }),
      result: z.literal('ok'),
      handle: async ({ account: named, market, amount, windowMs }) => {
        const index = forms.marketIndex(market)
        const lots = /^0(\.0+)?$/.test(amount) ? 0 : forms.lots(index, amount)
        const sent = desk.protect(desk.account(named), index, Math.min(lots, lotsMax), windowMs)
        const { rejected } = await sent.outcome
        if (rejected !== null) throw rejection(rejected)
        return ok
      }
    })
  ]
}

/** From now on the daemon trades for the account, also after a restart: its link was accepted. */
function hosted({ desk, history }: RpcApi, address: string): void {
  desk.host(address, null)
  history.hosts(address)
}

/** A transaction of an owner, once for each name. */
async function move<T>(
  api: RpcApi,
  { account: named }: { account?: string },
  name: RequestName | undefined,
  make: (vault: RpcVault) => Promise<T>
): Promise<T> {
  const vault = vaultOf(api, named)
  const { address } = api.desk.account(named)
  return api.requests.once(address, name, () => make(vault))
}

/** @throws RpcError chain_unavailable, account_locked */
function vaultOf(api: RpcApi, named: string | undefined): RpcVault {
  const account = api.desk.account(named)
  if (api.manifest.chain === null) {
    throw new RpcError('chain_unavailable', 'this venue has no chain')
  }
  const vault = api.vault(account.address)
  if (vault !== null) return vault
  if (account.signer === null) throw new RpcError('account_locked')
  throw new RpcError('chain_unavailable', 'this daemon has no RPC of the chain (chain.rpcUrl)')
}

/** @throws RpcError when a signature's terms come without one */
function refuseUnsigned(terms: { nonce: number | undefined; expiry: number | undefined }): void {
  for (const name of ['nonce', 'expiry'] as const) {
    if (terms[name] === undefined) continue
    throw new RpcError('invalid_params', `${name} comes with a signature`, name)
  }
}

function pair(
  nonce: number | undefined,
  expiry: number | undefined
): { nonce: number; expiry: number } {
  if (nonce !== undefined && expiry !== undefined) return { nonce, expiry }
  throw new RpcError('invalid_params', 'a signature comes with its nonce and expiry', 'nonce')
}

/** The schema has checked its form. */
export function bytesOf(hex: string): Uint8Array {
  const bytes = fromHex(hex.slice(2).toLowerCase())
  if (bytes === null) throw new RpcError('invalid_params', 'not hex', 'signature')
  return bytes
}
