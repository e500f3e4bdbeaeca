// Keys of accounts: made, taken over, listed. The password comes from a file or a prompt, never
// from the command line.
import { readFile } from 'node:fs/promises'
import { datadirPaths } from '../../config/paths.ts'
import { loadCrypto } from '../../crypto/crypto.ts'
import { Keystore } from '../keystore/keystore.ts'
import { passwordOf } from './password.ts'
import { datadirOf, readWords, UsageFault } from './usage.ts'

const flags = {
  datadir: { type: 'string' },
  'password-file': { type: 'string' },
  json: { type: 'boolean' }
} as const

export async function accountMode(verb: 'new' | 'import' | 'list', words: string[]): Promise<void> {
  const { values, rest } = readWords(words, flags)
  const { sign } = await loadCrypto()
  const keystore = new Keystore(datadirPaths(datadirOf(values['datadir'])).keystore, { sign })
  const show = (accounts: string[]) => {
    const text = values['json'] === true ? JSON.stringify(accounts) : accounts.join('\n')
    process.stdout.write(`${text}\n`)
  }
  if (verb === 'list') return show(await keystore.list())
  if (verb === 'new') {
    const password = await passwordOf(values['password-file'], true)
    return show([await keystore.create(password)])
  }
  const [file] = rest
  if (file === undefined) throw new UsageFault('name the key file to import')
  const json = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new UsageFault(`cannot read the key file ${file}: ${String(cause)}`)
  })
  return show([await keystore.import(json, await passwordOf(values['password-file'], false))])
}
