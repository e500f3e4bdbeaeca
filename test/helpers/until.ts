const POLL_MS = 5
const GIVE_UP_MS = 20_000

/** Resolves when the condition holds (anything truthy), with what it gave. Rejects after
 * `giveUpMs`, naming what was waited for: a bound against hanging, not a part of the test. */
export async function until<T>(
  condition: () => T | Promise<T>,
  what = 'a condition',
  giveUpMs = GIVE_UP_MS
): Promise<NonNullable<T>> {
  const end = performance.now() + giveUpMs
  for (;;) {
    const value = await condition()
    if (value !== null && value !== undefined && value !== false && value !== 0 && value !== '') {
      return value
    }
    if (performance.now() > end) throw new Error(`waited ${giveUpMs} ms in vain for ${what}`)
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
  }
}

/** The promise's value. Rejects after `giveUpMs`, naming what was waited for, as `until` does. */
export async function within<T>(promise: Promise<T>, what: string, giveUpMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const gaveUp = new Promise<never>((_resolve, reject) => {
    const why = new Error(`waited ${giveUpMs} ms in vain for ${what}`)
    timer = setTimeout(() => reject(why), giveUpMs)
  })
  try {
    return await Promise.race([promise, gaveUp])
  } finally {
    clearTimeout(timer)
  }
}
