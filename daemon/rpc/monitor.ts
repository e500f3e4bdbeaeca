// How the daemon does, in one picture: what status, readiness and the metrics tell.
import type { RpcStatus } from '../../protocol/rpc.ts'
import { toHex } from '../../protocol/bytes.ts'
import type { Manifest } from '../../protocol/manifest.ts'
import { quorumOf } from '../../protocol/venue.ts'
import type { Clock } from '../clock.ts'
import type { History } from '../history/history.ts'
import type { Applied } from '../replica/types.ts'
import type { ChainState, RpcNode, RpcSettlement } from './api.ts'

/** Blocks over which rates and latencies are told. */
const samplesMax = 512
const rateWindowMs = 10_000

export type MonitorDependencies = {
  node: RpcNode
  clock: Clock
  history: History
  settlement: RpcSettlement | null
  chainState(): ChainState
}

export class Monitor {
  readonly #manifest: Manifest
  readonly #version: string
  readonly #dependencies: MonitorDependencies
  /** From a block's own time to its application here, milliseconds; of blocks with entries. */
  readonly #latencies: number[] = []
  /** When blocks were applied, milliseconds since 1970. */
  #times: number[] = []

  constructor(
    { manifest, version }: { manifest: Manifest; version: string },
    dependencies: MonitorDependencies
  ) {
    this.#manifest = manifest
    this.#version = version
    this.#dependencies = dependencies
  }

  applied({ cut, entries }: Applied): void {
    // What is replayed says nothing of the venue's pace.
    if (!this.#dependencies.node.synced) return
    const now = this.#dependencies.clock.now()
    this.#times.push(now)
    if (this.#times.length > 2 * samplesMax) this.#times = this.#times.slice(-samplesMax)
    if (entries === 0) return
    this.#latencies.push(Math.max(0, now - cut.time))
    if (this.#latencies.length > samplesMax) this.#latencies.shift()
  }

  /** From a cut's own time until now; null while history is replayed. */
  latencyMs(cutTime: number): number | null {
    const { node, clock } = this.#dependencies
    return node.synced ? Math.max(0, clock.now() - cutTime) : null
  }

  /** What the metrics tell beyond the status. */
  figures() {
    const { node, history, settlement } = this.#dependencies
    const known = settlement?.status()
    return {
      signaturesChecked: node.signaturesChecked(),
      gasWei: known?.gasWei ?? null,
      spent: known?.spent ?? { gas: 0n, wei: 0n },
      batches: history.batches.underWay,
      laneBacklog: node.status().lane.backlog,
      openBatch: history.batches.open,
      unsettledBatches: history.batches.unsettled,
      lastSettledBatch: history.batches.lastSettled
    }
  }

  /** Whether orders are taken now, and what is amiss. */
  ready(): { ready: boolean; reasons: string[] } {
    const { ready, reasons } = this.status()
    return { ready, reasons }
  }

  status(): RpcStatus {
    const { node, clock } = this.#dependencies
    const { engine } = node
    const daemon = node.status()
    const now = clock.now()
    const ageMs = Math.max(0, now - daemon.tape.time)
    const peers = daemon.network.peers.map(({ id, role, tapeLength, lag, connectedAt }) => ({
      key: id,
      role,
      tapeLength,
      lagBlocks: lag,
      connectedAt
    }))
    const total = daemon.network.validators
    const lanes = node.lanes()
    const isStopped = daemon.replica.kind === 'stopped'
    const state = isStopped ? 'stopped' : engine.stopped === null ? 'running' : 'lagging'
    const reasons = this.#reasons(daemon, ageMs)
    return {
      role: daemon.role,
      version: this.#version,
      ready: reasons.every((reason) => warnings.has(reason)),
      reasons,
      time: now,
      tape: {
        length: daemon.tape.length,
        time: Math.max(0, daemon.tape.time),
        ageMs,
        eventHash: toHex(daemon.eventHash),
        cutsPerSecond: this.#rate(now)
      },
      engine: {
        state,
        reason: daemon.replica.kind === 'stopped' ? daemon.replica.reason : engine.stopped,
        index: engine.index
      },
      validators: {
        total,
        reached: daemon.network.validatorsReached,
        quorum: quorumOf(total).quorum
      },
      peers,
      lanes: { known: lanes.known, current: lanes.current },
      lane: { key: daemon.lane.key, length: lanes.length, finalLength: lanes.finalLength },
      chain: this.#chain(now),
      settlement: this.#settlement(),
      finality: this.#finality(),
      evidence: node.evidence()
    }
  }

  #reasons(daemon: ReturnType<RpcNode['status']>, ageMs: number): string[] {
    const { node, settlement, chainState } = this.#dependencies
    const { quorum } = quorumOf(daemon.network.validators)
    const reasons: string[] = []
    if (daemon.faulted) reasons.push('daemon_faulted')
    if (daemon.replica.kind === 'stopped') reasons.push('engine_stopped')
    if (!daemon.synced) reasons.push('syncing')
    if (daemon.tape.length > 0 && ageMs > this.#manifest.pacing.staleMaxMs) {
      reasons.push('tape_stale')
    }
    if (node.engine.stopped !== null) reasons.push('settlement_lagging')
    const { validatorsReached } = daemon.network
    if (validatorsReached === 0) reasons.push('no_validator')
    else if (validatorsReached < quorum) reasons.push('validators_unreachable')
    const chain = chainState()
    if (chain === 'unreachable') reasons.push('chain_unreachable')
    if (chain === 'lying') reasons.push('chain_lying')
    if (settlement?.status().gasMoneyLow) reasons.push('gas_money_low')
    if (!daemon.lane.ready) reasons.push('lane_not_ready')
    if (daemon.abstains) reasons.push('not_voting')
    return reasons
  }

  #chain(now: number): RpcStatus['chain'] {
    if (this.#manifest.chain === null) return null
    const { node, chainState } = this.#dependencies
    const { cursor } = node.engine
    return {
      state: chainState(),
      block: cursor?.block ?? 0,
      ageMs: cursor === null ? 0 : Math.max(0, now - cursor.blockTime * 1000)
    }
  }

  #settlement(): RpcStatus['settlement'] {
    if (this.#manifest.chain === null) return null
    const { history, settlement } = this.#dependencies
    const { batches } = history
    const known = settlement?.status()
    return {
      openBatch: batches.open,
      unsettled: batches.unsettled,
      lastSettled: batches.lastSettled,
      gasMoneyLow: known?.gasMoneyLow ?? false,
      turn: known?.turn ?? null,
      problems: known?.problems ?? []
    }
  }

  #rate(now: number): number {
    const recent = this.#times.filter((time) => time > now - rateWindowMs)
    if (recent.length < 2) return 0
    const spanMs = Math.max(1, now - recent[0])
    return Math.round((recent.length * 10_000) / spanMs) / 10
  }

  #finality(): RpcStatus['finality'] {
    const sorted = [...this.#latencies].sort((a, b) => a - b)
    const at = (share: number): number => sorted[Math.floor(share * (sorted.length - 1))] ?? 0
    return { p50Ms: at(0.5), p99Ms: at(0.99) }
  }
}

/** Amiss, and yet nothing that a trader would have to wait for. */
const warnings = new Set(['gas_money_low', 'validators_unreachable', 'not_voting'])
