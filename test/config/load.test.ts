import test from 'brittle'
import { chmod, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'smol-toml'
import { configToml } from '../../config/document.ts'
import { ConfigFault } from '../../config/errors.ts'
import { loadConfig } from '../../config/load.ts'
import { environmentOf, flagOf, options } from '../../config/schema.ts'

test('config - default, file, environment and flag, in that order', async (t) => {
  const datadir = await t.tmp()
  const port = (sources: object) => loadConfig({ datadir, ...sources }).config['rpc.port']
  t.is(port({}), 8650)
  await writeFile(join(datadir, 'curb.toml'), '[rpc]\nport = 1111\n')
  t.is(port({}), 1111)
  const environment = { CURB_RPC_PORT: '2222' }
  t.is(port({ environment }), 2222)
  t.is(port({ environment, flags: { 'rpc.port': '3333' } }), 3333)
})

test('config - every value says where it came from', async (t) => {
  const datadir = await t.tmp()
  await writeFile(join(datadir, 'curb.toml'), 'archive = false\n')
  const { origins } = loadConfig({
    datadir,
    environment: { CURB_LOG_LEVEL: 'debug' },
    flags: { role: 'daemon' }
  })
  t.is(origins['archive'], 'file')
  t.is(origins['log.level'], 'environment')
  t.is(origins['role'], 'flag')
  t.is(origins['rpc.port'], 'default')
})

test('config - an unknown key is an error that names the likely one', async (t) => {
  const datadir = await t.tmp()
  await writeFile(join(datadir, 'curb.toml'), 'port = 1\n')
  await t.exception(() => loadConfig({ datadir }), /Unknown key port.*Did you mean p2p\.port/)
  await t.exception(
    () => loadConfig({ datadir: `${datadir}/none`, environment: { CURB_PRT: '1' } }),
    /Unknown environment variable CURB_PRT/
  )
  // Nothing of the tests' own is known to the program either.
  await t.exception(
    () => loadConfig({ datadir: `${datadir}/none`, environment: { CURB_TEST_LONG: '1' } }),
    /Unknown environment variable CURB_TEST_LONG/
  )
})

test('config - a value of the wrong kind says what it must be and where it stands', async (t) => {
  const datadir = await t.tmp()
  const wrong = (flags: Record<string, unknown>) => () => loadConfig({ datadir, flags })
  await t.exception(
    wrong({ 'rpc.port': 'http' }),
    /rpc\.port must be a whole number; the flag says/
  )
  await t.exception(wrong({ 'rpc.port': '70000' }), /between 0 and 65535/)
  await t.exception(wrong({ archive: 'maybe' }), /true or false/)
  await t.exception(wrong({ role: 'king' }), /one of auto, validator, daemon/)
  t.ok(faultOf(wrong({ role: 'king' })) instanceof ConfigFault)
})

function faultOf(run: () => unknown): unknown {
  try {
    return run()
  } catch (fault) {
    return fault
  }
}

test('config - broken TOML is an error with the file’s name', async (t) => {
  const datadir = await t.tmp()
  const path = join(datadir, 'curb.toml')
  await writeFile(path, '[rpc\n')
  await chmod(path, 0o600)
  await t.exception(() => loadConfig({ datadir }), /curb\.toml is not valid TOML/)
})

test('config - lists come from commas, paths from the data directory', async (t) => {
  const datadir = await t.tmp()
  const { config } = loadConfig({ datadir, flags: { 'p2p.bootstrap': 'a:1,b:2' } })
  t.alike(config['p2p.bootstrap'], ['a:1', 'b:2'])
  t.is(config.venue, join(datadir, 'venue.json'))
})

test('config - flags and variables are unique, and the sample file is valid', (t) => {
  t.is(new Set(options.map(({ key }) => flagOf(key))).size, options.length)
  t.is(new Set(options.map(({ key }) => environmentOf(key))).size, options.length)
  t.is(flagOf('rpc.allowedHosts'), '--rpc-allowed-hosts')
  t.is(environmentOf('rpc.allowedHosts'), 'CURB_RPC_ALLOWED_HOSTS')
  const uncommented = configToml().replace(/^# (\w+ = )/gm, '$1')
  t.is(Object.keys(parse(uncommented)).length > 3, true)
})
