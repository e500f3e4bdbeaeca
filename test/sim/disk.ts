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
  /** Of the pending ones, those that are being synced. */
  #syncing = 0
  /** Synced, and their writers are told of it just now. */
  #unreported: Pending<Item>[] = []
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
    if (this.#syncing === 0) this.#sync()
  }

  #sync(): void {
    this.#syncing = this.#pending.length
    const life = this.#life
    this.#world.after(this.#options.syncMs(), () => {
      if (life !== this.#life) return
      const synced = this.#pending.splice(0, this.#syncing)
      for (const { item } of synced) this.#durable.push(item)
      this.#syncing = 0
      if (this.#pending.length > 0) this.#sync()
      this.#unreported = synced
      for (let next = synced.shift(); next && life === this.#life; next = synced.shift()) {
        next.done()
      }
    })
  }

  /** Power loss. The group under way is on the platter as a whole, or torn, and then its checksum
   * is wrong and all of it is dropped when the journal is read; and now and then the journal had
   * cut it in two. What was not being written yet is gone. */
  crash(): { lost: number; torn: number } {
    const { random } = this.#world
    const group = this.#options.reportsEarly ? 0 : this.#syncing
    const dice = random()
    const kept = dice < 0.3 ? group : dice < 0.6 ? 0 : Math.floor(random() * (group + 1))
    for (const { item } of this.#pending.slice(0, kept)) this.#durable.push(item)
    const lost = this.#pending.length - kept
    this.#pending = []
    this.#unreported = []
    this.#syncing = 0
    this.#life++
    return { lost, torn: group - kept }
  }

  /** A new file that begins with a checkpoint; the old one is deleted. What its writer has not been
   * told of goes to the new one as well. */
  rotate(checkpoint: Item[]): void {
    this.#durable = [...checkpoint, ...this.#unreported.map(({ item }) => item)]
  }
}
