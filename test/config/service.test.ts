// The systemd unit lets the daemon do what it does. What systemd makes of it cannot be tried
// everywhere; that the unit says what the program needs can.
import test from 'brittle'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { environmentOf, options } from '../../config/schema.ts'

const root = join(import.meta.dirname, '..', '..')

/** `Name=value` lines of the section. */
function unit(): Map<string, string> {
  const text = readFileSync(join(root, 'config', 'curbd.service'), 'utf8')
  const [, service] = /\[Service\]\n([^[]*)/.exec(text) ?? []
  const pairs = service
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line): [string, string] => [
      line.slice(0, line.indexOf('=')),
      line.slice(line.indexOf('=') + 1)
    ])
  return new Map(pairs)
}

test('service - the daemon may open every kind of socket that it opens', (t) => {
  const families = unit().get('RestrictAddressFamilies')?.split(' ')
  // RPC and chain over TCP, the DHT over UDP, of both versions; rpc.socket; and NETLINK, by which
  // the operating system lists the interfaces: the DHT does not start without the list.
  t.alike(families?.sort(), ['AF_INET', 'AF_INET6', 'AF_NETLINK', 'AF_UNIX'])
})

test('service - the data directory is the one that it may write, and nobody else may read', (t) => {
  const { Environment, StateDirectory, StateDirectoryMode } = Object.fromEntries(unit())
  t.is(Environment, `CURB_DATADIR=%S/${StateDirectory}`)
  t.is(StateDirectoryMode, '0700')
  t.is(unit().get('ProtectSystem'), 'strict', 'everything else is read-only')
  // Paths of the configuration are taken from the data directory unless told.
  for (const option of options) {
    if (option.type === 'path') t.absent(option.default.startsWith('/'), option.key)
  }
  t.absent(
    options.some(({ key }) => environmentOf(key) === 'CURB_DATADIR'),
    'no option has its name'
  )
})

test('service - a drain has its time, and nothing forbids what Node needs', (t) => {
  const run = readFileSync(join(root, 'daemon', 'modes', 'run.ts'), 'utf8')
  const drainMs = Number(/drainMs = ([\d_]+)/.exec(run)?.[1].replaceAll('_', ''))
  t.ok(Number(unit().get('TimeoutStopSec')) * 1000 > drainMs, `${drainMs} ms`)
  // Compiled code is written to memory and run from there.
  t.absent(unit().has('MemoryDenyWriteExecute'))
  t.absent(unit().has('PrivateNetwork'))
  t.is(unit().get('Restart'), 'on-failure', 'a clean end stays ended')
})
