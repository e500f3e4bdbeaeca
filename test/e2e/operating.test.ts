// "A trader's daemon" of docs/operating.md, followed as it stands: its lines typed, its file written.
import test from 'brittle'
import { spawn } from 'node:child_process'
import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseUnits } from 'ethers'
import { mined } from '../../contracts/mined.ts'
import { builtDaemon } from '../helpers/built.ts'
import { curb } from '../helpers/curb.ts'
import { ProcessVenue } from '../helpers/processes.ts'
import { until } from '../helpers/until.ts'

const START_MS = 120_000
const STEP_MS = 60_000
const page = join(import.meta.dirname, '..', '..', 'docs', 'operating.md')

const venue = new ProcessVenue({ validators: 1, traders: 1, seed: 21 })

/** The section's blocks: lines to type, then a file, then lines again. */
async function steps(): Promise<{ first: string[]; toml: string; last: string[] }> {
  const [, section] = (await readFile(page, 'utf8')).split(/^## /m)
  const [first, toml, last] = [...section.matchAll(/^```(?:toml)?\n([^`]*)^```$/gm)].map(
    ([, block]) => block
  )
  return { first: typed(first), toml, last: typed(last) }
}

/** Without what is said about them: that stands apart. */
function typed(block: string): string[] {
  return block
    .trim()
    .split('\n')
    .map((line) => line.split(/ {2,}/)[0])
}

test.hook('operating - the venue goes up', { timeout: START_MS }, async () => venue.open())

test('operating - a trader’s daemon is set up by the steps as they stand', async (t) => {
  const datadir = await t.tmp()
  await mkdir(datadir, { recursive: true })
  const member = venue.member('trader-1')
  const password = join(datadir, 'password')
  await writeFile(password, 'a password')
  await chmod(password, 0o600)
  let account = '0x...'
  const type = async (line: string) => {
    const words = line
      .replace('venue.json', join(member.datadir, 'venue.json'))
      .replace('--password-file password', `--password-file ${password}`)
      .replace('0x...', account)
      .split(' ')
    const ran = await curb([...words.slice(1), '--datadir', datadir])
    t.is(ran.code, 0, `${line}: ${ran.err}`)
    return ran.out
  }
  const { first, toml, last } = await steps()
  t.alike(
    first.map((line) => line.split(' ', 3).join(' ')),
    ['curb venue join', 'curb account new']
  )
  await type(first[0])
  account = (await type(first[1])).trim()

  // What this venue's DHT needs beside it: the page's reader uses the public one.
  const there = await readFile(join(member.datadir, 'curb.toml'), 'utf8')
  const [bootstrap] = /^bootstrap = .*$/m.exec(there) ?? ['']
  const ours = `\n[p2p]\n${bootstrap}\nhost = "127.0.0.1"\nfirewalled = false\n\n[rpc]\nport = 0\n`
  const filled = toml.replace(/"http:[^"]*"/, `"${venue.local.chainUrl}"`).replace('0x...', account)
  await writeFile(join(datadir, 'curb.toml'), filled + ours)

  // "Some of the chain's own coin for gas, and the tokens that it deposits."
  await venue.chain.send('anvil_setBalance', [account, '0xde0b6b3a7640000'])
  const { decimals } = venue.manifest.tokens.find(({ symbol }) => symbol === 'USDC') ?? {}
  const token = venue.token('USDC', venue.wallet(15))
  await mined(await token['mint'](account, parseUnits('1000', decimals)))

  t.is(last[0], 'curbd')
  const { command, args } = builtDaemon(['--datadir', datadir])
  const daemon = spawn(command, args, { stdio: 'ignore' })
  t.teardown(() => daemon.kill('SIGKILL'))
  await until(async () => (await readdir(datadir)).includes('curbd.sock'), 'the socket', STEP_MS)
  /** Asked again until it shows what the page says it will. */
  const shown: Record<string, RegExp> = {
    'curb node status': /^ready +yes/m,
    'curb balance': /^USDC +1000 /m
  }
  for (const line of last.slice(1)) {
    const expected = shown[line] ?? /./
    await until(async () => expected.test(await type(line)), line, STEP_MS)
  }
  const orders = await curb(['order', 'list', '--json', '--datadir', datadir])
  t.alike(
    JSON.parse(orders.out).map(({ price, state }: Record<string, unknown>) => [price, state]),
    [['1000', 'open']]
  )

  // What lies there now is what `config path` and the page say.
  const { places } = JSON.parse(
    (await curb(['config', 'path', '--json', '--datadir', datadir])).out
  )
  const told = new Map<string, boolean>(
    places.map(({ path, exists }: { path: string; exists: boolean }) => [path, exists])
  )
  const lies = await readdir(datadir)
  for (const name of lies) {
    if (name === 'password') continue
    t.is(told.get(join(datadir, name)), true, name)
  }
  for (const [path, exists] of told) t.is(lies.includes(path.slice(datadir.length + 1)), exists)
  const text = await readFile(page, 'utf8')
  for (const name of lies.filter((each) => each !== 'password')) {
    t.ok(text.includes(`\`${name}`), `the page says what is lost with ${name}`)
  }
  daemon.kill('SIGTERM')
  await until(() => daemon.exitCode !== null, 'the drain', STEP_MS)
  t.is(daemon.exitCode, 0)
})

test.hook('operating - the venue goes down', { timeout: START_MS }, async () => venue.close())
