// For the daemon's operator.
import { z } from 'zod'
import type { RpcApi } from '../api.ts'
import { RpcError } from '../errors.ts'
import type { AnyMethod } from '../registry.ts'
import * as schema from '../schemas.ts'
import { define, ok } from './define.ts'

const tokenName = z
  .string()
  .min(1)
  .max(64)
  .regex(/^[A-Za-z0-9._-]+$/, 'letters, digits, dot, dash and underscore')
const tokenScope = z.enum(['read', 'trade', 'admin'])
const lifeMaxSeconds = 10 * 365 * 86_400

export function adminMethods(api: RpcApi): AnyMethod[] {
  const { auth, node, settlement } = api
  const common = { scope: 'admin', bucket: 'reads' } as const
  return [
    define({
      ...common,
      name: 'admin/create_token',
      doc: 'A token for a program: `read`, `trade` or `admin`, for good or for `lifeSeconds`. Its text is shown this once.',
      params: z.strictObject({
        name: tokenName,
        scope: tokenScope,
        lifeSeconds: z.number().int().min(1).max(lifeMaxSeconds).exactOptional()
      }),
      result: z.strictObject({ token: z.string() }),
      handle: async ({ name, scope, lifeSeconds }) => ({
        token: await auth.create(name, scope, lifeSeconds === undefined ? null : lifeSeconds * 1000)
      })
    }),
    define({
      ...common,
      name: 'admin/list_tokens',
      doc: 'The tokens, without their text.',
      params: schema.none,
      result: z.array(
        z.strictObject({
          name: z.string(),
          scope: z.string(),
          expiresAt: z.number().int().nullable()
        })
      ),
      handle: () => auth.list()
    }),
    define({
      ...common,
      name: 'admin/revoke_token',
      doc: 'Ends a token at once. False when there was none of this name.',
      params: z.strictObject({ name: tokenName }),
      result: z.boolean(),
      handle: ({ name }) => auth.revoke(name)
    }),
    define({
      ...common,
      name: 'admin/void_batch',
      doc: 'This validator’s word that a batch which cannot settle shall be void. Only after the horizon, and only with a quorum: every trade from that batch on is undone. An incident, not a tool.',
      params: z.strictObject({ index: z.number().int().min(1) }),
      result: z.literal('ok'),
      handle: async ({ index }) => {
        if (settlement === null) throw new RpcError('chain_unavailable', 'this venue has no chain')
        await settlement.voidBatch(index)
        return ok
      }
    }),
    define({
      ...common,
      name: 'admin/block_peers',
      doc: 'Stays away from these peers (hex keys) until called again: how a devnet plays a partition.',
      params: z.strictObject({
        peers: z.array(z.string().regex(/^[0-9a-f]{64}$/, '64 hex digits')).max(1000)
      }),
      result: z.literal('ok'),
      handle: ({ peers }) => {
        node.blockPeers(peers)
        return ok
      }
    })
  ]
}
