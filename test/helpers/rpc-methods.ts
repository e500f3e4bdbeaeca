// Methods of a test's own for the daemon's real RPC server.
import { z } from 'zod'
import { method } from '../../daemon/rpc/registry.ts'

export const loose = { doc: '', bucket: 'reads', result: z.unknown() } as const
export const anything = z.looseObject({})

export const subscribing = method({
  ...loose,
  name: 'public/subscribe',
  scope: 'open',
  params: z.looseObject({ channels: z.array(z.string()) }),
  handle: ({ channels }, { session }) => {
    for (const channel of channels) session?.subscribe(channel)
    return channels
  }
})
