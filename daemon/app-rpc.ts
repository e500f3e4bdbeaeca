// The JSON-RPC of a daemon: its methods and channels over desk, history and settlement, behind
// the port.
import { performance } from 'node:perf_hooks'
import type { LoadedConfig } from '../config/load.ts'
import type { DatadirPaths } from '../config/paths.ts'
import { toHex } from '../protocol/bytes.ts'
import type { Manifest } from '../protocol/manifest.ts'
import type { ChainParts } from './app-chain.ts'
import type { Clock } from './clock.ts'
import type { History } from './history/history.ts'
import type { Log } from './log.ts'
import { Metrics } from './metrics.ts'
import type { RpcApi, RpcNode, RpcSettlement } from './rpc/api.ts'
import { Auth } from './rpc/auth.ts'
import { Feeds } from './rpc/channels/feeds.ts'
import { cancelOnDisconnect } from './rpc/cancel-on-disconnect.ts'
import { Envelope } from './rpc/envelope.ts'
import { Format } from './rpc/format.ts'
import { Hub } from './rpc/hub.ts'
import { createMethods } from './rpc/methods/index.ts'
import { Monitor } from './rpc/monitor.ts'
import { Rates } from './rpc/rates.ts'
import { Registry } from './rpc/registry.ts'
import { RpcServer } from './rpc/server.ts'
import type { Settlement } from './settlement/settlement.ts'
import type { BatchStatus } from './settlement/types.ts'
import type { Desk } from './trading/desk.ts'
import { Leases } from './trading/leases.ts'
import { OrderForms } from './trading/order-form.ts'
import { Placing } from './trading/placing.ts'
import { isLive, type RecordChange } from './trading/records.ts'
import { Requests } from './trading/requests.ts'
import { Withdrawing } from './trading/withdrawing.ts'
import type { Applied } from './replica/types.ts'

/** How far a market order may go beyond the touch: 5%. */
const protectionBps = 500
const orderLifeSeconds = 24 * 3600

export type RpcPartsOptions = {
  version: string
  manifest: Manifest
  loaded: LoadedConfig
  paths: DatadirPaths
  /** How long a call waits for the engine's word. */
  outcomeMs: number
}

export type RpcPartsDependencies = {
  clock: Clock
  log: Log
  node: RpcNode
  desk: Desk
  history: History
  settlement: Settlement | null
  chain: ChainParts | null
}

export class RpcParts {
  readonly #auth: Auth
  readonly #feeds: Feeds
  readonly #leases: Leases
  readonly #monitor: Monitor
  readonly #metrics: Metrics
  readonly #server: RpcServer

  constructor(options: RpcPartsOptions, dependencies: RpcPartsDependencies) {
    const { version, manifest, loaded, paths, outcomeMs } = options
    const { clock, log, node, desk, history, settlement, chain } = dependencies
    const { config } = loaded
    const onfault = (fault: unknown) => log.error({ error: textOf(fault) }, 'a fault in the RPC')
    this.#auth = new Auth({ cookie: paths.cookie, tokens: paths.tokens }, { clock })
    this.#leases = new Leases({ desk, clock, onfault })
    const rpcSettlement = settlement === null ? null : settlementFace(settlement)
    settlement?.onprogress((status) => {
      const known = onChainOf(status)
      if (known !== null) history.batches.onChain(status.batch, known)
    })
    const chainState = () => chain?.state ?? 'none'
    this.#monitor = new Monitor(
      { manifest, version },
      { node, clock, history, settlement: rpcSettlement, chainState }
    )
    const api: RpcApi = {
      version,
      manifest,
      clock,
      node,
      desk,
      placing: new Placing({
        desk,
        clientOrders: history.orders,
        ended: (account, nonce) => history.order(account, nonce),
        hex: toHex
      }),
      requests: new Requests({
        kinds: [
          async (account, id) => chain?.sender(account)?.named(id)?.name ?? null,
          async (account, id) => {
            const found = await history.requests.find(account, id)
            return found && { id, body: found.body }
          }
        ]
      }),
      withdrawing: new Withdrawing(
        { outcomeMs },
        { desk, node, clock, withdrawals: history.requests }
      ),
      leases: this.#leases,
      forms: new OrderForms({ protectionBps, lifeSeconds: orderLifeSeconds }, { manifest }),
      format: new Format(manifest, node.terms.markets),
      history,
      monitor: this.#monitor,
      auth: this.#auth,
      settlement: rpcSettlement,
      vault: (account) => chain?.rpcVault(account) ?? null,
      chainState
    }
    this.#feeds = new Feeds({
      api,
      publish: (channel, data) => hub.publish(channel, data),
      onfault
    })
    const hub = new Hub({ source: this.#feeds })
    this.#metrics = new Metrics({ api, sessions: () => this.#server.sessionCount })
    const rates = new Rates({
      reads: config['rpc.readsPerSecond'],
      orders: config['rpc.ordersPerSecond'],
      cancels: config['rpc.cancelsPerSecond']
    })
    const envelope = new Envelope({
      registry: new Registry(createMethods(api)),
      spend: (caller, { bucket }) => rates.spend(caller.token, bucket),
      microseconds,
      onFault: (method, fault) => log.error({ method, error: textOf(fault) }, 'a method failed'),
      onCall: (method, outcome, micros) => this.#metrics.called(method, outcome, micros)
    })
    this.#server = new RpcServer(
      {
        host: config['rpc.host'],
        port: config['rpc.port'],
        socket: config['rpc.socket'],
        metrics: config['rpc.metrics'],
        metricsAt:
          config['rpc.metricsPort'] === 0
            ? null
            : { host: config['rpc.metricsHost'], port: config['rpc.metricsPort'] },
        allowedHosts: config['rpc.allowedHosts'],
        allowedOrigins: config['rpc.allowedOrigins']
      },
      {
        auth: this.#auth,
        envelope,
        hub,
        clock,
        ready: () => this.#monitor.ready(),
        metrics: () => this.#metrics.text(),
        onDisconnect: (cancel) => cancelOnDisconnect({ desk, clock, onfault }, cancel),
        isLive: (account, nonce) => {
          const record = desk.records.find(account, nonce)
          return record !== null && isLive(record.state)
        },
        onFault: onfault
      }
    )
  }

  async open(): Promise<void> {
    await this.#auth.open()
    await this.#server.open()
  }

  async close(): Promise<void> {
    await this.#server.close()
    this.#feeds.close()
    this.#leases.close()
    await this.#auth.close()
  }

  get url(): string {
    return this.#server.url
  }

  /** The engine began anew from a snapshot. */
  restored(): void {
    this.#feeds.restored()
  }

  /** A block was applied; records and history have taken it in. */
  applied(applied: Applied, changes: readonly RecordChange[]): void {
    this.#monitor.applied(applied)
    this.#metrics.applied(applied)
    this.#feeds.applied(applied, changes)
  }
}

/** What settlement knows of a batch beyond the tape. */
function onChainOf({ state, transaction, gas }: BatchStatus) {
  if (state === 'matched' || state === 'sealed' || state === 'attested') return null
  return { state, transaction, gas }
}

/** Settlement as the methods see it. */
function settlementFace(settlement: Settlement): RpcSettlement {
  return {
    batch: (index) => {
      const progress = settlement.progressOf(index)
      return progress && onChainOf(progress)
    },
    onbatch: (listener) => settlement.onprogress(({ batch }) => listener(batch)),
    status: () => {
      const { gasLow, gasWei, problems, turn, spent } = settlement.status()
      const balance = gasWei === null ? null : BigInt(gasWei)
      return { gasMoneyLow: gasLow, turn, problems, gasWei: balance, spent }
    },
    voidBatch: async (index) => settlement.voidBatch(index)
  }
}

function microseconds(): number {
  return Math.round((performance.timeOrigin + performance.now()) * 1000)
}

function textOf(fault: unknown): string {
  return fault instanceof Error ? (fault.stack ?? fault.message) : String(fault)
}
