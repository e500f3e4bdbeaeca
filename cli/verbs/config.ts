import { existsSync } from 'node:fs'
import { sep } from 'node:path'
import type { Command } from 'commander'
import { configToml } from '../../config/document.ts'
import { loadConfig } from '../../config/load.ts'
import { datadirPaths, datadirWords } from '../../config/paths.ts'
import { Context } from '../context.ts'
import { table } from '../output.ts'

export function configCommands(program: Command): void {
  const config = program.command('config').description('the daemon’s configuration')
  config
    .command('print')
    .description('every key and its value')
    .option('--origin', 'and where each value comes from')
    .option('--sample', 'a curb.toml with every key at its default')
    .action((flags: { origin?: boolean; sample?: boolean }, command: Command) => {
      const { output, datadir } = Context.of(command)
      if (flags.sample === true) {
        process.stdout.write(configToml())
        return
      }
      const loaded = loadConfig({ datadir, environment: process.env })
      output.result(loaded, ({ config: values, origins }) =>
        table(
          [
            { title: 'key' },
            { title: 'value' },
            ...(flags.origin === true ? [{ title: 'from' }] : [])
          ],
          Object.entries(values).map(([key, value]) => [
            key,
            JSON.stringify(value),
            ...(flags.origin === true ? [origins[key] ?? ''] : [])
          ])
        )
      )
    })
  config
    .command('path')
    .description('the data directory and what lies in it')
    .action((_flags: object, command: Command) => {
      const { output, datadir } = Context.of(command)
      const { config: values } = loadConfig({ datadir, environment: process.env })
      const { root, ...paths } = datadirPaths(datadir)
      const places = [
        { path: values.venue, what: 'the venue’s manifest' },
        // By the keys of the paths themselves.
        ...Object.entries(paths).map(([name, path]) => ({
          path,
          what: datadirWords[name as keyof typeof datadirWords]
        })),
        { path: values['rpc.socket'], what: 'socket of the JSON-RPC' },
        { path: values['log.file'], what: 'the log' }
      ]
      const told = places
        .filter(({ path }) => path !== '')
        .map((place) => ({ ...place, exists: existsSync(place.path) }))
      output.result({ datadir: root, places: told }, (value) =>
        [
          value.datadir,
          '',
          table(
            [{ title: 'path' }, { title: 'what' }, { title: '' }],
            value.places.map(({ path, what, exists }) => [
              path.startsWith(root + sep) ? path.slice(root.length + 1) : path,
              what,
              exists ? '' : 'not there'
            ])
          )
        ].join('\n')
      )
    })
}
