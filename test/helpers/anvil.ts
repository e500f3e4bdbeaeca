// A real EVM for tests: anvil as a child process on a free port of 127.0.0.1, with ten funded
// accounts, a block for each transaction, and the clock in the test's hands.
import { spawn, type ChildProcess } from 'node:child_process'
import { createRequire } from 'node:module'
import {
  JsonRpcProvider,
  NonceManager,
  type TransactionReceipt,
  type TransactionResponse,
  Wallet,
  HDNodeWallet
} from 'ethers'
import { mined } from '../../contracts/mined.ts'

const mnemonic = 'test test test test test test test test test test test junk'

const base =
  `--host 127.0.0.1 --port 0 --hardfork osaka --gas-limit 60000000 --base-fee 1 --accounts 10`
    .split(' ')
    .concat('--mnemonic', mnemonic)

export type Anvil = {
  url: string
  provider: JsonRpcProvider
  /** Funded accounts; each keeps its own count of transactions. */
  signers: NonceManager[]
  wallets: Wallet[]
  /** The latest block's time in whole seconds. */
  time(): Promise<number>
  /** Moves the clock on and mines a block there. */
  increaseTime(seconds: number): Promise<void>
  /** A point to which `revert` brings the chain back, once. */
  snapshot(): Promise<string>
  revert(id: string): Promise<void>
  /** Waits for a transaction. */
  mined(pending: Promise<TransactionResponse>): Promise<TransactionReceipt>
  close(): Promise<void>
}

/** Starts anvil and waits until it answers.
 * @param options `chainId` (31337), `extra` command line words. */
export async function startAnvil(
  options: { chainId?: number; extra?: readonly string[] } = {}
): Promise<Anvil> {
  const chainId = options.chainId ?? 31337
  const child = spawn(
    anvilPath(),
    [...base, '--chain-id', String(chainId), ...(options.extra ?? [])],
    { stdio: ['ignore', 'pipe', 'inherit'] }
  )
  // A test that dies must not leave a chain behind.
  const kill = (): void => void child.kill()
  process.once('exit', kill)
  const url = await listening(child)
  const provider = new JsonRpcProvider(url, chainId, {
    staticNetwork: true,
    cacheTimeout: -1,
    batchMaxCount: 1,
    polling: true,
    pollingInterval: 20
  })
  const root = HDNodeWallet.fromPhrase(mnemonic, undefined, "m/44'/60'/0'/0")
  const wallets = Array.from(
    { length: 10 },
    (_, index) => new Wallet(root.deriveChild(index).privateKey, provider)
  )
  let closed: Promise<void> | null = null
  const anvil: Anvil = {
    url,
    provider,
    wallets,
    signers: wallets.map((wallet) => new NonceManager(wallet)),
    time: async () => {
      const block: { timestamp: string } = await provider.send('eth_getBlockByNumber', [
        'latest',
        false
      ])
      return Number(block.timestamp)
    },
    increaseTime: async (seconds) => {
      await provider.send('evm_increaseTime', [seconds])
      await provider.send('evm_mine', [])
    },
    snapshot: () => provider.send('evm_snapshot', []),
    revert: async (id) => {
      await provider.send('evm_revert', [id])
      for (const signer of anvil.signers) signer.reset()
    },
    mined: async (pending) => mined(await pending),
    close: () => {
      process.off('exit', kill)
      return (closed ??= stop(child, provider))
    }
  }
  return anvil
}

/** The binary of this machine's platform, from npm. */
function anvilPath(): string {
  const require = createRequire(import.meta.url)
  const name = process.platform === 'win32' ? 'anvil.exe' : 'anvil'
  return require.resolve(`@foundry-rs/anvil-${process.platform}-${architecture()}/bin/${name}`)
}

function architecture(): string {
  return process.arch === 'x64' ? 'amd64' : process.arch
}

function listening(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = ''
    child.stdout?.on('data', (chunk: Buffer) => {
      // Everything has to be read, or the pipe fills and anvil stops.
      if (said === 'listening') return
      said += chunk.toString()
      const match = /Listening on (\S+)/.exec(said)
      if (match === null) return
      said = 'listening'
      resolve(`http://${match[1]}`)
    })
    child.once('error', reject)
    child.once('exit', (code) => reject(new Error(`anvil ended with ${code}: ${said}`)))
  })
}

async function stop(child: ChildProcess, provider: JsonRpcProvider): Promise<void> {
  provider.destroy()
  if (child.exitCode !== null) return
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  child.kill()
  await ended
}
