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
  type Contract
} from 'ethers'
import { deploy } from '../../contracts/vault.ts'
import { blake2b256Parts } from '../../crypto/blake2b.ts'
import { asciiBytes, toHex } from '../../protocol/bytes.ts'
import { developmentManifest } from '../../protocol/market-design.ts'
import type { Manifest } from '../../protocol/manifest.ts'
import { deployVenue } from '../chain/deploy-venue.ts'
import { identityOf } from '../identity.ts'
import { members, type Member, type Plan } from '../../config/devnet-plan.ts'

const mnemonic = 'test test test test test test test test test test test junk'
const password = 'devnet'

/** What each trader is given and deposits. */
const deposits = [
  { token: 'WETH', amount: '1000' },
  { token: 'USDC', amount: '10000000' },
  { token: 'WBTC', amount: '100' }
]

/** A batch settles within a few seconds, so that a newcomer sees one soon. */
const settlement = { batchAgeMs: 2000, cosignMs: 500, settlerWindowSeconds: 20 }

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
    await writeFile(join(plan.root, 'deposits.json'), JSON.stringify(deposits))
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
    addresses: tokens.addresses
  })
  await mintAll(tokens.contracts, owned)
  const changed = {
    ...draft,
    settlement: { ...draft.settlement, ...settlement, ...plan.settlement }
  }
  return deployVenue(changed, 1, deployer)
}

async function deployTokens(deployer: NonceManager) {
  const make = (symbol: string, decimals: number) =>
    deploy(deployer, 'PlainToken', [`Devnet ${symbol}`, symbol, decimals])
  const made: [string, Contract][] = await Promise.all([
    make('WETH', 18).then((token): [string, Contract] => ['WETH', token]),
    make('USDC', 6).then((token): [string, Contract] => ['USDC', token]),
    make('WBTC', 8).then((token): [string, Contract] => ['WBTC', token])
  ])
  const addresses: Record<string, string> = {}
  for (const [symbol, token] of made) addresses[symbol] = (await token.getAddress()).toLowerCase()
  return { addresses, contracts: new Map(made) }
}

async function mintAll(contracts: Map<string, Contract>, owned: Owned[]): Promise<void> {
  const decimals = new Map([
    ['WETH', 18],
    ['USDC', 6],
    ['WBTC', 8]
  ])
  const sent: Promise<unknown>[] = []
  for (const { wallet } of owned.filter(({ validator }) => !validator)) {
    for (const { token, amount } of deposits) {
      const contract = contracts.get(token)
      if (contract === undefined) throw new Error(`no contract of ${token}`)
      // Ten times what is deposited, so that the owner has some left to play with.
      const units = parseUnits(amount, decimals.get(token)) * 10n
      sent.push(contract['mint'](wallet.address, units))
    }
  }
  await Promise.all(sent)
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
