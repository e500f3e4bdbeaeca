import { readFileSync } from 'node:fs'
import test from 'brittle'
import { blake2b256Parts } from '../../crypto/blake2b.ts'
import { NaiveEngine } from '../helpers/naive/engine.ts'
import { hexOf } from './streams/venue.ts'
import { fromText, play, vectorUrl } from './tape-vector.ts'

test('tape vector - a recorded tape gives the recorded hashes, snapshot included', (t) => {
  const { config, blocks, eventHashes, snapshotHash } = fromText(readFileSync(vectorUrl, 'utf8'))
  const played = play(config, blocks)
  t.alike(played.eventHashes, eventHashes)
  t.is(played.snapshotHash, snapshotHash)
  const naive = new NaiveEngine(config, { hash: blake2b256Parts })
  t.alike(
    blocks.map((block) => hexOf(naive.apply(block).eventHash)),
    eventHashes
  )
})
