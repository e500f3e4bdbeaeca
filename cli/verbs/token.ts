import { Option, type Command } from 'commander'
import { Context } from '../context.ts'
import { wholeNumber } from '../numbers.ts'
import { table, timeText } from '../output.ts'

type Scope = 'read' | 'trade' | 'admin'

export function tokenCommands(program: Command): void {
  const token = program.command('token').description('access tokens of the JSON-RPC')
  token
    .command('create <name>')
    .description('make a token; its text is shown this once')
    .addOption(
      new Option('--scope <scope>', 'what it allows')
        .choices(['read', 'trade', 'admin'])
        .default('read')
    )
    .option('--days <days>', 'days until it expires; else never', wholeNumber())
    .action(async (name: string, flags: { scope: Scope; days?: number }, command: Command) => {
      const context = Context.of(command)
      const { scope, days } = flags
      const life = days === undefined ? {} : { lifeSeconds: days * 86_400 }
      const made = await context.call((client) =>
        client.call('admin/create_token', { name, scope, ...life })
      )
      context.output.result(made, (value) => value.token)
    })
  token
    .command('list')
    .description('tokens, without their texts')
    .action(async (_flags: object, command: Command) => {
      const context = Context.of(command)
      const tokens = await context.call((client) => client.call('admin/list_tokens', {}))
      context.output.result(tokens, (all) =>
        table(
          [{ title: 'name' }, { title: 'scope' }, { title: 'expires' }],
          all.map(({ name, scope, expiresAt }) => [
            name,
            scope,
            expiresAt === null ? 'never' : timeText(expiresAt)
          ]),
          'no tokens besides the cookie'
        )
      )
    })
  token
    .command('revoke <name>')
    .description('end a token now')
    .action(async (name: string, _flags: object, command: Command) => {
      const context = Context.of(command)
      const done = await context.call((client) => client.call('admin/revoke_token', { name }))
      context.output.result(done, (revoked) => (revoked ? 'revoked' : `there is no token ${name}`))
    })
}
