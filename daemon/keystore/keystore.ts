// Accounts as Web3 Secret Storage v3 files, as geth and foundry write them
// (https://github.com/ethereum/wiki/wiki/Web3-Secret-Storage-Definition). Keys are in memory only
// while the daemon runs and are never logged.
import { decryptKeystoreJson, encryptKeystoreJson, isKeystoreJson, Wallet } from 'ethers'
import { chmod, mkdir, readdir, readFile, rename, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fromHex } from '../../protocol/bytes.ts'
import { Fault } from '../../protocol/faults.ts'
import type { Address, Bytes32, Signature } from '../../protocol/types.ts'
import type { AccountSigner } from '../trading/types.ts'

export const keystoreFaults = {
  password_file_open:
    'The password file can be read by others; give it mode 0600 (chmod 600 FILE) and start again.',
  password_missing: 'An account shall be unlocked, but keys.passwordFile names no file.',
  password_wrong: 'The password does not open the account’s key file.',
  key_file_missing: 'The keystore has no file of the account; curb account list shows what it has.',
  key_file_invalid: 'Not a Web3 Secret Storage v3 file.',
  account_exists: 'The keystore has this account already.'
} as const satisfies Record<string, string>

export type KeystoreFaultCode = keyof typeof keystoreFaults

export class KeystoreFault extends Fault<KeystoreFaultCode> {
  override readonly name = 'KeystoreFault'
}

export type UnlockedAccount = AccountSigner & {
  /** For the transactions of the account itself; 0x-hex. */
  readonly privateKey: string
}

type Sign = (digest: Bytes32, privateKey: Bytes32) => Signature

export class Keystore {
  readonly #folder: string
  readonly #sign: Sign

  constructor(folder: string, { sign }: { sign: Sign }) {
    this.#folder = folder
    this.#sign = sign
  }

  /** Addresses of the key files, ascending. A file that is none is passed over. */
  async list(): Promise<Address[]> {
    return [...(await this.#files()).keys()].sort()
  }

  /** @throws KeystoreFault key_file_missing, password_wrong */
  async unlock(address: Address, password: string): Promise<UnlockedAccount> {
    const file = (await this.#files()).get(address.toLowerCase())
    if (file === undefined) {
      throw new KeystoreFault('key_file_missing', `no key file of ${address} in ${this.#folder}`)
    }
    return this.#open(await readFile(file, 'utf8'), password, address)
  }

  /** A new account. Scrypt as geth has it, unless a lighter `work` factor is asked for. */
  async create(password: string, work?: number): Promise<Address> {
    return this.#write(Wallet.createRandom(), password, work)
  }

  /** Takes over a key file of geth or foundry, after opening it with its password.
   * @throws KeystoreFault key_file_invalid, password_wrong, account_exists */
  async import(json: string, password: string, work?: number): Promise<Address> {
    if (!isKeystoreJson(json)) throw new KeystoreFault('key_file_invalid', 'not a v3 key file')
    const { address, privateKey } = await this.#open(json, password, null)
    return this.#write({ address, privateKey }, password, work)
  }

  async #open(json: string, password: string, wanted: string | null): Promise<UnlockedAccount> {
    const opened = await decryptKeystoreJson(json, password).catch((cause: unknown) => {
      throw new KeystoreFault(
        'password_wrong',
        `wrong password of ${wanted ?? 'the file'}`,
        {},
        cause
      )
    })
    const { privateKey } = opened
    const key = fromHex(privateKey.slice(2))
    if (key === null) throw new KeystoreFault('key_file_invalid', 'the file holds no private key')
    const sign = this.#sign
    return {
      address: opened.address.toLowerCase(),
      privateKey,
      sign: (digest) => sign(digest, key)
    }
  }

  async #write(
    account: { address: string; privateKey: string },
    password: string,
    work = 2 ** 18
  ): Promise<Address> {
    const address = account.address.toLowerCase()
    if ((await this.#files()).has(address)) {
      throw new KeystoreFault('account_exists', `${address} is in the keystore already`)
    }
    const json = await encryptKeystoreJson(account, password, { scrypt: { N: work } })
    await mkdir(this.#folder, { recursive: true, mode: 0o700 })
    const path = join(this.#folder, `${address.slice(2)}.json`)
    await writeFile(`${path}.new`, json, { mode: 0o600 })
    await chmod(`${path}.new`, 0o600)
    await rename(`${path}.new`, path)
    return address
  }

  async #files(): Promise<Map<Address, string>> {
    const names = await readdir(this.#folder).catch((fault: unknown): string[] => {
      if (fault instanceof Error && 'code' in fault && fault.code === 'ENOENT') return []
      throw fault
    })
    const found = new Map<Address, string>()
    for (const name of names.sort()) {
      const path = join(this.#folder, name)
      const address = await addressOf(path)
      if (address !== null) found.set(address, path)
    }
    return found
  }
}

/** The password of a file that only its owner can read; a newline at its end is not part of it.
 * @throws KeystoreFault password_missing, password_file_open */
export async function readPassword(path: string): Promise<string> {
  if (path === '') throw new KeystoreFault('password_missing', keystoreFaults.password_missing)
  const { mode } = await stat(path).catch((cause: unknown) => {
    throw new KeystoreFault(
      'password_missing',
      `cannot read the password file ${path}: name one that is there, of mode 0600`,
      { path },
      cause
    )
  })
  if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
    throw new KeystoreFault('password_file_open', `${path}: ${keystoreFaults.password_file_open}`)
  }
  return (await readFile(path, 'utf8')).replace(/\r?\n$/, '')
}

async function addressOf(path: string): Promise<Address | null> {
  try {
    const parsed: unknown = JSON.parse(await readFile(path, 'utf8'))
    if (typeof parsed !== 'object' || parsed === null || !('address' in parsed)) return null
    const { address } = parsed
    if (typeof address !== 'string' || !/^(0x)?[0-9a-fA-F]{40}$/.test(address)) return null
    return `0x${address.replace(/^0x/, '').toLowerCase()}`
  } catch {
    // Not JSON, or not readable: not a key file.
    return null
  }
}
