/** How often each fault and each actor's misdeed occurred, so that a quiet simulator is noticed. */
export class Coverage {
  readonly counts = new Map<string, number>()

  count(what: string, times = 1): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + times)
  }

  add(other: Coverage): void {
    for (const [what, times] of other.counts) this.count(what, times)
  }

  /** A line each, by name. */
  table(): string[] {
    const names = [...this.counts.keys()].sort()
    const width = Math.max(0, ...names.map((name) => name.length))
    return names.map((name) => `${name.padEnd(width)}  ${this.counts.get(name)}`)
  }
}
