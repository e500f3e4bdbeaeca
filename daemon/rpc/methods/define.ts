// One method of protocol/rpc.ts: the compiler holds parameters and result to its shapes.
import type { z } from 'zod'
import type { RpcMethodName, RpcMethods } from '../../../protocol/rpc.ts'
import { toRpcError } from '../faults.ts'
import { method, type AnyMethod, type Bucket, type Caller, type Scope } from '../registry.ts'
import { methodErrors } from './method-errors.ts'

/** What a method answers that has nothing to tell. */
export const ok = 'ok' as const

type Definition<N extends RpcMethodName, P extends z.ZodObject> = {
  name: N
  doc: string
  scope: Scope
  bucket: Bucket
  params: z.output<P> extends RpcMethods[N]['params'] ? P : never
  result: z.ZodType<RpcMethods[N]['result']>
  handle(
    params: z.output<P>,
    caller: Caller
  ): Promise<RpcMethods[N]['result']> | RpcMethods[N]['result']
}

export function define<N extends RpcMethodName, P extends z.ZodObject>(
  definition: Definition<N, P>
): AnyMethod {
  const { name, doc, scope, bucket, result } = definition
  const params: P = definition.params
  return method<P, z.ZodType>({
    name,
    doc,
    scope,
    bucket,
    params,
    result,
    errors: methodErrors[name],
    handle: async (given, caller) => {
      try {
        return await definition.handle(given, caller)
      } catch (fault) {
        throw toRpcError(fault)
      }
    }
  })
}
