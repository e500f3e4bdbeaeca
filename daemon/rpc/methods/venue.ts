// The venue: what it is, how it does, what it can prove; its batches.
import { z } from 'zod'
import { toHex, toHex0x } from '../../../protocol/bytes.ts'
import { encodeCut, type Cut } from '../../../protocol/tape-block.ts'
import type { RpcBatch, RpcProof } from '../../../protocol/rpc.ts'
import type { RpcApi } from '../api.ts'
import { RpcError } from '../errors.ts'
import type { AnyMethod } from '../registry.ts'
import * as schema from '../schemas.ts'
import { define } from './define.ts'

const batchesDefault = 20

export function venueMethods(api: RpcApi): AnyMethod[] {
  const { manifest, format, node, history, monitor } = api
  const index = z.number().int().nonnegative()
  return [
    define({
      name: 'public/get_venue',
      doc: 'What the venue is: chain and vault, validators, tokens, markets, the tape’s key, and the manifest with which anyone can join.',
      scope: 'read',
      bucket: 'reads',
      params: schema.none,
      result: z.strictObject({
        venueId: z.string(),
        name: z.string(),
        chainId: z.number().int().nullable(),
        vault: z.string().nullable(),
        validators: z.array(z.strictObject({ peer: z.string(), signer: z.string() })),
        tokens: z.array(
          z.strictObject({
            symbol: z.string(),
            address: z.string(),
            decimals: z.number().int(),
            quantum: schema.decimal
          })
        ),
        instruments: z.array(schema.instrument),
        tapeKey: z.string(),
        manifest: z.unknown()
      }),
      handle: () => ({
        venueId: toHex(node.terms.venue),
        name: manifest.name,
        chainId: manifest.chain?.id ?? null,
        vault: manifest.chain?.vault ?? null,
        validators: manifest.validators.map(({ peer, signer }) => ({ peer, signer })),
        tokens: manifest.tokens.map(({ symbol, address, decimals }, token) => ({
          symbol,
          address,
          decimals,
          quantum: format.quanta(token, 1)
        })),
        instruments: manifest.markets.map((_, market) => format.instrument(market)),
        tapeKey: toHex(node.tapeKey),
        manifest
      })
    }),
    define({
      name: 'public/status',
      doc: 'How this daemon and the venue do: the tape’s age, validators reached, peers, the engine, the chain, settlement, finality, and what is amiss.',
      scope: 'read',
      bucket: 'reads',
      params: schema.none,
      result: schema.status,
      handle: () => monitor.status()
    }),
    define({
      name: 'public/get_proof',
      doc: 'What proves a block of the tape: its header, the encoded cut, and the quorum’s signature of the tape’s head that covers it.',
      scope: 'read',
      bucket: 'reads',
      params: z.strictObject({ tapeIndex: index }),
      result: z.strictObject({
        tapeIndex: index,
        header: z.record(z.string(), z.unknown()),
        cut: schema.hex,
        treeHash: schema.hex,
        signedLength: z.number().int(),
        signature: schema.hex
      }),
      handle: ({ tapeIndex }) => proofOf(api, tapeIndex)
    }),
    define({
      name: 'public/get_batches',
      doc: 'Settlement batches, newest first, 20 unless told; `before` names an index.',
      scope: 'read',
      bucket: 'reads',
      params: z.strictObject({
        count: schema.count.exactOptional(),
        before: index.exactOptional()
      }),
      result: z.array(schema.batch),
      handle: async ({ count = batchesDefault, before }) => {
        const found = await history.batches.page(count, before ?? null)
        return found.map((batch) => batchReply(api, batch))
      }
    }),
    define({
      name: 'public/get_batch',
      doc: 'One batch and its trades.',
      scope: 'read',
      bucket: 'reads',
      params: z.strictObject({ index }),
      result: z.strictObject({ ...schema.batch.shape, trades: z.array(schema.trade) }),
      handle: async ({ index: wanted }) => {
        const batch = await history.batches.get(wanted)
        if (batch === null) throw new RpcError('not_found', `no batch ${wanted} is known`, 'index')
        const reply = batchReply(api, batch)
        const trades = await history.tradesOfBatch(wanted)
        // A number that was given again after a void has reverted trades too.
        const stateOf = async (at: number) =>
          (history.batches.way(wanted, at) ?? (await history.batches.oldWay(wanted, at))).state
        return {
          ...reply,
          trades: await Promise.all(
            trades.map(async (trade) => format.trade(trade, await stateOf(trade.index)))
          )
        }
      }
    })
  ]
}

/** With what the settlement layer knows since the last block. */
export function batchReply({ settlement }: RpcApi, batch: RpcBatch): RpcBatch {
  const onChain = settlement?.batch(batch.index) ?? null
  if (onChain === null) return batch
  const isOver = batch.state === 'final' || batch.state === 'reverted'
  return {
    ...batch,
    state: isOver ? batch.state : onChain.state,
    transaction: onChain.transaction ?? batch.transaction,
    gas: onChain.gas ?? batch.gas
  }
}

async function proofOf({ node }: RpcApi, tapeIndex: number): Promise<RpcProof> {
  const entry = await node.readTape(tapeIndex)
  const head = entry === null ? null : await node.signedHead(tapeIndex)
  if (entry === null || head === null) {
    throw new RpcError('not_found', `block ${tapeIndex} of the tape is not here`, 'tapeIndex')
  }
  const { cut } = entry.block
  return {
    tapeIndex,
    header: headerOf(cut),
    cut: toHex0x(encodeCut(cut)),
    treeHash: toHex0x(head.treeHash),
    signedLength: head.length,
    signature: toHex0x(head.signature)
  }
}

function headerOf({ height, time, cursor, executed, snapshot, events, slices }: Cut) {
  return {
    height,
    time,
    cursor: cursor && { ...cursor, hash: toHex0x(cursor.hash) },
    executed: executed && { index: executed.index, eventHash: toHex0x(executed.eventHash) },
    snapshot: snapshot && { index: snapshot.index, hash: toHex0x(snapshot.hash) },
    chainEvents: events.length,
    slices: slices.map(({ lane, from, to, treeHash }) => ({
      lane: toHex(lane),
      from,
      to,
      treeHash: toHex0x(treeHash)
    }))
  }
}
