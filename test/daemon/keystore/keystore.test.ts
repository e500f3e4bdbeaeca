import { loadTests } from '@ethersproject/testcases'
import test from 'brittle'
import { Wallet } from 'ethers'
import { chmod, mkdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { loadCrypto } from '../../../crypto/crypto.ts'
import { Keystore, readPassword } from '../../../daemon/keystore/keystore.ts'

type WalletVector = { type: string; address: string; json?: string; password?: string }

async function keystore(folder: string) {
  const { sign } = await loadCrypto()
  return new Keystore(folder, { sign })
}

test('keystore - opens the official vectors', async (t) => {
  const store = await keystore(join(await t.tmp(), 'keystore'))
  const vectors = loadTests<WalletVector[]>('wallets')
  let opened = 0
  for (const { type, json, password, address } of vectors) {
    if (type !== 'secret-storage' || json === undefined || password === undefined) continue
    const imported = await store.import(json, password, 2 ** 10).catch((fault: unknown) => fault)
    t.is(imported, address.toLowerCase().replace(/^(0x)?/, '0x'))
    opened++
  }
  t.ok(opened > 0, `${opened} vectors`)
})

test('keystore - a new account signs as ethers does', async (t) => {
  const folder = join(await t.tmp(), 'keystore')
  const store = await keystore(folder)
  const address = await store.create('correct horse', 2 ** 10)
  t.alike(await store.list(), [address])
  t.is((await stat(join(folder, `${address.slice(2)}.json`))).mode % 0o1000, 0o600)
  const account = await store.unlock(address, 'correct horse')
  const digest = new Uint8Array(32).fill(7)
  const wallet = new Wallet(account.privateKey)
  t.is(
    Buffer.from(account.sign(digest)).toString('hex'),
    wallet.signingKey.sign(digest).serialized.slice(2)
  )
})

test('keystore - a wrong password and a missing file say so', async (t) => {
  const store = await keystore(join(await t.tmp(), 'keystore'))
  const address = await store.create('right', 2 ** 10)
  await t.exception(store.unlock(address, 'wrong'), /wrong password/)
  await t.exception(store.unlock(`0x${'1'.repeat(40)}`, 'right'), /no key file/)
  await t.exception(store.import('{}', 'x'), /v3 key file/)
})

test('keystore - a password file that others can read is refused', async (t) => {
  const folder = await t.tmp()
  await mkdir(folder, { recursive: true })
  const path = join(folder, 'password')
  await writeFile(path, 'secret\n', { mode: 0o600 })
  t.is(await readPassword(path), 'secret')
  await chmod(path, 0o644)
  await t.exception(readPassword(path), /chmod 600/)
  await t.exception(readPassword(''), /passwordFile/)
})
