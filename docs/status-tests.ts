// Which test shows a thing: one that uses it and looks at what came of it. Read from the tests'
// own text, statement by statement, so that a mere mention, a refusal, a hook or an exit code
// alone is none.
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'

const root = join(import.meta.dirname, '..')
const helperFile = join(root, 'test', 'helpers', 'process-trader.ts')

export type Test = {
  title: string
  file: string
  /** Of the test's function, with what is nested in them. */
  statements: string[]
  /** Functions of the file by name, for words that they say for the test. */
  functions: Map<string, string>
}

/** Nearest to the user first: the nearer, the better the proof. */
const folders = ['e2e', 'daemon/rpc', 'daemon/history', 'client', 'config', 'daemon', 'cli']

export function allTests(): Test[] {
  const seen = new Set<string>()
  return folders.flatMap((folder) => {
    const files = testFiles(join(root, 'test', folder)).filter((file) => !seen.has(file))
    for (const file of files) seen.add(file)
    return files.flatMap(testsOf)
  })
}

/** The first test that uses one of the words and looks at what came of it; null without any. */
export function shownBy(tests: readonly Test[], words: readonly string[]): Test | null {
  return tests.find((test) => shows(test, formsIn(test, words))) ?? null
}

/** Whether a test says one of the words, and looks at something from there on: what it shows is for
 * whoever chose it to know. */
export function isShown(test: Test, words: readonly string[]): boolean {
  const forms = formsIn(test, words)
  const at = test.statements.findIndex((each) => forms.some((form) => each.includes(form)))
  return at >= 0 && /\bt\.\w+\(|\buntil\(/.test(withoutCodes(test.statements.slice(at).join('\n')))
}

/** By code unit, whatever the order of the file system: the page must not depend on it. */
function testFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.test.ts'))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
}

function testsOf(path: string): Test[] {
  const file = relative(root, path).replaceAll('\\', '/')
  const text = readFileSync(path, 'utf8')
  const functions = functionsOf(text)
  return text.split(/^test\(/m).flatMap((part) => {
    const title = /^\s*'([^']+)'/.exec(part)?.[1]
    return title === undefined ? [] : [{ title, file, statements: statementsOf(part), functions }]
  })
}

/** Top-level functions, by name. */
function functionsOf(text: string): Map<string, string> {
  const found = text.matchAll(/^(?:async function|function|const) (\w+)[\s\S]*?^\S*[})]/gm)
  return new Map([...found].map(([body, name]) => [name, body]))
}

/** The lines of the test's function, joined where the formatter broke a statement. */
function statementsOf(part: string): string[] {
  const lines = part.split('\n')
  const first = lines.findIndex((line) => line.endsWith('=> {')) + 1
  const indent = /^ */.exec(lines[first])?.[0].length ?? 0
  const starts = new RegExp(`^ {${indent}}[^\\s})\\]]`)
  const statements: string[] = []
  for (const line of lines.slice(first)) {
    if (/^\S/.test(line)) break
    if (starts.test(line)) statements.push(line)
    else if (statements.length > 0) statements.push(`${statements.pop() ?? ''}\n${line}`)
  }
  return statements
}

/** The words themselves, functions of the file that say them, and methods of the helpers'. */
function formsIn({ file, functions }: Test, words: readonly string[]): string[] {
  const says = ([, body]: [string, string]) => words.some((word) => body.includes(word))
  const local = [...functions].filter(says).map(([name]) => `${name}(`)
  const helped = file.startsWith('test/e2e/') ? [...helperMethods()].filter(says) : []
  return [...words, ...local, ...helped.map(([name]) => `.${name}(`)]
}

let helpers: Map<string, string> | null = null

/** What a trader of the tests over processes does, by the method's name. */
function helperMethods(): Map<string, string> {
  if (helpers !== null) return helpers
  const text = readFileSync(helperFile, 'utf8')
  const found = text.matchAll(/^ {2}(?:async )?(\w+)\([\s\S]*?^ {2}}/gm)
  helpers = new Map([...found].map(([body, name]) => [name, body]))
  return helpers
}

function shows({ statements }: Test, forms: readonly string[]): boolean {
  return statements.some((statement, at) => {
    const useful = withoutCodes(statement)
    if (!forms.some((form) => useful.includes(form)) || isRefusal(useful)) return false
    if (isAssertion(useful)) return true
    const names = new Set(bound(useful))
    return statements.slice(at + 1).some((later) => {
      const text = withoutCodes(later)
      if (![...names].some((name) => mentions(text, name))) return false
      for (const name of bound(text)) names.add(name)
      return isAssertion(text)
    })
  })
}

/** Without what says no more than that a command ended well. */
function withoutCodes(statement: string): string {
  return statement
    .replace(/,\s*\w+\.err\b/g, '')
    .replace(/\(\s*await \w+\([^()]*(?:\([^()]*\)[^()]*)*\)\s*\)\.code/g, '')
    .replace(/\b\w+\.code\b/g, '')
}

function isAssertion(statement: string): boolean {
  return /\bt\.(is|ok|alike|not|absent|like)\(|\buntil\(|\bshows\(/.test(statement)
}

function isRefusal(statement: string): boolean {
  return /\bt\.exception\(/.test(statement) && !isAssertion(statement)
}

/** Names that a statement gives to what came of it, or puts it into. */
function bound(statement: string): string[] {
  const declared = /^\s*(?:const|let) ([\s\S]+?) = /.exec(statement)?.[1] ?? ''
  const names = [...declared.matchAll(/\b[a-z]\w*/gi)].map(([name]) => name)
  const filled = [...statement.matchAll(/\b(\w+)(?:\.(?:push|take|set|add)\(| \+?= |\+\+)/g)]
  return [...names, ...filled.map(([, name]) => name)]
}

function mentions(statement: string, name: string): boolean {
  return new RegExp(`\\b${name}\\b`).test(statement)
}
