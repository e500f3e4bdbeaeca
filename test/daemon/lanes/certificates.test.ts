import test from 'brittle'
import { CertificateShelf } from '../../../daemon/lanes/certificates.ts'
import type { Certificate } from '../../../daemon/lanes/types.ts'

const SOURCE = 'owner'

function certificate(length: number): Certificate {
  const acks = [0, 1, 2].map((validator) => ({ validator, signature: new Uint8Array(64) }))
  return { lane: new Uint8Array(32), length, treeHash: new Uint8Array(32), acks }
}

function genuine(shelf: CertificateShelf, length: number, beforeMs: number): number[] {
  const none = (): never => {
    throw new Error('none is false')
  }
  return shelf.list(length, beforeMs, () => true, none).map((each) => each.length)
}

test('certificate shelf - a lane that was taken in part keeps the age of what was not', (t) => {
  const shelf = new CertificateShelf({ sourcesMax: 4 })
  for (const [length, atMs] of [
    [2, 10],
    [4, 20],
    [6, 30],
    [7, 40]
  ]) {
    shelf.add(SOURCE, certificate(length), atMs)
  }
  t.alike(genuine(shelf, 0, 100), [7, 6, 4, 2])
  shelf.prune(2)
  t.alike(genuine(shelf, 2, 25), [4], 'the next oldest is still known to be old')
})

test('certificate shelf - the longest that is genuine is relayed, the false ones go', (t) => {
  const shelf = new CertificateShelf({ sourcesMax: 4 })
  shelf.add(SOURCE, certificate(3), 10)
  shelf.add('liar', certificate(9), 20)
  const blamed: string[] = []
  const longest = (length: number): number | undefined =>
    shelf.longest(
      length,
      (each) => each.length < 9,
      (source) => blamed.push(source)
    )?.length
  t.is(longest(0), 3)
  t.alike(blamed, ['liar'])
  t.is(longest(3), undefined, 'nothing beyond')
  t.alike(blamed, ['liar'], 'each is checked once')
})

test('certificate shelf - of many it keeps the oldest, the latest and some over the whole time', (t) => {
  const shelf = new CertificateShelf({ sourcesMax: 4 })
  for (let i = 1; i <= 1000; i++) shelf.add(SOURCE, certificate(i), 10 * i)
  const kept = genuine(shelf, 0, Infinity)
  t.is(kept.length, 8)
  t.is(kept[0], 1000)
  t.is(kept[7], 1)
  t.ok(kept[4] > 100 && kept[4] < 900, `in between ${kept.join(' ')}`)
})

test('certificate shelf - so many sources and no more', (t) => {
  const shelf = new CertificateShelf({ sourcesMax: 2 })
  t.ok(shelf.add('a', certificate(1), 1))
  t.ok(shelf.add('b', certificate(1), 1))
  t.absent(shelf.add('c', certificate(1), 1))
  shelf.prune(1)
  t.ok(shelf.add('c', certificate(2), 2), 'what is final makes room')
})
