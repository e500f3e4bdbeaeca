// `npm run contracts:build`: compiles the vault and the test tokens with npm's solc (WebAssembly,
// the same bytes everywhere) and writes contracts/artifacts. Each artifact carries the hash of its
// compiler's input, so that a test can tell a stale one without compiling.
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const here = import.meta.dirname
export const sourceDirectory = path.join(here, 'src')
export const artifactDirectory = path.join(here, 'artifacts')

/** What is kept of a compiled contract. Sizes are in bytes of bytecode. */
export type Artifact = {
  contract: string
  inputHash: string
  abi: readonly unknown[]
  bytecode: string
  runtimeSize: number
}

const settings = {
  viaIR: true,
  optimizer: { enabled: true, runs: 1_000_000 },
  evmVersion: 'cancun',
  metadata: { bytecodeHash: 'none', appendCBOR: false },
  outputSelection: {
    '*': { '*': ['abi', 'evm.bytecode.object', 'evm.deployedBytecode.object'] }
  }
}

type Source = { content: string }
type Input = { language: 'Solidity'; sources: Record<string, Source>; settings: typeof settings }

type Output = {
  errors?: { severity: string; formattedMessage: string }[]
  contracts?: Record<string, Record<string, Compiled>>
}

type Compiled = {
  abi: unknown[]
  evm: { bytecode: { object: string }; deployedBytecode: { object: string } }
}

const require = createRequire(import.meta.url)

/** Every source below contracts/src with all that it imports, by the names that solc knows. */
export function compilerInput(): Input {
  const sources: Record<string, Source> = {}
  const add = (name: string, file: string): void => {
    if (sources[name] !== undefined) return
    const content = readFileSync(file, 'utf8')
    sources[name] = { content }
    for (const [, target] of content.matchAll(/^import\s[^"]*"([^"]+)";/gms)) {
      if (!target.startsWith('.')) add(target, require.resolve(target))
      else if (name.startsWith('@')) {
        const joined = path.posix.join(path.posix.dirname(name), target)
        add(joined, require.resolve(joined))
      } else {
        const joined = path.posix.join(path.posix.dirname(name), target)
        add(joined, path.join(sourceDirectory, joined))
      }
    }
  }
  for (const name of solidityFiles()) add(name, path.join(sourceDirectory, name))
  const sorted = Object.fromEntries(Object.entries(sources).sort(([a], [b]) => (a < b ? -1 : 1)))
  return { language: 'Solidity', sources: sorted, settings }
}

/** Names what the artifacts were made from: sources, settings and the compiler's version. */
export function inputHash(input: Input): string {
  const version = readFileSync(require.resolve('solc/package.json'), 'utf8')
  const solc: { version: string } = JSON.parse(version)
  return createHash('sha256').update(solc.version).update(JSON.stringify(input)).digest('hex')
}

/** Compiles everything.
 * @throws Error with the compiler's words when a source has an error. */
export function compile(input: Input): Artifact[] {
  const solc: { compile(json: string): string } = require('solc')
  const output: Output = JSON.parse(solc.compile(JSON.stringify(input)))
  const errors = (output.errors ?? []).filter((error) => error.severity === 'error')
  if (errors.length > 0) throw new Error(errors.map((e) => e.formattedMessage).join('\n'))
  for (const warning of output.errors ?? []) process.stderr.write(warning.formattedMessage)
  const hash = inputHash(input)
  const artifacts: Artifact[] = []
  for (const [file, contracts] of Object.entries(output.contracts ?? {})) {
    if (file.startsWith('@')) continue
    for (const [contract, { abi, evm }] of Object.entries(contracts)) {
      if (evm.bytecode.object === '') continue
      artifacts.push({
        contract,
        inputHash: hash,
        abi,
        bytecode: '0x' + evm.bytecode.object,
        runtimeSize: evm.deployedBytecode.object.length / 2
      })
    }
  }
  return artifacts.sort((a, b) => (a.contract < b.contract ? -1 : 1))
}

function solidityFiles(directory = sourceDirectory, prefix = ''): string[] {
  return readdirSync(directory, { withFileTypes: true })
    .flatMap((entry) =>
      entry.isDirectory()
        ? solidityFiles(path.join(directory, entry.name), `${prefix}${entry.name}/`)
        : [prefix + entry.name]
    )
    .filter((name) => name.endsWith('.sol'))
    .sort()
}

function main(): void {
  const artifacts = compile(compilerInput())
  if (existsSync(artifactDirectory)) rmSync(artifactDirectory, { recursive: true })
  mkdirSync(artifactDirectory)
  for (const artifact of artifacts) {
    const file = path.join(artifactDirectory, artifact.contract + '.json')
    writeFileSync(file, JSON.stringify(artifact, null, 1) + '\n')
    process.stdout.write(`${artifact.contract}  ${artifact.runtimeSize} bytes\n`)
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main()
