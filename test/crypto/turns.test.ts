import test from 'brittle'
import { Signing } from '../../crypto/signing.ts'
import { Turns } from '../../crypto/turns.ts'
import type { Signers } from '../../crypto/block-signers.ts'

/** Blocks whose entries take a step each, none of which costs anything. */
class Counted extends Signing {
  made = 0;

  override *steps(
    _lane: Uint8Array,
    blocks: readonly Uint8Array[]
  ): Generator<void, (Signers | null)[]> {
    for (const block of blocks) {
      if (block.length === 0) throw new Error('broken')
      for (let i = 0; i < block.length; i++) {
        this.made++
        yield
      }
    }
    return blocks.map(() => [])
  }
}

function counted(): Counted {
  const unused = (): never => {
    throw new Error('not to be called')
  }
  return new Counted(undefined as never, unused)
}

const lane = new Uint8Array(32)

test('turns - however much waits, only a few signatures in one turn of the event loop', async (t) => {
  const signing = counted()
  const turns = new Turns(signing)
  const jobs = Array.from({ length: 20 }, () =>
    turns.run({ kind: 'blocks', lane, blocks: [new Uint8Array(50), new Uint8Array(3)] })
  )
  let most = 0
  let seen = 0
  while (signing.made < 20 * 53) {
    await new Promise((resolve) => setImmediate(resolve))
    most = Math.max(most, signing.made - seen)
    seen = signing.made
  }
  await Promise.all(jobs)
  t.ok(most > 0 && most <= 8, `${most} at most`)
})

test('turns - first come, first done; what fails, fails alone', async (t) => {
  const turns = new Turns(counted())
  const order: string[] = []
  const job = (name: string, ...sizes: number[]): Promise<unknown> => {
    const blocks = sizes.map((size) => new Uint8Array(size))
    return turns.run({ kind: 'blocks', lane, blocks }).then(
      () => order.push(name),
      () => order.push(`${name} failed`)
    )
  }
  await Promise.all([job('long', 100, 100), job('broken', 5, 0), job('short', 1)])
  t.alike(order, ['long', 'broken failed', 'short'])
})
