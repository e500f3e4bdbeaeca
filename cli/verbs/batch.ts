import type { Command } from 'commander'
import type { RpcBatch } from '../../protocol/rpc.ts'
import { Context } from '../context.ts'
import { wholeNumber } from '../numbers.ts'
import { facts, table, timeText } from '../output.ts'

export function batchCommands(program: Command): void {
  const batch = program.command('batch').description('settlement batches')
  batch
    .command('list')
    .description('the latest batches and their state')
    .option('--count <count>', 'how many', wholeNumber(), 20)
    .option('--before <index>', 'only batches with a smaller number', wholeNumber())
    .action(async (page: { count: number; before?: number }, command: Command) => {
      const context = Context.of(command)
      const found = await context.call((client) => client.call('public/get_batches', page))
      context.output.result(found, batchTable)
    })
  batch
    .command('show')
    .description('one batch')
    .argument('<index>', 'number of the batch', wholeNumber())
    .action(async (index: number, _flags: object, command: Command) => {
      const context = Context.of(command)
      const found = await context.call((client) => client.call('public/get_batch', { index }))
      context.output.result(found, (each) => batchText(each))
    })
  batch
    .command('void')
    .argument('<index>', 'number of the batch', wholeNumber())
    .description('give this validator’s word that a batch cannot settle (only after the horizon)')
    .action(async (index: number, _flags: object, command: Command) => {
      const context = Context.of(command)
      await context.call((client) => client.call('admin/void_batch', { index }))
      context.output.result({ index }, () => `this validator attested the void of batch ${index}`)
    })
}

function batchTable(batches: RpcBatch[]): string {
  return table(
    [
      { title: 'batch', right: true },
      { title: 'state' },
      { title: 'trades', right: true },
      { title: 'withdrawals', right: true },
      { title: 'co-signed', right: true },
      { title: 'attested', right: true },
      { title: 'transaction' }
    ],
    batches.map((batch) => [
      String(batch.index),
      batch.state,
      String(batch.fills),
      String(batch.withdrawals),
      `${batch.cosigned}/${batch.accounts}`,
      String(batch.attestations),
      batch.transaction ?? ''
    ]),
    'no batches'
  )
}

function batchText(batch: RpcBatch): string {
  const at = (milliseconds: number) => (milliseconds === 0 ? '-' : timeText(milliseconds))
  return facts([
    ['batch', String(batch.index)],
    ['state', batch.state],
    ['trades', String(batch.fills)],
    ['withdrawals', String(batch.withdrawals)],
    ['co-signed', `${batch.cosigned} of ${batch.accounts} accounts`],
    ['attestations', String(batch.attestations)],
    ['link', batch.link ?? '-'],
    ['opened', at(batch.openedAt)],
    ['closed', at(batch.closedAt)],
    ['sealed', at(batch.sealedAt)],
    ['transaction', batch.transaction ?? '-'],
    ['gas', batch.gas === null ? '-' : String(batch.gas)],
    ['submitter', batch.submitter ?? '-']
  ])
}
