/** How often each fault and each actor's misdeed occurred, so that a quiet simulator is noticed. */
export class Coverage {
  readonly counts = new Map<string, number>()

  count(what: string, times = 1): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + times)
  }

  add(other: Coverage): void {
    for (const [what, times] of other.counts) this.count(what, times)
  }

  /** Those of `names` that never occurred. */
  missing(names: readonly string[]): string[] {
    return names.filter((name) => !this.counts.get(name))
  }

  /** A line each, by name; `names` in any case, a zero too. */
  table(names: readonly string[]): string[] {
    const lines = [...new Set([...names, ...this.counts.keys()])].sort()
    const width = Math.max(0, ...lines.map((name) => name.length))
    return lines.map((name) => `${name.padEnd(width)}  ${this.counts.get(name) ?? 0}`)
  }
}
