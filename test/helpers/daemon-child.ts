// A daemon in a process of its own, led by its parent's messages (child-daemon.ts).
import { decodeEntry } from '../../protocol/entries.ts'
import type { ChildReply, ChildRequest } from './child-daemon.ts'
import { LocalDaemon } from './test-daemon.ts'

let daemon: LocalDaemon | null = null

async function answer(request: ChildRequest): Promise<unknown> {
  if (request.kind === 'start') {
    const { options } = request
    daemon = new LocalDaemon(null, { ...options, chain: null }, request.port)
    await daemon.start()
    return null
  }
  if (daemon === null) throw new Error('not started')
  switch (request.kind) {
    case 'stop':
      await daemon.stop()
      return null
    case 'state':
      return daemon.state()
    case 'eventHash':
      return daemon.eventHash(request.index)
    case 'lane':
      return daemon.lane()
    case 'submit':
      return daemon.submit(decodeEntry(request.entry))
  }
}

function reply(message: ChildReply): void {
  process.send?.(message)
}

// A daemon without its test is of no use to anybody.
process.on('disconnect', () => process.exit())

process.on('message', (message: { id: number; request: ChildRequest }) => {
  const { id, request } = message
  answer(request).then(
    (value) => {
      reply({ id, value, error: null })
      if (request.kind === 'stop') process.disconnect()
    },
    (fault: unknown) => reply({ id, value: null, error: String(fault) })
  )
})
