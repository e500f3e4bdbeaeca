// Checks of the code itself: who imports whom, how long a file is, which words must not appear.
import test from 'brittle'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const rooms = [
  'matching',
  'protocol',
  'crypto',
  'daemon',
  'client',
  'cli',
  'config',
  'contracts',
  'bench',
  'test'
]
const linesMax = 400

/** What each room may import, beside itself. A room that is not listed may import anything. */
const mayImport: Record<string, string[]> = {
  matching: [],
  protocol: [],
  crypto: ['protocol'],
  client: ['protocol'],
  config: ['protocol'],
  contracts: ['protocol', 'crypto'],
  cli: ['client', 'config', 'protocol'],
  daemon: ['matching', 'protocol', 'crypto', 'config', 'contracts']
}

/** Packages that only some rooms may import. */
const packageRooms: { packages: RegExp; rooms: RegExp }[] = [
  {
    packages: /^(hyper(swarm|dht|core)|corestore|protomux)$/,
    rooms: /^(daemon\/(network|lanes|tape|parts\.ts)|test|bench)/
  },
  {
    packages: /^ethers$/,
    rooms: /^(daemon\/(settlement|chain|keystore|devnet|modes|app-chain\.ts)|contracts|test|bench)/
  },
  { packages: /^express$/, rooms: /^(daemon\/rpc|test)\// },
  { packages: /^commander$/, rooms: /^cli\// }
]

/** A pure folder imports these packages and its own files, nothing else. */
const pure: { folder: string; packages: string[] }[] = [
  { folder: 'matching/', packages: [] },
  { folder: 'protocol/', packages: ['compact-encoding', 'b4a'] },
  { folder: 'daemon/consensus/core/', packages: ['compact-encoding', 'b4a'] }
]

const files = rooms.flatMap(sourceFiles).map((path) => {
  const text = readFileSync(join(root, path), 'utf8')
  return { path, text, lines: text.split('\n').length - 1, imports: importsOf(text) }
})

function sourceFiles(room: string): string[] {
  return readdirSync(join(root, room), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && /\.(ts|mjs|sol)$/.test(entry.name))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
}

function importsOf(text: string): string[] {
  const found = text.matchAll(/^(?:import|export)\s(?:[^'"`;]*?\sfrom\s)?['"]([^'"]+)['"]/gm)
  return [...found].map((match) => match[1])
}

function packageOf(specifier: string): string {
  const parts = specifier.split('/')
  return specifier.startsWith('@') ? parts.slice(0, 2).join('/') : parts[0]
}

function isRelative(specifier: string): boolean {
  return specifier.startsWith('.')
}

function targetOf(path: string, specifier: string): string {
  return relative(root, resolve(root, dirname(path), specifier)).replaceAll('\\', '/')
}

test('tidy - there is something to check', (t) => {
  t.ok(files.length > 20, `${files.length} files`)
  t.ok(files.some((file) => file.imports.length > 3))
})

test('tidy - imports point down', (t) => {
  for (const { path, imports } of files) {
    const room = path.split('/')[0]
    const allowed = mayImport[room]
    if (allowed === undefined) continue
    for (const specifier of imports.filter(isRelative)) {
      const target = targetOf(path, specifier).split('/')[0]
      if (target !== room && !allowed.includes(target)) {
        t.fail(`${path} imports ${specifier}: ${room} may not import ${target}`)
      }
    }
  }
  t.pass()
})

test('tidy - rpc reaches the daemon through its own methods only', (t) => {
  for (const { path, imports } of files.filter((file) => file.path.startsWith('daemon/rpc/'))) {
    for (const specifier of imports.filter(isRelative)) {
      if (/^daemon\/(network|lanes|settlement)\//.test(targetOf(path, specifier))) {
        t.fail(`${path} imports ${specifier}`)
      }
    }
  }
  t.pass()
})

test('tidy - packages stay in their rooms', (t) => {
  for (const { path, imports } of files) {
    for (const specifier of imports.filter((each) => !isRelative(each))) {
      for (const rule of packageRooms) {
        if (rule.packages.test(packageOf(specifier)) && !rule.rooms.test(path)) {
          t.fail(`${path} imports ${specifier}`)
        }
      }
    }
  }
  t.pass()
})

test('tidy - pure folders import nothing impure', (t) => {
  for (const { folder, packages } of pure) {
    for (const { path, imports } of files.filter((file) => file.path.startsWith(folder))) {
      for (const specifier of imports) {
        const fine = isRelative(specifier)
          ? /^(matching|protocol|daemon\/consensus\/core)\//.test(targetOf(path, specifier))
          : packages.includes(packageOf(specifier))
        if (!fine) t.fail(`${path} imports ${specifier}`)
      }
    }
  }
  t.pass()
})

test('tidy - matching has no BigInt and no float', (t) => {
  for (const { path, text } of files.filter((file) => file.path.startsWith('matching/'))) {
    const code = text.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '')
    if (/\bBigInt\b|\b\d+n\b/.test(code)) t.fail(`${path} uses BigInt`)
    if (/(?<![\w.])\d+\.\d/.test(code)) t.fail(`${path} has a fractional number`)
    if (/\b(parseFloat|Math\.(random|sqrt|pow|log|exp|sin|cos))\b/.test(code)) {
      t.fail(`${path} computes with floats`)
    }
  }
  t.pass()
})

test('tidy - time and chance come in by injection', (t) => {
  const exempt = /^(daemon\/clock\.ts|client\/timer\.ts|test\/|bench\/)/
  for (const { path, text } of files.filter((file) => !exempt.test(file.path))) {
    if (!path.endsWith('.ts') || /^(cli|contracts)\//.test(path)) continue
    const code = text.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '')
    const found = code.match(
      /\bDate\.now\b|\bnew Date\(\)|\bMath\.random\b|\bset(Timeout|Interval)\(/
    )
    if (found) t.fail(`${path} uses ${found[0]}`)
  }
  t.pass()
})

test('tidy - a file has at most 400 lines', (t) => {
  for (const { path, lines } of files) {
    if (lines > linesMax) t.fail(`${path} has ${lines} lines`)
  }
  t.pass()
})

test('tidy - file names are kebab-case', (t) => {
  for (const { path } of files) {
    if (!/^([a-z0-9-]+\/)*[a-z0-9-]+(\.(test|bench|d))?\.(ts|mjs)$|\.sol$/.test(path)) {
      t.fail(path)
    }
  }
  t.pass()
})

test('tidy - no path of a machine, no stray TODO, no skipped test', (t) => {
  for (const { path, text } of files) {
    if (path === 'test/tidy.test.ts') continue
    for (const [index, line] of text.split('\n').entries()) {
      const where = `${path}:${index + 1}`
      if (/['"`\s(]\/(work|home|root|Users)\//.test(line)) t.fail(`${where} names a machine's path`)
      if (/\b(TODO|FIXME|XXX)\b(?!.*#\d)/.test(line)) t.fail(`${where} has a TODO without an issue`)
      if (/\btest\.(skip|solo|todo)\b/.test(line)) t.fail(`${where} skips tests`)
      if (/@ts-(ignore|nocheck)/.test(line)) t.fail(`${where} silences the compiler`)
    }
  }
  t.pass()
})
