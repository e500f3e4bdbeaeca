// When a validator may vote that cannot know what it has voted before: its journal is empty, since
// it is new, or since it was lost. Voting on, it could contradict itself and so count as one more
// Byzantine validator; so it abstains (no proposal, vote, nullify, finalize) until every height
// that it may have voted in is final, where a second vote can do no harm.
//
// It asks the others which height they are in; the nonce of this start proves an answer fresh. Let
// h be the highest height in which it voted in an earlier life. It was in h because h-1 had a
// certificate; its signers but for itself and b <= f Byzantine ones, q-1-b at least, were in h-1
// then, or further, and say so now. Of n-q+f+1 answers n-q+f+1-b are from honest validators, and
// (q-1-b) + (n-q+f+1-b) > n-1-b, which is all there are: one of the answers is from such a signer
// and names h-1 at least. So once a final block is as high as that many answers, h is at most one
// above it, and the validator votes from two above it on. Who names too high a number is not among
// those waited for; who abstains too is not counted. With q others alive, which a venue needs
// anyway while one abstains, it always ends.
//
// At a venue's birth everyone is new and no block is final. There it is enough that a quorum
// (itself included) is still in the first height: the one assumption is that no validator loses
// its journal in the venue's first two heights, before anyone else has left the first.
// Fewer than four validators bear no fault: an amnesiac of two or three stays silent, and the venue
// stands until somebody restores its journal. A lone validator has nobody to contradict.
import type { Heights } from './heights.ts'
import { faultsOf } from './quorum.ts'
import type { Hail, Standing } from './types.ts'

export type EntitlementOptions = {
  validators: number
  quorum: number
  self: number
  /** Between two questions to those who have not answered. */
  hailMs: number
}

export type EntitlementDependencies = {
  heights: Heights
  /** The height that this validator is in. */
  height(): number
  send(to: number, message: Hail | Standing): void
  /** From this height on it may vote. Called once. */
  entitle(from: number): void
}

export class Entitlement {
  readonly #options: EntitlementOptions
  readonly #deps: EntitlementDependencies
  /** By validator: the height it named first, as one that may vote. */
  readonly #named: (number | null)[]
  /** Validators that were in the first height after this start. */
  readonly #unborn = new Set<number>()
  #nonce: number | null = null
  #hailAt = Infinity

  constructor(options: EntitlementOptions, dependencies: EntitlementDependencies) {
    this.#options = options
    this.#deps = dependencies
    this.#named = new Array<number | null>(options.validators).fill(null)
  }

  /** When the others are asked again; Infinity for never. */
  get hailsAtMs(): number {
    return this.#hailAt
  }

  /** `nonce` was never used before. */
  start(nonce: number, nowMs: number): void {
    const { heights, entitle } = this.#deps
    if (heights.votesFrom !== Infinity) return
    if (this.#options.validators === 1) return entitle(heights.final.height + 1)
    this.#nonce = nonce
    this.#hailAt = nowMs
  }

  connected(peer: number): void {
    if (this.#nonce !== null && this.#named[peer] === null) this.#hail(peer, this.#nonce)
  }

  /** Somebody else asks. */
  hailed(from: number, { nonce }: Hail): void {
    const { heights, height, send } = this.#deps
    const votes = heights.votesFrom !== Infinity
    send(from, { kind: 'standing', nonce, height: height(), votes })
  }

  answered(from: number, { nonce, height, votes }: Standing): void {
    if (nonce !== this.#nonce || from === this.#options.self) return
    if (height === 1) this.#unborn.add(from)
    if (votes) this.#named[from] ??= height
  }

  /** Asks when it is time, and judges the answers. */
  look(nowMs: number): void {
    if (this.#nonce === null) return
    const from = this.#judge()
    if (from !== null) {
      this.#nonce = null
      this.#hailAt = Infinity
      return this.#deps.entitle(from)
    }
    if (nowMs < this.#hailAt) return
    this.#hailAt = nowMs + this.#options.hailMs
    for (let peer = 0; peer < this.#named.length; peer++) this.connected(peer)
  }

  #judge(): number | null {
    const { validators, quorum } = this.#options
    const { heights } = this.#deps
    const { height } = heights.final
    if (height === 0 && this.#unborn.size >= quorum - 1) return 1
    const reached = this.#named.filter((named) => named !== null && named <= height).length
    return reached >= validators - quorum + faultsOf(validators) + 1 ? height + 2 : null
  }

  #hail(peer: number, nonce: number): void {
    if (peer !== this.#options.self) this.#deps.send(peer, { kind: 'hail', nonce })
  }
}
