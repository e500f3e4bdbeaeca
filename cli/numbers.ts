import { InvalidArgumentError } from 'commander'

/** Parses an option or argument that is a whole number from `least` on. */
export function wholeNumber(least = 1): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (/^\d+$/.test(text) && Number.isSafeInteger(value) && value >= least) return value
    throw new InvalidArgumentError(`It is a whole number from ${least} on.`)
  }
}
