import { InvalidArgumentError } from 'commander'

/** Parses an option or argument that is a whole number from `least` on. */
export function wholeNumber(least = 1): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (/^\d+$/.test(text) && Number.isSafeInteger(value) && value >= least) return value
    throw new InvalidArgumentError(`It is a whole number from ${least} on.`)
  }
}

/** Parses a time as people write it (2026-11-22T20:00Z), or whole seconds since 1970.
 * @returns milliseconds since 1970 */
export function moment(text: string): number {
  if (/^\d+$/.test(text)) return wholeNumber(0)(text) * 1000
  // Without a zone the language would take the time of this machine, and a date alone as UTC.
  const hasZone = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?$/.test(text)
  const value = hasZone ? Date.parse(text) : NaN
  if (!Number.isNaN(value)) return value
  throw new InvalidArgumentError('It is a time such as 2026-11-22T20:00Z, or seconds since 1970.')
}
