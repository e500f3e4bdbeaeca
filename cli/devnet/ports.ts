import { createServer } from 'node:net'

/** The first port of `count` free ones in a row on 127.0.0.1. Another program may take one of
 * them in between: starting then fails with a clear error, and a second try finds others. */
export async function freePorts(count: number, from: number): Promise<number> {
  for (let base = from; base + count < 65_536; base += count) {
    const free = await Promise.all(
      Array.from({ length: count }, (_, offset) => isFree(base + offset))
    )
    if (free.every(Boolean)) return base
  }
  throw new Error(`no ${count} free ports in a row above ${from}`)
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
