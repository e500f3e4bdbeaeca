// Turns a scenario's command lines into entries and chain events.
import type { ChainEventInput, EntryInput, OrderInput } from '../../../matching/index.ts'
import { addressOf } from '../streams/venue.ts'

/** They have a lane and funds from the start. */
export const people = ['ann', 'bob', 'cat', 'dan']
/** Accounts in the order in which they appear: `eve` comes later, or never. */
export const names = [...people, 'eve']
export const tokens = ['AAA', 'USD', 'BBB']
/** An order `ann#3` has the nonce 13: the first ten are for links. */
export const nonceBase = 10

export type Now = {
  /** Tape time, milliseconds. */
  time: number
  slotsMax: number
  /** What the settlement layer would know of a batch. */
  batch(index: number): { parent: string; link: string; voidLink: string; sealedAt: number }
}

export function addressOfName(name: string): string {
  const index = names.indexOf(name)
  if (index < 0) throw new Error(`who is '${name}'?`)
  return addressOf(1, index)
}

export function nonceOf(text: string): number {
  return nonceBase + Number(text.replace('#', ''))
}

function tokenOf(text: string): number {
  const token = tokens.indexOf(text)
  if (token < 0) throw new Error(`what token is '${text}'?`)
  return token
}

type Options = Map<string, string>

/** `ioc slot=3` as a map of words; a bare word has the value ''. */
function optionsOf(words: string[]): Options {
  return new Map(
    words.map((word) => {
      const [name, value = ''] = word.split('=')
      return [name, value]
    })
  )
}

function secondsOf(text: string | undefined, now: Now, otherwise: number): number {
  if (text === undefined) return otherwise
  return text.startsWith('+') || text.startsWith('-')
    ? Math.floor(now.time / 1000) + Number(text)
    : Number(text)
}

const preventions = {
  newest: 'cancelNewest',
  oldest: 'cancelOldest',
  both: 'cancelBoth',
  decrement: 'decrement'
} as const

/** `buys 5 @ 101 ioc ...` */
function orderOf(name: string, nonce: number, words: string[], now: Now): OrderInput {
  const [verb, quantity, , price, ...rest] = words
  if (verb !== 'buys' && verb !== 'sells') throw new Error(`buys or sells, not '${verb}'`)
  const options = optionsOf(rest)
  const timeInForce = options.has('ioc') ? 'ioc' : options.has('fok') ? 'fok' : 'gtc'
  const trigger = triggerOf(options)
  const waits = timeInForce === 'gtc' || trigger !== null
  const mode = (['oldest', 'both', 'decrement'] as const).find((word) => options.has(word))
  const slot = options.get('slot')
  return {
    market: Number(options.get('market') ?? 0),
    account: addressOfName(name),
    side: verb === 'buys' ? 'buy' : 'sell',
    price: Number(price),
    quantity: Number(quantity),
    timeInForce,
    postOnly: options.has('reject') ? 'reject' : options.has('slide') ? 'slide' : 'no',
    quote: options.has('quote'),
    leased: options.has('leased'),
    selfTradePrevention: preventions[mode ?? 'newest'],
    trigger,
    expiry: secondsOf(options.get('expiry'), now, Math.floor(now.time / 1000) + 1000),
    feeMax: Number(options.get('fee') ?? 1_000_000),
    nonce,
    slot: slot === undefined ? (waits ? (nonce - nonceBase) % now.slotsMax : 0) : Number(slot)
  }
}

function triggerOf(options: Options): OrderInput['trigger'] {
  const stop = options.get('stop')
  if (stop !== undefined) return { kind: 'stop', price: Number(stop) }
  const take = options.get('take')
  return take === undefined ? null : { kind: 'takeProfit', price: Number(take) }
}

function signerOf(name: string, words: string[]): string | null {
  const by = optionsOf(words).get('by')
  return by === 'nobody' ? null : addressOfName(by ?? name)
}

/** One line of a person: `ann#1 buys 5 @ 101`, `ann cancels #1`, ... */
export function entryOf(line: string, now: Now): { name: string; entry: EntryInput } {
  const [who, ...words] = line.split(/\s+/)
  const [name, number] = who.split('#')
  const account = addressOfName(name)
  const nonce = number === undefined ? 0 : nonceOf(number)
  const signer = signerOf(name, words)
  const options = optionsOf(words)
  const [verb] = words
  const known = (entry: EntryInput): { name: string; entry: EntryInput } => ({ name, entry })
  switch (verb) {
    case 'buys':
    case 'sells':
      return known({ kind: 'place', order: orderOf(name, nonce, words, now), signer })
    case 'amends':
      return known({
        kind: 'amend',
        oldNonce: nonceOf(words[1]),
        filledSeen: Number(options.get('seen') ?? 0),
        order: orderOf(name, nonce, words.slice(3), now),
        signer
      })
    case 'quotes': {
      const orders = words
        .slice(1)
        .join(' ')
        .split(/,\s*/)
        .map((part) => {
          const [label, ...rest] = part.split(' ')
          return { ...orderOf(name, nonceOf(label), rest, now), quote: !rest.includes('noquote') }
        })
      return known({ kind: 'quote', account, market: orders[0].market, orders, signer })
    }
    case 'cancels': {
      const expiry = secondsOf(options.get('until'), now, 0)
      if (words[1] === 'all') {
        const side = options.has('buys') ? 'buy' : options.has('sells') ? 'sell' : null
        const market = options.get('market')
        const chosen = market === undefined ? null : Number(market)
        return known({ kind: 'cancelAll', account, market: chosen, side, expiry })
      }
      const nonces = words.filter((word) => word.startsWith('#')).map(nonceOf)
      return known({ kind: 'cancel', account, nonces, expiry })
    }
    case 'protects':
      return known({
        kind: 'protect',
        account,
        market: 0,
        lots: Number(words[1]),
        windowMs: Number(words[3])
      })
    case 'withdraws': {
      const expiry = secondsOf(options.get('expiry'), now, Math.floor(now.time / 1000) + 60)
      const quanta = Number(words[1])
      return known({
        kind: 'withdraw',
        account,
        token: tokenOf(words[2]),
        quanta,
        nonce,
        expiry,
        signer
      })
    }
    case 'leases':
      return known({ kind: 'lease', ttlMs: Number(words[1]) })
    case 'links': {
      const expiry = Math.floor(now.time / 1000) + 60
      return { name: words[1], entry: { kind: 'link', account, nonce, expiry, signer } }
    }
    case 'cosigns':
      return known(cosignOf(account, signer, words, now))
    case 'attests':
    case 'votes':
      return known(attestOf(words, now))
    default:
      throw new Error(`what does '${line}' mean?`)
  }
}

/** `cosigns 1 deltas=5,-505 floor=#3 sequence=#2 marks=1:#1:5` */
function cosignOf(account: string, signer: string | null, words: string[], now: Now): EntryInput {
  const options = optionsOf(words)
  const batch = Number(words[1])
  const list = (name: string): string[] => (options.get(name) ?? '').split(',').filter(Boolean)
  return {
    kind: 'cosign',
    account,
    batch,
    parent: options.get('parent') ?? now.batch(batch).parent,
    deltas: list('deltas').map(Number),
    sequence: nonceOrZero(options.get('sequence')),
    floor: nonceOrZero(options.get('floor')),
    marks: list('marks').map((mark) => {
      const [slot, nonce, filled] = mark.split(':')
      return { slot: Number(slot), nonce: nonceOf(nonce), filled: Number(filled) }
    }),
    signer
  }
}

function nonceOrZero(text: string | undefined): number {
  return text === undefined ? 0 : nonceOf(text)
}

/** `attests 1 as=2 link=...` and `votes void 1 as=2` */
function attestOf(words: string[], now: Now): EntryInput {
  const options = optionsOf(words)
  const isVoid = words[0] === 'votes'
  const batch = Number(words[isVoid ? 2 : 1])
  const { parent, link, voidLink, sealedAt } = now.batch(batch)
  const as = options.get('as')
  return {
    kind: 'attest',
    batch,
    parent: options.get('parent') ?? parent,
    link: options.get('link') ?? (isVoid ? voidLink : link),
    void: isVoid,
    sealedAt: sealedAt + Number(options.get('late') ?? 0),
    signer: as === 'nobody' ? null : as === 'ann' ? addressOfName('ann') : addressOf(5, Number(as))
  }
}

/** `chain deposits 5 AAA for ann`, ... */
export function chainEventOf(line: string, now: Now): ChainEventInput {
  const words = line.split(/\s+/)
  const [verb, name] = words
  const options = optionsOf(words)
  switch (verb) {
    case 'deposit':
      return {
        kind: 'deposited',
        account: addressOfName(name),
        quanta: Number(words[2]),
        token: tokenOf(words[3])
      }
    case 'claim':
      return {
        kind: 'exitClaimed',
        account: addressOfName(name),
        quanta: Number(words[2]),
        token: tokenOf(words[3])
      }
    case 'exit':
      return { kind: 'exitRequested', account: addressOfName(name), token: tokenOf(words[2]) }
    case 'stay':
      return { kind: 'exitCancelled', account: addressOfName(name), token: tokenOf(words[2]) }
    case 'floor':
      return { kind: 'floorRequested', account: addressOfName(name), nonce: nonceOf(words[2]) }
    case 'delegate': {
      const market = options.get('market')
      return {
        kind: 'delegateSet',
        account: addressOfName(name),
        delegate: addressOfName(words[2]),
        market: market === undefined ? null : `${Number(market) + 1}`.repeat(64),
        cosign: options.has('cosign'),
        from: secondsOf(options.get('from'), now, 0),
        until: secondsOf(options.get('until'), now, 0)
      }
    }
    case 'settles': {
      const index = Number(words[1])
      const { link } = now.batch(index)
      return { kind: 'batchSettled', index, link, submitter: addressOfName(words[3]) }
    }
    case 'voids': {
      const index = Number(words[1])
      return { kind: 'batchVoided', index, link: now.batch(index).voidLink }
    }
    default:
      throw new Error(`what does chain '${line}' mean?`)
  }
}
