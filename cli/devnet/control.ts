// `curb devnet kill 2` in another terminal speaks to the running devnet over a Unix socket: one
// line of JSON there, one back.
import { createConnection, createServer, type Server, type Socket } from 'node:net'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'

export type Order = { verb: 'kill' | 'pause' | 'resume' | 'partition' | 'heal'; names: string[] }
export type Answer = { ok: boolean; text: string }

const lineMax = 4096

export function controlPath(root: string): string {
  return join(root, 'devnet.sock')
}

export class Control {
  readonly #path: string
  readonly #handle: (order: Order) => Promise<Answer>
  readonly #sockets = new Set<Socket>()
  #server: Server | null = null

  constructor(root: string, { handle }: { handle: (order: Order) => Promise<Answer> }) {
    this.#path = controlPath(root)
    this.#handle = handle
  }

  async open(): Promise<void> {
    await rm(this.#path, { force: true })
    const server = createServer((socket) => this.#serve(socket))
    this.#server = server
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(this.#path, resolve)
    })
  }

  async close(): Promise<void> {
    const server = this.#server
    if (server === null) return
    this.#server = null
    for (const socket of this.#sockets) socket.destroy()
    await new Promise<void>((resolve) => server.close(() => resolve()))
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket)
    socket.on('close', () => this.#sockets.delete(socket))
    // The other terminal went away; there is nobody to tell.
    socket.on('error', () => socket.destroy())
    let text = ''
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('utf8')
      if (text.length > lineMax) socket.destroy()
      const end = text.indexOf('\n')
      if (end < 0) return
      this.#answer(text.slice(0, end)).then(
        (answer) => socket.end(`${JSON.stringify(answer)}\n`),
        (fault: unknown) => socket.end(`${JSON.stringify({ ok: false, text: String(fault) })}\n`)
      )
    })
  }

  #answer(line: string): Promise<Answer> {
    const what = readOrder(JSON.parse(line))
    if (what === null) return Promise.resolve({ ok: false, text: 'not an order' })
    return this.#handle(what)
  }
}

function readOrder(value: unknown): Order | null {
  if (typeof value !== 'object' || value === null) return null
  if (!('verb' in value) || !('names' in value) || !Array.isArray(value.names)) return null
  const verb = ['kill', 'pause', 'resume', 'partition', 'heal'].find((each) => each === value.verb)
  if (verb === undefined || value.names.some((name) => typeof name !== 'string')) return null
  return { verb: verb as Order['verb'], names: value.names }
}

/** Whether a devnet runs in `root`. */
export function isRunning(root: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection(controlPath(root), () => {
      socket.destroy()
      resolve(true)
    })
    socket.on('error', () => resolve(false))
  })
}

/** Hands an order to the devnet that runs in `root`. @throws Error when none runs there */
export function order(root: string, what: Order): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(controlPath(root))
    let text = ''
    socket.on('error', () => {
      reject(new Error(`no devnet runs in ${root}; start one with: curb devnet`))
    })
    socket.on('data', (chunk: Buffer) => (text += chunk.toString('utf8')))
    socket.on('end', () => resolve(JSON.parse(text) as Answer))
    socket.write(`${JSON.stringify(what)}\n`)
  })
}
