// `npm run contracts:fuzz [-- words for forge]`: the vault's invariants (design 3.5), fuzzed by
// forge with npm's solc as its compiler, offline.
import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import path from 'node:path'

const require = createRequire(import.meta.url)
const architecture = process.arch === 'x64' ? 'amd64' : process.arch
const binary = process.platform === 'win32' ? 'forge.exe' : 'forge'
const forge = require.resolve(`@foundry-rs/forge-${process.platform}-${architecture}/bin/${binary}`)
const directory = path.join(import.meta.dirname, 'foundry')
const root = path.join(import.meta.dirname, '..')
const { status, error } = spawnSync(forge, ['test', '--root', root, ...process.argv.slice(2)], {
  cwd: root,
  stdio: 'inherit',
  env: {
    ...process.env,
    FOUNDRY_CONFIG: path.join(directory, 'foundry.toml'),
    FOUNDRY_SOLC: path.join(directory, 'solc.mjs')
  }
})
if (error !== undefined) throw error
process.exitCode = status ?? 1
