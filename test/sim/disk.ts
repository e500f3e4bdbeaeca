// A journal on a disk that loses what was not synced. Group commit: one sync at a time, of all that
// was appended before it began.
import type { World } from './world.ts'

type Pending<Item> = { item: Item; done: () => void }

export type DiskOptions = {
  syncMs(): number
  /** A broken disk, for the proof that the simulator notices: it reports at once, syncs later. */
  reportsEarly?: boolean
}

export class Disk<Item> {
  readonly #world: World
  readonly #options: DiskOptions
  #durable: Item[] = []
  #pending: Pending<Item>[] = []
  #isSyncing = false
  #life = 0

  constructor(world: World, options: DiskOptions) {
    this.#world = world
    this.#options = options
  }

  get durable(): readonly Item[] {
    return this.#durable
  }

  append(item: Item, done: () => void): void {
    if (this.#options.reportsEarly) {
      this.#pending.push({ item, done: () => undefined })
      const life = this.#life
      this.#world.after(0, () => {
        if (life === this.#life) done()
      })
    } else this.#pending.push({ item, done })
    if (!this.#isSyncing) this.#sync()
  }

  #sync(): void {
    this.#isSyncing = true
    const count = this.#pending.length
    const life = this.#life
    this.#world.after(this.#options.syncMs(), () => {
      if (life !== this.#life) return
      const synced = this.#pending.splice(0, count)
      for (const { item } of synced) this.#durable.push(item)
      this.#isSyncing = false
      if (this.#pending.length > 0) this.#sync()
      for (const { done } of synced) {
        if (life !== this.#life) return
        done()
      }
    })
  }

  /** Power loss: of what was under way, a few first records may have reached the platter. */
  crash(): number {
    const kept = Math.floor(this.#world.random() * (this.#pending.length + 1))
    const survivors = this.#options.reportsEarly ? 0 : kept
    for (const { item } of this.#pending.slice(0, survivors)) this.#durable.push(item)
    const lost = this.#pending.length - survivors
    this.#pending = []
    this.#isSyncing = false
    this.#life++
    return lost
  }

  /** A new file that begins with a checkpoint; the old one is deleted. */
  rotate(checkpoint: Item[]): void {
    this.#durable = checkpoint
  }
}
