// A run of many batches goes through many venues, a thousand batches each, seeds ascending.
import { runDifferential } from './run.ts'
import { type DifferentialTotals, RARE, sum } from './totals.ts'

const PER_VENUE = 1000

/** @returns the sums of all venues */
export async function runVenues(options: {
  seed: number
  batches: number
  ondone?: (seed: number, totals: DifferentialTotals) => void
}): Promise<DifferentialTotals> {
  const { batches, ondone } = options
  let all: DifferentialTotals | null = null
  let done = 0
  for (let { seed } = options; done < batches; seed++) {
    const totals = await runDifferential({
      seed,
      batches: Math.min(PER_VENUE, batches - done),
      rates: RARE
    })
    ondone?.(seed, totals)
    all = all === null ? totals : sum(all, totals)
    done += totals.batches + totals.voids
  }
  if (all === null) throw new RangeError('no batches are asked for')
  return all
}
