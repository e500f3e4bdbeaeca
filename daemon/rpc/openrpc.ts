// The OpenRPC 1.3 document (https://spec.open-rpc.org) of a registry.
import { z } from 'zod'
import { rpcErrors, type RpcErrorName } from './errors.ts'
import type { AnyMethod, Registry } from './registry.ts'

export function openRpcDocument(registry: Registry, version: string): object {
  return {
    openrpc: '1.3.2',
    info: {
      title: 'Curb',
      version,
      description: 'JSON-RPC 2.0 of the Curb daemon, over POST / and WebSocket.'
    },
    methods: registry.all().map(describe),
    components: {
      errors: Object.fromEntries(
        Object.entries(rpcErrors).map(([name, { code, meaning }]) => [
          name,
          { code, message: name, data: meaning }
        ])
      )
    }
  }
}

function describe(method: AnyMethod): object {
  return {
    name: method.name,
    description: method.doc,
    paramStructure: 'either',
    params: Object.entries(method.params.shape).map(([name, schema]) => ({
      name,
      required: schema._zod.optin !== 'optional',
      schema: jsonSchema(schema)
    })),
    result: { name: 'result', schema: jsonSchema(method.result) },
    errors: errorsOf(method).map((name) => ({ $ref: `#/components/errors/${name}` })),
    'x-scope': method.scope,
    'x-bucket': method.bucket
  }
}

/** What any call of a method can answer, by whom it is made and with what. */
const common = [
  'invalid_params',
  'unauthorized',
  'forbidden',
  'too_many_requests',
  'internal_error'
] as const satisfies RpcErrorName[]

/** Everything that a call of the method can answer instead of a result. */
export function errorsOf({ errors }: Pick<AnyMethod, 'errors'>): RpcErrorName[] {
  return [...common, ...errors]
}

function jsonSchema(schema: z.core.$ZodType): object {
  // Without `$schema`: the document's own meta-schema names the draft.
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' })
  return rest
}
