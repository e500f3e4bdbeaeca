import test from 'brittle'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { id } from 'ethers'
import {
  artifactDirectory,
  compilerInput,
  inputHash,
  sourceDirectory
} from '../../contracts/build.ts'
import { vaultErrors } from '../../docs/errors-page.ts'
import { vaultInterface } from '../../contracts/vault.ts'

/** What EIP-170 allows a contract. */
const codeSizeMax = 24_576

test('artifacts - are made from these sources, settings and compiler', (t) => {
  const expected = inputHash(compilerInput())
  const files = readdirSync(artifactDirectory)
  t.ok(files.includes('Vault.json'))
  for (const file of files) {
    const artifact: { inputHash: string; runtimeSize: number } = JSON.parse(
      readFileSync(path.join(artifactDirectory, file), 'utf8')
    )
    t.is(artifact.inputHash, expected, `${file} (npm run contracts:build makes it anew)`)
    t.ok(artifact.runtimeSize <= codeSizeMax, `${file} fits a contract`)
  }
})

test('vault - each of its errors is provoked by a test', (t) => {
  const tests = readdirSync(import.meta.dirname)
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => readFileSync(path.join(import.meta.dirname, name), 'utf8'))
    .join('\n')
  vaultInterface.forEachError(({ name }) => {
    // Those of OpenZeppelin's that a token's own failure raises are caught as any failure.
    if (name.startsWith('SafeERC20')) return
    t.ok(tests.includes(`'${name}'`), name)
  })
})

test('vault - each of its errors has its words in docs/errors.md', (t) => {
  const page = readFileSync(path.join(import.meta.dirname, '../../docs/errors.md'), 'utf8')
  const names: string[] = []
  vaultInterface.forEachError(({ name }) => names.push(name))
  t.ok(names.length > 30, 'the vault has errors')
  for (const name of names) t.ok(page.includes(`\`${name}\``), name)
  const listed = vaultErrors().map(([name]) => name)
  t.alike(
    listed.filter((name) => !names.includes(name)),
    [],
    'every error of the page can be thrown'
  )
})

test('vault - the types of bulk orders are the hashes of their words', (t) => {
  const source = readFileSync(path.join(sourceDirectory, 'Signatures.sol'), 'utf8')
  const order =
    'Order(bytes32 market,address account,uint8 side,uint32 price,uint32 quantity,' +
    'uint8 timeInForce,uint8 postOnly,bool quote,bool leased,uint8 selfTradePrevention,' +
    'uint8 trigger,uint32 triggerPrice,uint40 expiry,uint64 feeMax,uint40 nonce,uint16 slot)'
  for (let height = 1; height <= 8; height++) {
    const type = id(`BulkOrder(Order${'[2]'.repeat(height)} tree)${order}`)
    t.ok(source.includes(type), `height ${height}`)
  }
})
