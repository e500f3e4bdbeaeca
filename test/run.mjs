// Runs the test files, a process for each folder, under a time-out, and closes with the line
// `N passed, N failed` (tests, not assertions).
//
//   node test/run.mjs            the tests that every change must pass
//   node test/run.mjs --long     and the long runs: a million commands, more seeds, more batches, a soak
//   node test/run.mjs matching   only the folders or files whose path contains a word
import { spawn } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ensureInstalled } from '../config/install.mjs'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const words = process.argv.slice(2).filter((word) => !word.startsWith('--'))
const long = process.argv.includes('--long')
const groupTimeoutMs = long ? 7_200_000 : 900_000
const testTimeoutMs = long ? 1_800_000 : 120_000

ensureInstalled()

/** Test files by folder; a folder runs in one process, which a leaked handle would keep alive. */
function groups() {
  const byFolder = new Map()
  for (const file of testFiles(join(root, 'test')).sort()) {
    if (words.length > 0 && !words.some((word) => file.includes(word))) continue
    const folder = dirname(file)
    byFolder.set(folder, [...(byFolder.get(folder) ?? []), file])
  }
  return [...byFolder]
}

function testFiles(folder) {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.test.ts'))
    .map((entry) => relative(root, join(entry.parentPath ?? entry.path, entry.name)))
}

function runGroup(folder, files) {
  return new Promise((resolve) => {
    const child = spawn(
      process.execPath,
      [
        '--expose-gc',
        '--import',
        'tsx',
        join(root, 'node_modules', 'brittle', 'brittle-node.js'),
        '-t',
        String(testTimeoutMs),
        ...files
      ],
      {
        cwd: root,
        env: { ...process.env, ...(long ? { TEST_LONG: '1' } : {}) },
        stdio: ['ignore', 'pipe', 'pipe'],
        // A group of its own, so that what a test leaves behind can be ended with it.
        detached: true
      }
    )
    running.add(child.pid)
    let out = ''
    let timedOut = false
    const take = (chunk) => (out += chunk)
    child.stdout.on('data', take)
    child.stderr.on('data', take)
    const timer = setTimeout(() => {
      timedOut = true
      endGroup(child.pid)
    }, groupTimeoutMs)
    child.on('close', (code) => {
      clearTimeout(timer)
      endGroup(child.pid)
      running.delete(child.pid)
      resolve({ folder, out, code, timedOut, ...count(out) })
    })
  })
}

// A run that is ended takes its tests with it.
const running = new Set()
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => {
    for (const pid of running) endGroup(pid)
    process.exit(130)
  })
}

function endGroup(pid) {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch (error) {
    if (error.code !== 'ESRCH') throw error
  }
}

/** Brittle prints `ok 1 - title` or `not ok 1 - title` for each test at the margin. */
function count(out) {
  const lines = out.split('\n')
  return {
    passed: lines.filter((line) => /^ok \d+ - /.test(line)).length,
    failed: lines.filter((line) => /^not ok \d+ - /.test(line)).length
  }
}

/** What failed, without the assertions that held and without lines of a thousand dashes. */
function readable(out) {
  return out
    .split('\n')
    .filter((line) => !/^\s*ok \d+ - /.test(line))
    .map((line) => (line.length > 400 ? `${line.slice(0, 400)} ...` : line))
    .join('\n')
}

let passed = 0
let failed = 0
for (const [folder, files] of groups()) {
  const started = process.hrtime.bigint()
  const result = await runGroup(folder, files)
  const seconds = Number((process.hrtime.bigint() - started) / 1_000_000n) / 1000
  // A process that died or hung failed, even when every test that it reported had passed.
  const broken = result.code !== 0 && result.failed === 0
  passed += result.passed
  failed += result.failed + (broken ? 1 : 0)
  const mark = result.failed > 0 || broken ? 'FAILED' : 'ok'
  console.log(`${mark.padEnd(7)}${folder}: ${result.passed} tests, ${seconds.toFixed(1)} s`)
  if (mark === 'FAILED') {
    console.log(readable(result.out))
    if (result.timedOut) console.log(`${folder}: ended after ${groupTimeoutMs / 1000} s`)
    else if (broken) console.log(`${folder}: the process ended with code ${result.code}`)
  }
}
if (passed + failed === 0) {
  console.log(`No test file matches ${words.join(' ')}`)
  failed = 1
}
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed > 0 ? 1 : 0
