// Every method: the one registry of the JSON-RPC.
import type { RpcApi } from '../api.ts'
import type { AnyMethod } from '../registry.ts'
import { accountMethods } from './accounts.ts'
import { adminMethods } from './admin.ts'
import { marketDataMethods } from './market-data.ts'
import { orderMethods } from './orders.ts'
import { sessionMethods } from './session.ts'
import { signedMethods } from './signed.ts'
import { tradingMethods } from './trading.ts'
import { venueMethods } from './venue.ts'

export function createMethods(api: RpcApi): AnyMethod[] {
  const methods: AnyMethod[] = [
    ...sessionMethods(api, () => methods),
    ...marketDataMethods(api),
    ...venueMethods(api),
    ...tradingMethods(api),
    ...signedMethods(api),
    ...orderMethods(api),
    ...accountMethods(api),
    ...adminMethods(api)
  ]
  return methods
}

/** The same for their names and shapes alone: documents are made of them. They cannot be called. */
export function describedMethods(): AnyMethod[] {
  return createMethods({} as RpcApi)
}
