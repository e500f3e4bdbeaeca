// The daemon's real RPC server with a few methods of a test's own.
import type { Assert } from 'brittle'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Clock, systemClock } from '../../daemon/clock.ts'
import { Auth } from '../../daemon/rpc/auth.ts'
import { Envelope } from '../../daemon/rpc/envelope.ts'
import { Hub, type ChannelSource } from '../../daemon/rpc/hub.ts'
import { Registry, type AnyMethod } from '../../daemon/rpc/registry.ts'
import { RpcServer } from '../../daemon/rpc/server.ts'

const noChannels: ChannelSource = {
  scopeOf: () => null,
  first: () => undefined,
  opened: () => {},
  closed: () => {}
}

export type TestServer = {
  rpc: RpcServer
  hub: Hub
  auth: Auth
  url: string
  cookie: string
  /** A data directory as `curb --datadir` takes it. */
  datadir: string
}

export async function startRpc(
  t: Assert,
  methods: (hub: Hub) => AnyMethod[],
  source: ChannelSource = noChannels,
  port = 0,
  onFault: (fault: unknown) => void = (fault) => t.fail(String(fault)),
  clock: Clock = systemClock
): Promise<TestServer> {
  const datadir = await t.tmp()
  await mkdir(datadir, { recursive: true })
  const auth = new Auth(
    { cookie: join(datadir, '.cookie'), tokens: join(datadir, 'tokens.json') },
    { clock }
  )
  await auth.open()
  const hub = new Hub({ source })
  const envelope = new Envelope({
    registry: new Registry(methods(hub)),
    spend: async () => true,
    microseconds: () => 0,
    onFault: (_method, fault) => onFault(fault),
    onCall: () => {}
  })
  const rpc = new RpcServer(
    {
      host: '127.0.0.1',
      port,
      socket: join(datadir, 'curbd.sock'),
      metrics: 'off',
      metricsAt: null,
      allowedHosts: ['127.0.0.1'],
      allowedOrigins: []
    },
    {
      auth,
      envelope,
      hub,
      clock,
      ready: () => ({ ready: true, reasons: [] }),
      metrics: async () => ({ text: '', type: 'text/plain' }),
      onDisconnect: () => {},
      onFault
    }
  )
  await rpc.open()
  t.teardown(async () => {
    await rpc.close()
    await auth.close()
  })
  const cookie = await readFile(join(datadir, '.cookie'), 'utf8')
  return { rpc, hub, auth, url: rpc.url, cookie, datadir }
}
