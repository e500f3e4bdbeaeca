import type { SocketClient } from '../client/socket.ts'

/** Goes on until Ctrl-C; then the connection is closed and the exit code says "interrupted". */
export function untilInterrupted(client: SocketClient): Promise<void> {
  return new Promise((resolve, reject) => {
    process.removeAllListeners('SIGINT')
    process.once('SIGINT', () => {
      process.exitCode = 130
      client.close().then(resolve, reject)
    })
  })
}
