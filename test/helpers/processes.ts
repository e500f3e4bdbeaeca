// A venue of processes for tests and benches: what `curb devnet` starts, without screen and bots,
// with a ledger of its own beside it.
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import {
  Contract,
  type ContractRunner,
  HDNodeWallet,
  JsonRpcProvider,
  type Log,
  NonceManager,
  parseUnits,
  Wallet
} from 'ethers'
import { type Deposit, LocalVenue } from '../../cli/devnet/local-venue.ts'
import type { Member, Settlement } from '../../config/devnet-plan.ts'
import { connect, enter } from '../../cli/devnet/trader.ts'
import { SocketClient } from '../../client/socket.ts'
import { after } from '../../client/timer.ts'
import { mined } from '../../contracts/mined.ts'
import { artifact, vaultAt, vaultInterface } from '../../contracts/vault.ts'
import type { Manifest } from '../../protocol/manifest.ts'
import type { RpcBatch, RpcStatus } from '../../protocol/rpc.ts'
import { builtDaemon } from './built.ts'
import { Ledger, type VaultNews, type VaultPicture } from './ledger.ts'
import { ProcessTrader, typedDataShape } from './process-trader.ts'
import { until } from './until.ts'

export type ProcessVenueOptions = {
  validators?: number
  traders?: number
  seed?: number
  settlement?: Settlement
}

/** Long enough for a machine with two cores and nine processes; a bound, not a part of a test. */
const PATIENCE_MS = 60_000
const PORTS_FROM = 20_000
const PORTS_PER_PROCESS = 40
const PORT_ROWS = 250
const BATCHES = 1000

const mnemonic = 'test test test test test test test test test test test junk'

export class ProcessVenue {
  readonly #options: ProcessVenueOptions
  #local: LocalVenue | null = null
  #chain: JsonRpcProvider | null = null
  #manifest: Manifest | null = null
  #ledger: Ledger | null = null
  #folder = ''
  #kill = (): void => {}
  traders: ProcessTrader[] = []

  constructor(options: ProcessVenueOptions = {}) {
    this.#options = options
  }

  /** Chain, validators and traders, the traders linked and with money. */
  async open(): Promise<void> {
    const { validators = 4, traders = 2, seed = 1, settlement = {} } = this.#options
    this.#folder = await mkdtemp(path.join(tmpdir(), 'curb-e2e-'))
    const local = new LocalVenue(
      {
        root: path.join(this.#folder, 'venue'),
        validators,
        traders,
        seed,
        settlement,
        // Test runs beside each other take ports of their own.
        portsFrom: PORTS_FROM + (process.pid % PORT_ROWS) * PORTS_PER_PROCESS
      },
      { after, program: builtDaemon }
    )
    this.#local = local
    // A test that dies must not leave a venue behind.
    this.#kill = () => local.kill()
    process.once('exit', this.#kill)
    await local.open()
    this.#chain = new JsonRpcProvider(local.chainUrl, undefined, {
      staticNetwork: true,
      cacheTimeout: -1,
      pollingInterval: 50
    })
    const text = await readFile(path.join(local.members[0].datadir, 'venue.json'), 'utf8')
    const manifest: Manifest = JSON.parse(text)
    this.#manifest = manifest
    this.#ledger = new Ledger(manifest)
    const deposits = await local.deposits()
    this.traders = await Promise.all(
      local.traders.map(async (member) => {
        const client = await this.client(member.name)
        await enter(client, deposits, after)
        const [{ account }] = await client.call('private/get_accounts', {})
        const trader = new ProcessTrader(member, account, client, this.ledger)
        await trader.listens()
        return trader
      })
    )
  }

  /** @param options `keep` leaves the daemons' folders and logs for whoever wants to know more. */
  async close({ keep = false } = {}): Promise<void> {
    this.#chain?.destroy()
    for (const { client } of this.traders) await client.close()
    if (this.#local !== null) await this.#local.close()
    process.off('exit', this.#kill)
    if (!keep) await rm(this.#folder, { recursive: true, force: true })
  }

  get folder(): string {
    return this.#folder
  }

  get local(): LocalVenue {
    return opened(this.#local)
  }

  get chain(): JsonRpcProvider {
    return opened(this.#chain)
  }

  get manifest(): Manifest {
    return opened(this.#manifest)
  }

  get ledger(): Ledger {
    return opened(this.#ledger)
  }

  get vault(): Contract {
    return vaultAt(this.#vaultAddress, this.chain)
  }

  get #vaultAddress(): string {
    const { chain } = this.manifest
    if (chain === null) throw new Error('the venue has no chain')
    return chain.vault
  }

  /** One of the chain's funded accounts; the daemons have the first ones. */
  wallet(index: number): Wallet {
    const { privateKey } = HDNodeWallet.fromPhrase(mnemonic, undefined, `m/44'/60'/0'/0/${index}`)
    return new Wallet(privateKey, this.chain)
  }

  member(name: string): Member {
    const found = this.local.members.find((each) => each.name === name)
    if (found === undefined) throw new Error(`no daemon ${name}`)
    return found
  }

  /** A connection with a token of its own, which outlives the daemon's process and its cookie. */
  async client(name: string): Promise<SocketClient> {
    const member = this.member(name)
    const first = await connect(member, after)
    const { token } = await first.call('admin/create_token', {
      name: `test-${performance.now()}`,
      scope: 'admin'
    })
    await first.close()
    const url = `http://127.0.0.1:${member.rpcPort}`
    const client = new SocketClient({ url, token, backoffMaxMs: 200 })
    await client.open()
    return client
  }

  /** What a daemon says of itself, by its own cookie. */
  async status(name: string): Promise<RpcStatus> {
    const client = await connect(this.member(name), after)
    try {
      return await client.call('public/status', {})
    } finally {
      await client.close()
    }
  }

  /** kill -9, and gone when it resolves. */
  async kills(name: string): Promise<void> {
    this.local.processes.signal(name, 'SIGKILL')
    await until(() => this.local.processes.state(name) === 'dead', `${name} to die`)
  }

  /** Starts it again as it was, and waits until it takes orders. */
  async restarts(name: string): Promise<void> {
    await this.local.processes.restart(name)
    await this.ready(name)
  }

  ready(name: string): Promise<RpcStatus> {
    return until(
      async () => {
        const status = await this.status(name)
        return status.ready ? status : null
      },
      `${name} to be ready`,
      PATIENCE_MS
    )
  }

  /** A wallet whose key no daemon has, linked to a trader's daemon by its own signature. */
  async hosts(host: ProcessTrader, wallet: Wallet): Promise<ProcessTrader> {
    const account = wallet.address.toLowerCase()
    const asked = await host.client.call('private/link_account', { account })
    const { domain, types, message } = typedDataShape.parse(asked.typedData)
    const { EIP712Domain: _domain, ...rest } = types
    const signature = await wallet.signTypedData(domain, rest, message)
    const { linked } = await host.client.call('private/link_account', {
      account,
      signature,
      nonce: Number(message['nonce']),
      expiry: Number(message['expiry'])
    })
    if (!linked) throw new Error(`${account} is not linked`)
    const trader = new ProcessTrader(host.member, account, host.client, this.ledger)
    this.traders.push(trader)
    return trader
  }

  /** Mints tokens for a wallet and deposits them by its own hand; waits for the tape to have it. */
  async funds(wallet: Wallet, deposits: readonly Deposit[]): Promise<void> {
    const account = wallet.address.toLowerCase()
    const signer = new NonceManager(wallet)
    const vault = vaultAt(this.#vaultAddress, signer)
    for (const { token, amount } of deposits) {
      const place = this.#place(token)
      const { decimals, quantum } = this.manifest.tokens[place]
      const units = parseUnits(amount, decimals)
      const contract = this.token(token, signer)
      await mined(await contract['mint'](account, units))
      await mined(await contract['approve'](this.#vaultAddress, units))
      await mined(await vault['deposit'](place, units / BigInt(quantum), account))
    }
    const trader = this.traders.find((each) => each.account === account)
    if (trader === undefined) return
    for (const { token } of deposits) {
      await until(
        async () => (await trader.balance(token)).settled !== '0',
        `the deposit of ${token}`
      )
    }
  }

  /** What an account has outside of the vault, base units. */
  async tokensOf(account: string, symbol: string): Promise<bigint> {
    return BigInt(await this.token(symbol, this.chain)['balanceOf'](account))
  }

  token(symbol: string, runner: ContractRunner): Contract {
    const { address } = this.manifest.tokens[this.#place(symbol)]
    return new Contract(address, artifact('PlainToken').abi, runner)
  }

  #place(symbol: string): number {
    const place = this.manifest.tokens.findIndex((each) => each.symbol === symbol)
    if (place < 0) throw new Error(`no token ${symbol}`)
    return place
  }

  batches(): Promise<RpcBatch[]> {
    return this.traders[0].client.call('public/get_batches', { count: BATCHES })
  }

  /** Waits until every trade that anybody was told of is final on the chain, by the word of both
   * sides' daemons. */
  async settles(): Promise<void> {
    await until(
      async () => {
        for (const trader of this.traders) await trader.trades()
        return this.ledger.trades.every(({ state }) => state === 'final')
      },
      'every trade to be final',
      PATIENCE_MS
    )
  }

  /** What is wrong, by the ledger's own count, after everything has settled. */
  async problems(): Promise<string[]> {
    await this.settles()
    for (const trader of this.traders) await trader.asks()
    return this.ledger.problems(await this.picture())
  }

  /** The vault by the chain's own word. */
  async picture(): Promise<VaultPicture> {
    const logs = await this.chain.getLogs({ address: this.#vaultAddress, fromBlock: 0 })
    const news = logs.map(newsOf).sort((a, b) => a.sequence - b.sequence)
    const held = new Map<string, bigint>()
    for (const account of accountsOf(news)) {
      for (const token of this.manifest.tokens.keys()) {
        const balance: bigint = await this.vault['balanceOf'](account, token)
        const [claimable]: [bigint] = await this.vault['claimableOf'](account, token)
        held.set(`${account} ${token}`, balance + claimable)
      }
    }
    return { news, held: (account, token) => held.get(`${account} ${token}`) ?? 0n }
  }
}

function opened<T>(value: T | null): T {
  if (value === null) throw new Error('the venue is not open')
  return value
}

function accountsOf(news: readonly VaultNews[]): Set<string> {
  return new Set(
    news.flatMap((event) => {
      if (event.kind === 'paidIn' || event.kind === 'paidOut') return [event.account]
      return event.kind === 'settled' ? [event.submitter] : []
    })
  )
}

/** Read by the contract's own interface, not by the daemon's code. */
function newsOf(log: Log): VaultNews {
  const parsed = vaultInterface.parseLog(log)
  if (parsed === null) throw new Error(`an unknown event of the vault: ${log.topics[0]}`)
  const { name, args } = parsed
  const sequence = Number(args['sequence'])
  switch (name) {
    case 'Deposited':
    case 'Claimed':
    case 'ExitClaimed':
      return {
        sequence,
        kind: name === 'Deposited' ? 'paidIn' : 'paidOut',
        account: String(args['account']).toLowerCase(),
        token: Number(args['token']),
        quanta: BigInt(args['quanta'])
      }
    case 'BatchSettled':
      return {
        sequence,
        kind: 'settled',
        index: Number(args['index']),
        submitter: String(args['submitter']).toLowerCase(),
        fees: Array.from(args['fees'], (fee) => BigInt(String(fee)))
      }
    case 'BatchVoided':
      return { sequence, kind: 'voided', index: Number(args['index']) }
    default:
      return { sequence, kind: 'other' }
  }
}
