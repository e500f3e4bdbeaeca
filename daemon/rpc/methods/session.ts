// The connection itself: time, subscriptions, heartbeat, cancel-on-disconnect; and who may call.
import { z } from 'zod'
import { openRpcDocument } from '../openrpc.ts'
import type { RpcApi } from '../api.ts'
import { RpcError } from '../errors.ts'
import { Registry, type AnyMethod, type Caller, type Session } from '../registry.ts'
import * as schema from '../schemas.ts'
import { define, ok } from './define.ts'

const channelsMax = 100
const heartbeatMinSeconds = 10
const heartbeatMaxSeconds = 3600

/** `all` gives every method, these included: what rpc.discover describes. */
export function sessionMethods(
  api: Pick<RpcApi, 'clock' | 'version'>,
  all: () => AnyMethod[]
): AnyMethod[] {
  const { clock, version } = api
  const channels = z.strictObject({
    channels: z.array(z.string().min(1).max(100)).min(1).max(channelsMax)
  })
  return [
    define({
      name: 'rpc.discover',
      doc: 'This interface as an OpenRPC document.',
      scope: 'read',
      bucket: 'reads',
      params: schema.none,
      result: z.record(z.string(), z.unknown()),
      handle: () => ({ ...openRpcDocument(new Registry(all()), version) })
    }),
    define({
      name: 'public/get_time',
      doc: 'The daemon’s clock, milliseconds since 1970.',
      scope: 'read',
      bucket: 'reads',
      params: schema.none,
      result: schema.timestamp,
      handle: () => clock.now()
    }),
    define({
      name: 'public/test',
      doc: 'Answers: the daemon is there. Also answers a heartbeat.',
      scope: 'read',
      bucket: 'reads',
      params: schema.none,
      result: z.strictObject({ version: z.string() }),
      handle: () => ({ version })
    }),
    define({
      name: 'public/subscribe',
      doc: 'Subscribes this WebSocket to channels; those with a snapshot send it first. Answers with all channels of the connection.',
      scope: 'read',
      bucket: 'reads',
      params: channels,
      result: z.array(z.string()),
      handle: ({ channels: names }, caller) => {
        const session = sessionOf(caller)
        if (new Set([...session.subscriptions(), ...names]).size > channelsMax) {
          throw new RpcError('invalid_params', `at most ${channelsMax} channels`, 'channels')
        }
        for (const name of names) session.subscribe(name)
        return session.subscriptions()
      }
    }),
    define({
      name: 'public/unsubscribe',
      doc: 'Ends subscriptions. Answers with those that are left.',
      scope: 'read',
      bucket: 'reads',
      params: channels,
      result: z.array(z.string()),
      handle: ({ channels: names }, caller) => {
        const session = sessionOf(caller)
        for (const name of names) session.unsubscribe(name)
        return session.subscriptions()
      }
    }),
    define({
      name: 'public/set_heartbeat',
      doc: 'The daemon sends a `heartbeat` every `interval` seconds (10 to 3,600; 0 for none) and closes a connection that sent nothing since the last one.',
      scope: 'read',
      bucket: 'reads',
      params: z.strictObject({ interval: z.number().int().min(0).max(heartbeatMaxSeconds) }),
      result: z.literal('ok'),
      handle: ({ interval }, caller) => {
        if (interval > 0 && interval < heartbeatMinSeconds) {
          throw new RpcError('invalid_params', 'at least 10 seconds, or 0', 'interval')
        }
        sessionOf(caller).setHeartbeat(interval)
        return ok
      }
    }),
    define({
      name: 'private/enable_cancel_on_disconnect',
      doc: 'When this WebSocket goes, its orders are cancelled: `connection`, those placed over it from now on; `account`, all orders of the accounts that it traded for.',
      scope: 'trade',
      bucket: 'reads',
      params: z.strictObject({ scope: z.enum(['connection', 'account']) }),
      result: z.literal('ok'),
      handle: ({ scope }, caller) => {
        sessionOf(caller).setCancelOnDisconnect(scope)
        return ok
      }
    }),
    define({
      name: 'private/disable_cancel_on_disconnect',
      doc: 'Switches it off again.',
      scope: 'trade',
      bucket: 'reads',
      params: schema.none,
      result: z.literal('ok'),
      handle: (_params, caller) => {
        sessionOf(caller).setCancelOnDisconnect(null)
        return ok
      }
    })
  ]
}

function sessionOf(caller: Caller): Session {
  if (caller.session === null) throw new RpcError('subscription_lost')
  return caller.session
}
