// How often a daemon of bench:finality signs, checks, syncs, writes and sends: the calls at the
// edge of the process, counted where they leave it. Only with --counts: counting costs, too.
import fs from 'node:fs/promises'
import { createRequire } from 'node:module'
import process from 'node:process'
import sodium from 'sodium-native'

export type Counts = Record<string, number>

const require = createRequire(import.meta.url)

type Callable = (...args: unknown[]) => unknown
type Holder = Record<string, unknown>

function isCallable(value: unknown): value is Callable {
  return typeof value === 'function'
}

/** From now on; the object returned goes on counting. */
export async function countCalls(): Promise<Counts> {
  const counts: Counts = {}
  const count = (holder: object, name: string, label: string): void => {
    counts[label] ??= 0
    const methods = holder as Holder
    const original = methods[name]
    if (!isCallable(original)) throw new Error(`${name} is no function`)
    methods[name] = function (this: unknown, ...args: unknown[]): unknown {
      counts[label]++
      return Reflect.apply(original, this, args)
    }
  }
  count(sodium, 'crypto_sign_detached', 'signatures')
  count(sodium, 'crypto_sign_verify_detached', 'checks')
  count(sodium, 'crypto_generichash', 'hashes')
  count(sodium, 'crypto_generichash_batch', 'hashes of parts')
  const handle = await fs.open(process.execPath, 'r')
  const file: object = Object.getPrototypeOf(handle)
  await handle.close()
  count(file, 'datasync', 'syncs')
  count(file, 'writev', 'file writes')
  // By their files: the packages do not export these.
  const udx: { prototype: object } = require('../node_modules/udx-native/lib/stream.js')
  count(udx.prototype, '_writev', 'datagram writes')
  const noise: { prototype: object } = require('@hyperswarm/secret-stream')
  count(noise.prototype, '_write', 'frames out')
  const mux: { prototype: object } = require('protomux')
  count(mux.prototype, '_ondata', 'frames in')
  const batches: Record<
    'ReadBatch' | 'WriteBatch',
    { prototype: object }
  > = require('../node_modules/rocksdb-native/lib/batch.js')
  count(batches.WriteBatch.prototype, '_flush', 'store writes')
  count(batches.ReadBatch.prototype, '_flush', 'store reads')
  count(globalThis, 'setTimeout', 'timers')
  count(globalThis, 'setImmediate', 'immediates')
  return counts
}
