// Says events in a trader's words, from the hashed records alone.
import { kinds, reasons } from '../../helpers/naive/reasons.ts'
import { nonceBase, names, tokens } from './entries.ts'

export type Said = { kind: string; text: string }

/** Names orders by what `accepted` said of them; `amended` is told to it. */
export class Speaker {
  readonly #names = new Map<number, string>()
  /** Nonces of the block's amends by the order that they replace. */
  #amends: Map<string, number> = new Map()

  /** @param amends `${account} ${old nonce}` to the new order's nonce */
  beginBlock(amends: Map<string, number>): void {
    this.#amends = amends
  }

  nameOf(order: number): string {
    return this.#names.get(order) ?? `order ${order}`
  }

  say(records: Uint8Array): Said[] {
    const view = new DataView(records.buffer, records.byteOffset, records.byteLength)
    const said: Said[] = []
    for (let at = 0; at < records.length; at += 32) {
      const kind = Object.keys(kinds).find((name) => kinds[name] === view.getUint8(at))
      if (kind === undefined) throw new Error(`no such kind: ${view.getUint8(at)}`)
      const text = this.#text(kind, {
        code: view.getUint8(at + 1),
        a: view.getUint32(at + 4, true),
        b: view.getUint32(at + 8, true),
        c: view.getUint32(at + 12, true),
        x: Number(view.getBigUint64(at + 16, true)),
        y: Number(view.getBigUint64(at + 24, true))
      })
      said.push({ kind, text })
    }
    return said
  }

  #text(kind: string, record: Fields): string {
    const { code, a, b, c, x, y } = record
    const who = names[a] ?? 'somebody'
    const order = this.nameOf(x)
    switch (kind) {
      case 'accepted': {
        this.#names.set(x, `${who}#${y - nonceBase}`)
        return `${this.nameOf(x)} accepted`
      }
      case 'rejected':
        return `${who}${x > nonceBase ? `#${x - nonceBase}` : ''} rejected ${reasons[code - 1]}`
      case 'rested':
        return `${order} rests ${b} @ ${c}`
      case 'traded':
        return `${this.nameOf(y)} takes ${b} @ ${c} of ${order}`
      case 'charged':
        return `${order} pays ${y}`
      case 'reduced':
        return `${order} reduced by ${c} to ${b}`
      case 'cancelled':
        return `${order} cancelled ${reasons[code - 1]} ${b} left`
      case 'expired':
        return `${order} expired ${b} left`
      case 'amended': {
        const old = this.nameOf(y)
        this.#names.set(x, `${who}#${(this.#amends.get(old) ?? 0) - nonceBase}`)
        return `${this.nameOf(x)} amends ${old} to ${b}`
      }
      default:
        return this.#otherText(kind, record, who)
    }
  }

  #otherText(kind: string, { code, a, b, c, x, y }: Fields, who: string): string {
    switch (kind) {
      case 'triggered':
        return `${this.nameOf(x)} triggered`
      case 'withdrawn':
        return `${who}#${x - nonceBase} withdraws ${y} ${tokens[b]}`
      case 'linked':
        return `${who} linked to ${names[b]}`
      case 'leaseRenewed':
        return `${who} leases`
      case 'protectSet':
        return `${who} protected`
      case 'protectionFired':
        return `${who} protection fires`
      case 'opened':
        return `${who} opened`
      case 'deposited':
      case 'exitClaimed':
      case 'exitRequested':
      case 'exitCancelled':
        return `${who} ${kind} ${y > 0 ? `${y} ` : ''}${tokens[b]}`
      case 'floorRaised':
        return `${who} floor #${x - nonceBase}`
      case 'delegateSet':
        return `${who} delegates ${names[b]}`
      case 'batchClosed':
        return `batch ${x} closed with ${b} fills ${c} withdrawals`
      case 'batchSealed':
        return `batch ${x} sealed`
      case 'cosigned':
        return `${who} cosigned ${x}`
      case 'attested':
        return `validator ${a} ${code === 1 ? 'voids' : 'attests'} ${x}`
      case 'batchAttested':
        return `batch ${x} attested`
      case 'voidAttested':
        return `batch ${x} void attested`
      case 'batchSettled':
        return `batch ${x} settled by ${who}`
      case 'batchReverted':
        return `batch ${x} reverted`
      case 'stopped':
        return `stopped ${['', 'chain_stale', 'unsettled_age', 'unsettled_gas'][code]}`
      default:
        return kind
    }
  }
}

type Fields = { code: number; a: number; b: number; c: number; x: number; y: number }
