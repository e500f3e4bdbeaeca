// Timers of a pure core: one of each name, set by an absolute time. The host is asked for a wake-up
// only when none is due early enough; moving a time further away costs nothing.

export type Alarms<Name extends string> = {
  /** Wakes at `atMs`, instead of whenever this name was to wake before. */
  set(name: Name, atMs: number): void
  clear(name: Name): void
  isSet(name: Name): boolean
  /** The host's wake-up. True when the alarm's time has come; it is then cleared. */
  rang(name: Name, nowMs: number): boolean
}

/** `wake(name, atMs)` replaces the host's earlier wake-up of that name. */
export function createAlarms<Name extends string>(
  wake: (name: Name, atMs: number) => void
): Alarms<Name> {
  const due = new Map<Name, number>()
  const armed = new Map<Name, number>()
  const arm = (name: Name, atMs: number) => {
    armed.set(name, atMs)
    wake(name, atMs)
  }
  return {
    set(name, atMs) {
      due.set(name, atMs)
      const at = armed.get(name)
      if (at === undefined || at > atMs) arm(name, atMs)
    },
    clear: (name) => void due.delete(name),
    isSet: (name) => due.has(name),
    rang(name, nowMs) {
      armed.delete(name)
      const at = due.get(name)
      if (at === undefined) return false
      if (at > nowMs) {
        arm(name, at)
        return false
      }
      due.delete(name)
      return true
    }
  }
}
