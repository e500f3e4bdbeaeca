// Random values of everything that peers exchange, with the ends of each range well represented.
import { compareBytes, toHex } from '../../protocol/bytes.ts'
import { encodeChainEvent } from '../../protocol/chain-events.ts'
import { encodeBlock } from '../../protocol/entries.ts'
import {
  EXPIRY_MAX,
  MARKETS_LIMIT,
  NONCE_MAX,
  PRICE_MAX,
  QUANTITY_MAX,
  SAFE_MAX,
  SLOTS_LIMIT,
  TOKENS_LIMIT,
  U32_MAX
} from '../../protocol/limits.ts'
import { POST_ONLY, SELF_TRADE_PREVENTIONS, SIDES, TIMES_IN_FORCE } from '../../protocol/order.ts'
import { between, pick, randomBytes } from '../helpers/random.ts'
import type { Random } from '../../daemon/clock.ts'
import type { ChainEvent, Entry, MerkleProof, NetDelta, Order } from '../../protocol/types.ts'
import type { TapeBlock } from '../../protocol/tape-block.ts'
import type { SigningTerms } from '../../protocol/typed-data.ts'

/** A whole number: an end of the range, one beside it, or one of a random size. */
export function integer(random: Random, min: number, max: number): number {
  const choice = between(random, 0, 9)
  if (choice === 0) return min
  if (choice === 1) return max
  if (choice === 2) return Math.min(max, pick(random, [0xfc, 0xfd, 0xffff, 0x10000, U32_MAX]) + min)
  const bits = between(random, 0, 53)
  const wide = Math.floor(random() * 2 ** 21) * 2 ** 32 + Math.floor(random() * 2 ** 32)
  return min + (Math.floor(wide / 2 ** (53 - bits)) % (max - min + 1))
}

export function boolean(random: Random): boolean {
  return random() < 0.5
}

export function address(random: Random): string {
  return '0x' + toHex(randomBytes(random, 20))
}

/** Well formed, and by no known key. */
export function signature(random: Random): Uint8Array {
  const bytes = randomBytes(random, 65)
  bytes[32] = between(random, 0, 0x7e)
  bytes[64] = between(random, 27, 28)
  return bytes
}

export function order(random: Random, fixed: Partial<Order> = {}): Order {
  return {
    market: integer(random, 0, MARKETS_LIMIT - 1),
    account: address(random),
    side: pick(random, SIDES),
    price: integer(random, 1, PRICE_MAX),
    quantity: integer(random, 1, QUANTITY_MAX),
    timeInForce: pick(random, TIMES_IN_FORCE),
    postOnly: pick(random, POST_ONLY),
    quote: boolean(random),
    leased: boolean(random),
    selfTradePrevention: pick(random, SELF_TRADE_PREVENTIONS),
    trigger: boolean(random)
      ? null
      : { kind: boolean(random) ? 'stop' : 'takeProfit', price: integer(random, 1, PRICE_MAX) },
    expiry: integer(random, 1, EXPIRY_MAX),
    feeMax: integer(random, 0, SAFE_MAX),
    nonce: integer(random, 1, NONCE_MAX),
    slot: integer(random, 0, SLOTS_LIMIT - 1),
    ...fixed
  }
}

export function proof(random: Random): MerkleProof | null {
  const height = between(random, 0, 8)
  if (height === 0) return null
  return {
    height,
    index: between(random, 0, 2 ** height - 1),
    siblings: Array.from({ length: height }, () => randomBytes(random, 32))
  }
}

export function netDelta(random: Random): NetDelta {
  const deltas = Array.from({ length: between(random, 0, 4) }, () => {
    const quanta = integer(random, 0, SAFE_MAX)
    return boolean(random) && quanta > 0 ? -quanta : quanta
  })
  while (deltas.length > 0 && deltas[deltas.length - 1] === 0) deltas.pop()
  const slots = new Set(
    Array.from({ length: between(random, 0, 4) }, () => integer(random, 0, SLOTS_LIMIT - 1))
  )
  return {
    batch: integer(random, 1, SAFE_MAX),
    parent: randomBytes(random, 24),
    account: address(random),
    deltas,
    sequence: integer(random, 0, NONCE_MAX),
    floor: integer(random, 0, NONCE_MAX),
    marks: [...slots]
      .sort((a, b) => a - b)
      .map((slot) => ({
        slot,
        nonce: integer(random, 1, NONCE_MAX),
        filled: integer(random, 0, QUANTITY_MAX)
      }))
  }
}

function quoteOrders(random: Random, account: string, market: number): Order[] {
  const count = random() < 0.02 ? 256 : between(random, 1, 8)
  let nonce = integer(random, 0, 2 ** 39)
  return Array.from({ length: count }, () => {
    nonce += between(random, 1, 300)
    return order(random, { account, market, quote: true, nonce })
  })
}

const makers: ((random: Random) => Entry)[] = [
  (random) => ({
    kind: 'open',
    venue: randomBytes(random, 32),
    daemon: randomBytes(random, 32),
    incarnation: integer(random, 0, U32_MAX),
    laneKey: randomBytes(random, 32)
  }),
  (random) => ({
    kind: 'link',
    account: address(random),
    nonce: integer(random, 1, NONCE_MAX),
    expiry: integer(random, 1, EXPIRY_MAX),
    signature: signature(random)
  }),
  (random) => ({
    kind: 'place',
    order: order(random),
    proof: proof(random),
    signature: signature(random)
  }),
  (random) => {
    const account = address(random)
    const market = integer(random, 0, MARKETS_LIMIT - 1)
    const orders = quoteOrders(random, account, market)
    return { kind: 'quote', account, market, orders, signature: signature(random) }
  },
  (random) => ({
    kind: 'cancel',
    account: address(random),
    nonces: Array.from({ length: random() < 0.02 ? 256 : between(random, 1, 6) }, () =>
      integer(random, 1, NONCE_MAX)
    ),
    expiry: integer(random, 0, EXPIRY_MAX)
  }),
  (random) => ({
    kind: 'cancelAll',
    account: address(random),
    market: boolean(random) ? null : integer(random, 0, MARKETS_LIMIT - 1),
    side: pick(random, [null, ...SIDES]),
    expiry: integer(random, 0, EXPIRY_MAX)
  }),
  (random) => ({
    kind: 'amend',
    oldNonce: integer(random, 1, NONCE_MAX),
    filledSeen: integer(random, 0, QUANTITY_MAX),
    order: order(random),
    proof: proof(random),
    signature: signature(random)
  }),
  (random) => ({
    kind: 'withdraw',
    account: address(random),
    token: integer(random, 0, TOKENS_LIMIT - 1),
    quanta: integer(random, 1, SAFE_MAX),
    nonce: integer(random, 1, NONCE_MAX),
    expiry: integer(random, 1, EXPIRY_MAX),
    signature: signature(random)
  }),
  (random) => ({ kind: 'lease', ttlMs: integer(random, 0, U32_MAX) }),
  (random) => ({
    kind: 'protect',
    account: address(random),
    market: integer(random, 0, MARKETS_LIMIT - 1),
    lots: integer(random, 0, SAFE_MAX),
    windowMs: integer(random, 0, U32_MAX)
  }),
  (random) => ({ kind: 'cosign', ...netDelta(random), signature: signature(random) }),
  (random) => {
    const content = boolean(random) ? null : randomBytes(random, 32)
    return {
      kind: 'attest',
      batch: integer(random, 1, SAFE_MAX),
      parent: randomBytes(random, 24),
      content,
      sealedAt: integer(random, 0, EXPIRY_MAX),
      signature: signature(random)
    }
  }
]

export function entry(random: Random): Entry {
  return pick(random, makers)(random)
}

/** One entry of every kind. */
export function everyEntry(random: Random): Entry[] {
  return makers.map((make) => make(random))
}

export function chainEvent(random: Random): ChainEvent {
  const sequence = integer(random, 1, SAFE_MAX)
  const account = address(random)
  const token = integer(random, 0, TOKENS_LIMIT - 1)
  const quanta = integer(random, 0, SAFE_MAX)
  const readyAt = integer(random, 0, EXPIRY_MAX)
  const nonce = integer(random, 0, NONCE_MAX)
  const index = integer(random, 1, SAFE_MAX)
  const fees = Array.from({ length: between(random, 0, 3) }, () => integer(random, 1, SAFE_MAX))
  return pick<ChainEvent>(random, [
    { sequence, kind: 'deposited', account, token, quanta },
    { sequence, kind: 'exitRequested', account, token, readyAt },
    { sequence, kind: 'exitCancelled', account, token },
    { sequence, kind: 'exitClaimed', account, token, quanta },
    { sequence, kind: 'floorRequested', account, nonce, readyAt },
    { sequence, kind: 'floorApplied', account, nonce },
    {
      sequence,
      kind: 'delegateSet',
      account,
      delegate: address(random),
      market: randomBytes(random, 32),
      cosign: boolean(random),
      from: readyAt,
      until: integer(random, 0, EXPIRY_MAX)
    },
    {
      sequence,
      kind: 'batchSettled',
      index,
      hash: randomBytes(random, 24),
      submitter: account,
      fees
    },
    { sequence, kind: 'batchVoided', index, hash: randomBytes(random, 24) },
    { sequence, kind: 'claimed', account, token, quanta }
  ])
}

/** A tape block with up to three slices of up to three lane blocks. */
export function tapeBlock(random: Random): TapeBlock {
  const lanes = Array.from({ length: between(random, 0, 3) }, () => randomBytes(random, 32))
  const blocks = lanes.map(() =>
    Array.from({ length: between(random, 1, 3) }, () => encodeBlock([entry(random)]))
  )
  return {
    blocks,
    cut: {
      index: integer(random, 0, SAFE_MAX),
      height: integer(random, 1, SAFE_MAX),
      time: integer(random, 0, SAFE_MAX),
      cursor: boolean(random)
        ? null
        : {
            block: integer(random, 0, SAFE_MAX),
            hash: randomBytes(random, 32),
            blockTime: integer(random, 0, EXPIRY_MAX),
            logIndex: integer(random, 0, SAFE_MAX)
          },
      executed: boolean(random)
        ? null
        : { index: integer(random, 0, SAFE_MAX), eventHash: randomBytes(random, 32) },
      snapshot: boolean(random)
        ? null
        : { index: integer(random, 0, SAFE_MAX), hash: randomBytes(random, 32) },
      events: Array.from({ length: between(random, 0, 2) }, () =>
        encodeChainEvent(chainEvent(random))
      ),
      slices: lanes.sort(compareBytes).map((lane, i) => {
        const from = integer(random, 0, SAFE_MAX - 3)
        return {
          lane,
          from,
          to: from + blocks[i].length,
          treeHash: randomBytes(random, 32),
          signature: randomBytes(random, between(random, 1, 128))
        }
      })
    }
  }
}

/** A venue with as many markets and tokens as there can be. */
export function signingTerms(random: Random): SigningTerms {
  return {
    chainId: integer(random, 0, SAFE_MAX),
    vault: address(random),
    venue: randomBytes(random, 32),
    markets: Array.from({ length: MARKETS_LIMIT }, () => randomBytes(random, 32)),
    tokens: Array.from({ length: TOKENS_LIMIT }, () => address(random))
  }
}
