// Makes what a devnet starts from: keys, tokens and vault on the local chain, the manifest, and a
// data directory for each daemon. The keys are a test chain's well-known ones: worthless by design.
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  encryptKeystoreJson,
  HDNodeWallet,
  JsonRpcProvider,
  NonceManager,
  parseUnits,
  Wallet,
  type Contract,
  type ContractTransactionResponse
} from 'ethers'
import { mined } from '../../contracts/mined.ts'
import { deploy, vaultAt } from '../../contracts/vault.ts'
import { blake2b256Parts } from '../../crypto/blake2b.ts'
import { asciiBytes, toHex } from '../../protocol/bytes.ts'
import { developmentManifest } from '../../protocol/market-design.ts'
import type { Manifest } from '../../protocol/manifest.ts'
import { deployVenue } from '../chain/deploy-venue.ts'
import { identityOf } from '../identity.ts'
import { members, type Member, type Plan } from '../../config/devnet-plan.ts'

const mnemonic = 'test test test test test test test test test test test junk'
const password = 'devnet'

/** The chain's tokens, and how much of each lies in the vault for a trader from the start. */
const funds = [
  { token: 'WETH', decimals: 18, amount: '1000' },
  { token: 'USDC', decimals: 6, amount: '10000000' },
  { token: 'WBTC', decimals: 8, amount: '100' }
]
/** Times that, and it is what the trader's wallet has besides. */
const WALLET_TIMES = 9n

/** A batch settles within a few seconds, so that a newcomer sees one soon. */
const settlement = { batchAgeMs: 1500, cosignMs: 300, settlerWindowSeconds: 20 }

/** Enough for each of the init's calls: none has to be estimated. */
const gasLimit = 300_000

type Owned = Member & { seed: Uint8Array; wallet: Wallet }

export async function initDevnet(plan: Plan): Promise<void> {
  const url = `http://127.0.0.1:${plan.ports.chain}`
  const provider = new JsonRpcProvider(url, undefined, { staticNetwork: true, pollingInterval: 50 })
  try {
    const owned = members(plan).map((member, index) => own(member, index, plan, provider))
    const deployer = new NonceManager(walletAt(19, provider))
    const manifest = await makeVenue(owned, plan, deployer)
    for (const member of owned) await writeDatadir(member, manifest, plan)
    // Until here a block came with each transaction; from here on one comes each second.
    await provider.send('evm_setIntervalMining', [1])
    await writeFile(join(plan.root, 'deposits.json'), JSON.stringify(funds))
    const peers = owned.map(({ name, seed }) => [name, toHex(identityOf(seed).keyPair.publicKey)])
    await writeFile(join(plan.root, 'peers.json'), JSON.stringify(Object.fromEntries(peers)))
  } finally {
    provider.destroy()
  }
}

function own(member: Member, index: number, plan: Plan, provider: JsonRpcProvider): Owned {
  const seed = blake2b256Parts([asciiBytes(`curb/devnet/${plan.seed}/${member.name}`)])
  return { ...member, seed, wallet: walletAt(index, provider) }
}

function walletAt(index: number, provider: JsonRpcProvider): Wallet {
  const node = HDNodeWallet.fromPhrase(mnemonic, undefined, `m/44'/60'/0'/0/${index}`)
  return new Wallet(node.privateKey, provider)
}

async function makeVenue(owned: Owned[], plan: Plan, deployer: NonceManager): Promise<Manifest> {
  const tokens = await deployTokens(deployer)
  const draft = developmentManifest({
    name: 'devnet',
    chain: null,
    validators: owned
      .filter(({ validator }) => validator)
      .map(({ seed, wallet }) => ({
        peer: toHex(identityOf(seed).keyPair.publicKey),
        signer: wallet.address.toLowerCase()
      })),
    addresses: Object.fromEntries(
      await Promise.all(
        [...tokens].map(async ([symbol, token]): Promise<[string, string]> => {
          return [symbol, (await token.getAddress()).toLowerCase()]
        })
      )
    )
  })
  const changed = {
    ...draft,
    settlement: { ...draft.settlement, ...settlement, ...plan.settlement }
  }
  const manifest = await deployVenue(changed, 1, deployer)
  await fundAll(tokens, manifest, owned, deployer)
  return manifest
}

async function deployTokens(deployer: NonceManager): Promise<Map<string, Contract>> {
  return new Map(
    await Promise.all(
      funds.map(async ({ token, decimals }): Promise<[string, Contract]> => {
        const parameters = [`Devnet ${token}`, token, decimals]
        return [token, await deploy(deployer, 'PlainToken', parameters)]
      })
    )
  )
}

/** Deposits for each trader by the deployer's hand, while a block still comes with each
 * transaction: their first orders need not wait for the chain. */
async function fundAll(
  contracts: Map<string, Contract>,
  manifest: Manifest,
  owned: Owned[],
  deployer: NonceManager
): Promise<void> {
  const traders = owned.filter(({ validator }) => !validator)
  const payer = await deployer.getAddress()
  const vault = vaultAt(manifest.chain?.vault ?? '', deployer)
  const sent: Promise<ContractTransactionResponse>[] = []
  for (const { token, decimals, amount } of funds) {
    const contract = contracts.get(token)
    const place = manifest.tokens.findIndex(({ symbol }) => symbol === token)
    if (contract === undefined || place < 0) throw new Error(`no token ${token}`)
    const units = parseUnits(amount, decimals)
    const quanta = units / BigInt(manifest.tokens[place].quantum)
    const whole = units * BigInt(traders.length)
    await contract['mint'](payer, whole, { gasLimit })
    await contract['approve'](await vault.getAddress(), whole, { gasLimit })
    for (const { wallet } of traders) {
      sent.push(contract['mint'](wallet.address, units * WALLET_TIMES, { gasLimit }))
      sent.push(vault['deposit'](place, quanta, wallet.address, { gasLimit }))
    }
  }
  await Promise.all(sent.map(async (each) => mined(await each)))
}

async function writeDatadir(member: Owned, manifest: Manifest, plan: Plan): Promise<void> {
  const { datadir, seed, wallet } = member
  await mkdir(join(datadir, 'keystore'), { recursive: true, mode: 0o700 })
  const secret = { mode: 0o600 }
  // A light work factor: the password is public, and six daemons start at once.
  const key = await encryptKeystoreJson(wallet, password, { scrypt: { N: 2 ** 10 } })
  const address = wallet.address.toLowerCase()
  await Promise.all([
    writeFile(join(datadir, 'venue.json'), JSON.stringify(manifest, null, 2)),
    writeFile(join(datadir, 'identity.json'), JSON.stringify({ seed: toHex(seed) }), secret),
    writeFile(join(datadir, 'password'), password, secret),
    writeFile(join(datadir, 'keystore', `${address.slice(2)}.json`), key, secret),
    writeFile(join(datadir, 'curb.toml'), configText(member, address, plan))
  ])
}

function configText(member: Owned, address: string, { ports }: Plan): string {
  const accounts = JSON.stringify([address])
  return `# Written by curb devnet.
[p2p]
bootstrap = ["127.0.0.1:${ports.dht}"]
host = "127.0.0.1"
port = ${member.p2pPort}
firewalled = false

[rpc]
port = ${member.rpcPort}

[chain]
rpcUrl = "http://127.0.0.1:${ports.chain}"
pollMs = 200

[keys]
unlock = ${accounts}
passwordFile = "password"

[settlement]
settle = ${member.validator}
account = "${member.validator ? address : ''}"
`
}
