// Codes are listed once, explained, used, and on the page.
import test from 'brittle'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { reasons } from '../../matching/reasons.ts'
import { DecodeFault, EncodeFault, Fault, protocolFaults } from '../../protocol/faults.ts'
import { rejectCode, rejectOf, rejects } from '../../protocol/rejects.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

function sources(...rooms: string[]): { path: string; text: string }[] {
  return rooms.flatMap((room) =>
    readdirSync(join(root, room), { withFileTypes: true, recursive: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
      .map((entry) => join(entry.parentPath, entry.name))
      .map((path) => ({ path, text: readFileSync(path, 'utf8') }))
  )
}

const page = readFileSync(join(root, 'docs', 'errors.md'), 'utf8')

test("errors - the reject list is the engine's, in its order", (t) => {
  t.alike(
    rejects.map(([name]) => name),
    [...reasons]
  )
})

test('errors - the reject list is that of the rule book', (t) => {
  const book = readFileSync(join(root, 'docs', 'matching.md'), 'utf8')
  const section = /^## 13\. Reasons[^\n]*\n+([a-z_,\s]+)/m.exec(book)
  const listed = section?.[1].split(',').map((name) => name.trim())
  t.alike(
    rejects.map(([name]) => name),
    listed
  )
})

test('errors - codes of rejects go both ways', (t) => {
  for (const [i, [name, meaning]] of rejects.entries()) {
    t.is(rejectCode(name), i + 1)
    t.is(rejectOf(i + 1), name)
    t.ok(meaning.length > 20 && meaning.endsWith('.'), name)
  }
  t.is(rejectOf(0), null)
  t.is(rejectOf(rejects.length + 1), null)
})

test('errors - every fault that protocol and crypto throw is in the table, and the reverse', (t) => {
  const used = new Set(['decode_failed', 'encode_failed'])
  for (const { path, text } of sources('protocol', 'crypto')) {
    for (const [, code] of text.matchAll(/new Fault\(\s*'([a-z0-9_]+)'/g)) {
      used.add(code)
      if (!Object.hasOwn(protocolFaults, code)) t.fail(`${path} throws ${code}`)
    }
    for (const [, code] of text.matchAll(/code: '([a-z0-9_]+)'/g)) used.add(code)
  }
  for (const code of Object.keys(protocolFaults)) t.ok(used.has(code), `${code} is thrown`)
})

test('errors - every table of faults is on the page', (t) => {
  let tables = 0
  for (const { path, text } of sources('protocol', 'crypto', 'daemon', 'config', 'client')) {
    const table = /export const \w+Faults = \{([\s\S]*?)\n\} as const/.exec(text)
    if (table === null) continue
    tables++
    for (const [, code] of table[1].matchAll(/^ {2}(\w+):/gm)) {
      t.ok(page.includes(`| \`${code}\` |`), `${code} of ${path}`)
    }
  }
  t.ok(tables >= 3)
})

test('errors - a fault carries code, metadata and cause', (t) => {
  const cause = new Error('below')
  const fault = new Fault('manifest_invalid', 'above', { path: 'x' }, cause)
  t.is(fault.code, 'manifest_invalid')
  t.alike(fault.metadata, { path: 'x' })
  t.is(fault.cause, cause)
  t.ok(fault instanceof Error)
  const decode = new DecodeFault('ends early', 7)
  t.is(decode.message, 'ends early at byte 7')
  t.is(decode.code, 'decode_failed')
  t.is(new EncodeFault('price', 'is odd').message, 'price is odd')
})
