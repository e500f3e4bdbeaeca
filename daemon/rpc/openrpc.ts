// The OpenRPC 1.3 document (https://spec.open-rpc.org) of a registry.
import { z } from 'zod'
import { rpcErrors } from './errors.ts'
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
    errors: [{ $ref: '#/components/errors/invalid_params' }],
    'x-scope': method.scope,
    'x-bucket': method.bucket
  }
}

function jsonSchema(schema: z.core.$ZodType): object {
  // Without `$schema`: the document's own meta-schema names the draft.
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' })
  return rest
}
