import test from 'brittle'
import { Signing } from '../../crypto/signing.ts'
import { Turns } from '../../crypto/turns.ts'
import type { EntryClaim, Signers } from '../../crypto/block-signers.ts'

const STRANGER = '0x' + '1'.repeat(40)
const FRIEND = '0x' + '2'.repeat(40)
const SIGNER = '0x' + '3'.repeat(40)

/** Blocks of as many entries as they have bytes, none of which costs anything: byte 0 is a
 * stranger's, 1 that of one whose key is known, 2 is not signed, 3 spoils its whole turn, 4 is a
 * quote of 256 orders, 5 one of 16, both of one whose key is known. */
class Counted extends Signing {
  made = 0
  answered = 0

  constructor() {
    super(undefined as never, undefined as never)
  }

  override *claims(
    _lane: Uint8Array,
    blocks: readonly Uint8Array[],
    all: (Signers | null)[]
  ): Generator<EntryClaim | null, undefined> {
    for (const block of blocks) {
      if (block.length === 0) throw new Error('broken')
      const signers: Signers = Array.from(block, () => null)
      all.push(signers)
      for (const [index, kind] of block.entries()) {
        this.made++
        const account = kind === 0 || kind === 3 ? STRANGER : FRIEND
        const orders = kind === 4 ? 256 : kind === 5 ? 16 : 1
        const signature = new Uint8Array([kind])
        yield kind === 2 ? null : { digest: lane, signature, account, signers, index, orders }
      }
    }
  }

  override answer(claims: readonly EntryClaim[]): void {
    if (claims.some(({ signature }) => signature[0] === 3)) throw new Error('spoiled')
    this.answered += claims.length
    for (const { signers, index } of claims) signers[index] = SIGNER
  }

  override isKnown(account: string | null): boolean {
    return account === FRIEND
  }
}

const lane = new Uint8Array(32)

for (const [kind, most] of [
  [0, 8],
  [1, 24],
  [2, 24],
  [4, 1],
  [5, 8]
]) {
  test(`turns - however much waits, only ${most} of kind ${kind} in one turn of the event loop`, async (t) => {
    const signing = new Counted()
    const turns = new Turns(signing)
    const blocks = [new Uint8Array(50).fill(kind), new Uint8Array(3).fill(kind)]
    const jobs = Array.from({ length: 20 }, () => turns.run({ kind: 'blocks', lane, blocks }))
    let seen = 0
    let largest = 0
    while (signing.made < 20 * 53) {
      await new Promise((resolve) => setImmediate(resolve))
      largest = Math.max(largest, signing.made - seen)
      seen = signing.made
    }
    const answers = await Promise.all(jobs)
    t.is(largest, most)
    t.is(signing.answered, kind === 2 ? 0 : 20 * 53)
    const expected = kind === 2 ? null : SIGNER
    t.ok(answers.every((signers) => signers.every((each) => each?.every((s) => s === expected))))
  })
}

function queue(): {
  job: (name: string, ...blocks: number[][]) => Promise<unknown>
  order: string[]
} {
  const turns = new Turns(new Counted())
  const order: string[] = []
  const job = (name: string, ...blocks: number[][]): Promise<unknown> =>
    turns.run({ kind: 'blocks', lane, blocks: blocks.map((each) => new Uint8Array(each)) }).then(
      () => order.push(name),
      () => order.push(`${name} failed`)
    )
  return { job, order }
}

function times(count: number, kind: number): number[] {
  return Array.from({ length: count }, () => kind)
}

test('turns - first come, first done; what fails, fails alone', async (t) => {
  const { job, order } = queue()
  await Promise.all([
    job('long', times(100, 0), times(100, 1)),
    job('broken', times(5, 0), []),
    job('short', [0])
  ])
  t.alike(order, ['long', 'broken failed', 'short'])
})

test('turns - a turn that fails fails all who had a part in it, and nobody else', async (t) => {
  const { job, order } = queue()
  // The third is read in part by the turn that fails: its signatures would stay unanswered.
  await Promise.all([
    job('before', times(8, 0)),
    job('spoiled', [3]),
    job('partly', times(50, 0)),
    job('after', times(8, 0))
  ])
  t.alike(order, ['before', 'spoiled failed', 'partly failed', 'after'])
})
