// The compiled contracts as ethers knows them: ABI, deployment, and the calls that take bytes.
// The vault's events and custom errors are read through `vaultInterface`.
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import {
  Contract,
  ContractFactory,
  Interface,
  type ContractRunner,
  type InterfaceAbi,
  type Signer
} from 'ethers'
import type { Address } from '../protocol/types.ts'
import { mined } from './mined.ts'

/** What is fixed for ever when a vault is made; times are whole seconds. */
export type VaultTerms = {
  /** Signers in the order of the manifest. */
  validators: readonly Address[]
  threshold: number
  /** At least two, in the order of the manifest. `quantum` is in base units of the token. */
  tokens: readonly { token: Address; quantum: bigint }[]
  settlerWindow: number
  horizon: number
  grace: number
  exitDelay: number
}

/** Names of what contracts/artifacts holds. */
export type ContractName =
  | 'Vault'
  | 'PlainToken'
  | 'FeeToken'
  | 'RefusingToken'
  | 'FalseToken'
  | 'HookToken'
  | 'SilentToken'
  | 'OtherPermitToken'

type Compiled = { abi: InterfaceAbi; bytecode: string }

/** The compiled contract.
 * @throws Error when the artifact is missing: `npm run contracts:build` makes it. */
export function artifact(name: ContractName): Compiled {
  const file = path.join(artifactFolder(), name + '.json')
  const compiled: Compiled = JSON.parse(readFileSync(file, 'utf8'))
  return compiled
}

/** Beside the source; the built program finds it two folders up. */
function artifactFolder(): string {
  const beside = path.join(import.meta.dirname, 'artifacts')
  return existsSync(beside)
    ? beside
    : path.join(import.meta.dirname, '..', '..', 'contracts', 'artifacts')
}

export const vaultInterface = new Interface(artifact('Vault').abi)

/** Deploys a vault and waits until it is mined.
 * @throws the chain's fault; `InvalidTerms` when the terms break a rule. */
export async function deployVault(signer: Signer, terms: VaultTerms): Promise<Contract> {
  return deploy(signer, 'Vault', [terms])
}

/** Deploys one of the contracts and waits until it is mined. */
export async function deploy(
  signer: Signer,
  name: ContractName,
  parameters: readonly unknown[] = []
): Promise<Contract> {
  const { abi, bytecode } = artifact(name)
  const factory = new ContractFactory(abi, bytecode, signer)
  const deployed = await factory.deploy(...parameters)
  const transaction = deployed.deploymentTransaction()
  if (transaction !== null) await mined(transaction)
  return new Contract(await deployed.getAddress(), abi, signer)
}

/** A vault that is on the chain already. */
export function vaultAt(address: Address, runner: ContractRunner): Contract {
  return new Contract(address, vaultInterface, runner)
}
