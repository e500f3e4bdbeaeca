import type { SocketClient } from '../client/socket.ts'

/** What Ctrl-C ends; null: the process itself. */
let goingOn: (() => void) | null = null

/** Ctrl-C: ends what goes on, and the process at once when nothing does, or at the second time. One
 * listener for good: one that is replaced could miss the signal in between. */
export function interrupt(): void {
  const end = goingOn
  goingOn = null
  if (end === null) process.exit(130)
  process.exitCode = 130
  end()
}

/** What the first Ctrl-C does instead of ending the process at once. */
export function whenInterrupted(end: () => void): void {
  goingOn = end
}

/** Goes on until Ctrl-C; then the connection is closed and the exit code says "interrupted". */
export function untilInterrupted(client: SocketClient): Promise<void> {
  return new Promise((resolve, reject) => {
    whenInterrupted(() => {
      client.close().then(resolve, reject)
    })
  })
}
