// A DHT node that others bootstrap from: for a devnet, or a venue behind a wall.
import { openBootstrapNode } from '../network/bootstrap.ts'
import { untilSignal } from './signals.ts'
import { readWords, UsageFault } from './usage.ts'

export async function bootstrapMode(words: string[]): Promise<void> {
  const { values } = readWords(words, {
    host: { type: 'string' },
    port: { type: 'string' },
    'end-too': { type: 'string' }
  })
  const port = Number(values['port'])
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new UsageFault('--port needs a port from 1 to 65535')
  }
  const host = typeof values['host'] === 'string' ? values['host'] : '127.0.0.1'
  const node = await openBootstrapNode(host, port)
  process.stderr.write(`listening on ${node.host}:${node.port}\n`)
  // A devnet's chain is a foreign program, which would outlive a devnet that is killed.
  const orphan = Number(values['end-too'] ?? 0)
  process.once('disconnect', () => end(orphan))
  await untilSignal()
  await node.close()
  // The channel to the parent, which is listened to, would keep the process.
  process.exit(0)
}

function end(pid: number): void {
  if (!Number.isSafeInteger(pid) || pid <= 1) return
  try {
    process.kill(pid, 'SIGTERM')
  } catch {
    // It has ended already.
  }
}
