// The ways in and out, and what an owner asks for by a transaction of his own.
import test from 'brittle'
import {
  type Contract,
  type ContractTransactionReceipt,
  getBytes,
  hexlify,
  Signature,
  toBeHex,
  TypedDataEncoder
} from 'ethers'
import { deploy, vaultInterface, deployVault } from '../../contracts/vault.ts'
import { voidFields } from '../helpers/typed-data.ts'
import { addressOf, type Sealed, VaultVenue } from '../helpers/vault.ts'
import { content, openScene } from './scene.ts'

/** The vault's events of a transaction, numbers in place of big ones. */
function events(receipt: ContractTransactionReceipt | { logs: readonly unknown[] }): unknown[][] {
  const logs = receipt.logs as { topics: string[]; data: string }[]
  return logs
    .map((log) => vaultInterface.parseLog(log))
    .filter((event) => event !== null)
    .map((event) => [
      event.name,
      ...event.args.map((value: unknown) => (typeof value === 'bigint' ? Number(value) : value))
    ])
}

test('vault - deposits whole quanta and pays them back after the delay', async (t) => {
  const venue = await VaultVenue.open()
  t.teardown(() => venue.close())
  const { anvil, vault, tokens } = venue
  const owner = anvil.wallets[0].address
  await anvil.mined(tokens[0].mint(owner, 10n ** 18n))
  await anvil.mined(tokens[0].approve(vault.target, 10n ** 18n))
  const deposited = await anvil.mined(vault.deposit(0, 5000, owner))
  t.alike(events(deposited), [['Deposited', 1, owner, 0, 5000]])
  t.is(Number(await tokens[0].balanceOf(vault.target)), 5000 * 1e10)

  const { exitDelay } = venue.terms
  t.is(await venue.refusalOf('claimExit', [0]), 'NoExit')
  t.is(await venue.refusalOf('cancelExit', [0]), 'NoExit')
  t.is(await venue.refusalOf('requestExit', [3]), 'UnknownToken')
  const requested = await anvil.mined(vault.requestExit(0))
  const readyAt = (await anvil.time()) + exitDelay
  t.alike(events(requested), [['ExitRequested', 2, owner, 0, readyAt]])
  t.is(Number(await vault.exitOf(owner, 0)), readyAt)
  t.is(await venue.refusalOf('requestExit', [0]), 'ExitPending')
  t.is(await venue.refusalOf('claimExit', [0]), 'NotReady')
  t.alike(events(await anvil.mined(vault.cancelExit(0))), [['ExitCancelled', 3, owner, 0]])
  await anvil.mined(vault.requestExit(0))
  await anvil.increaseTime(exitDelay)
  const before = await tokens[0].balanceOf(owner)
  const claimed = await anvil.mined(vault.claimExit(0))
  t.alike(events(claimed), [['ExitClaimed', 5, owner, 0, 5000]])
  t.is((await tokens[0].balanceOf(owner)) - before, 5000n * 10n ** 10n)
  t.is(await venue.balance(owner, 0), 0)
  await anvil.mined(vault.requestExit(2))
  await anvil.increaseTime(exitDelay)
  t.alike(events(await anvil.mined(vault.claimExit(2))), [['ExitClaimed', 7, owner, 2, 0]])
  t.is(Number(await vault.eventSequence()), 7, 'no event is missing')

  t.is(await venue.refusalOf('deposit', [0, 1, '0x' + '0'.repeat(40)]), 'ZeroAccount')
  t.is(await venue.refusalOf('deposit', [0, 0, owner]), 'NothingToMove')
  t.is(await venue.refusalOf('deposit', [3, 1, owner]), 'UnknownToken')
  t.is(await venue.refusalOf('balanceOf', [owner, 3]), 'UnknownToken')
  t.is(await venue.refusalOf('claim', [owner, 0]), 'NothingToMove')
  const cap = 2n ** 53n
  await anvil.mined(tokens[0].mint(owner, cap * 10n ** 10n))
  await anvil.mined(tokens[0].approve(vault.target, cap * 10n ** 10n))
  t.is(await venue.refusalOf('deposit', [0, cap, owner]), 'DepositCap')
  t.is(await venue.refusalOf('deposit', [0, cap - 1n, owner]), null, 'up to the cap')
})

test('vault - takes a permit, and a deposit whose permit somebody used first', async (t) => {
  const venue = await VaultVenue.open()
  t.teardown(() => venue.close())
  const { anvil, vault, tokens } = venue
  const token = tokens[0]
  const owner = anvil.wallets[1]
  const asOwner = vault.connect(anvil.signers[1]) as Contract
  await anvil.mined(token.mint(owner.address, 10n ** 18n))
  const deadline = 4_000_000_000
  const permit = async (): Promise<Signature> => {
    const signature = await owner.signTypedData(
      {
        name: 'Token 0',
        version: '1',
        chainId: anvil.provider._network.chainId,
        verifyingContract: addressOf(token)
      },
      {
        Permit: [
          { name: 'owner', type: 'address' },
          { name: 'spender', type: 'address' },
          { name: 'value', type: 'uint256' },
          { name: 'nonce', type: 'uint256' },
          { name: 'deadline', type: 'uint256' }
        ]
      },
      {
        owner: owner.address,
        spender: venue.address,
        value: 10n ** 13n,
        nonce: await token.nonces(owner.address),
        deadline
      }
    )
    return Signature.from(signature)
  }
  const first = await permit()
  await anvil.mined(
    asOwner.depositWithPermit(0, 1000, owner.address, deadline, first.v, first.r, first.s)
  )
  t.is(await venue.balance(owner.address, 0), 1000)
  const second = await permit()
  await anvil.mined(
    token.permit(owner.address, venue.address, 10n ** 13n, deadline, second.v, second.r, second.s)
  )
  await anvil.mined(
    asOwner.depositWithPermit(0, 1000, owner.address, deadline, second.v, second.r, second.s)
  )
  t.is(await venue.balance(owner.address, 0), 2000, 'the front-run permit counts')
})

test('vault - nasty tokens hurt only themselves', async (t) => {
  const venue = await VaultVenue.open()
  t.teardown(() => venue.close())
  const { anvil } = venue
  const signer = anvil.signers[0]
  const owner = anvil.wallets[0].address
  const kinds = ['FeeToken', 'RefusingToken', 'FalseToken', 'HookToken', 'SilentToken'] as const
  const tokens: Contract[] = []
  for (const kind of kinds) {
    const token = await deploy(signer, kind)
    await anvil.mined(token.mint(owner, 10n ** 15n))
    tokens.push(token)
  }
  const vault = await deployVault(signer, {
    ...venue.terms,
    tokens: tokens.map((token) => ({ token: addressOf(token), quantum: 1000n }))
  })
  const balance = async (token: number): Promise<number> =>
    Number(await vault.balanceOf(owner, token))
  for (const [index, token] of tokens.entries()) {
    await anvil.mined(token.approve(vault.target, 10n ** 15n))
    await anvil.mined(vault.deposit(index, 150, owner))
    t.is(await balance(index), index === 0 ? 148 : 150, kinds[index])
  }
  const [, refusing, lying, hooked] = tokens
  const refused = async (pending: Promise<unknown>, message: string): Promise<void> => {
    await t.exception.all(() => pending, message)
  }
  for (let index = 0; index < tokens.length; index++) await anvil.mined(vault.requestExit(index))
  await anvil.increaseTime(venue.terms.exitDelay)
  await anvil.mined(refusing.refuse(owner, true))
  await anvil.mined(lying.fail(true))
  await refused(vault.claimExit.staticCall(1), 'a token that refuses the owner')
  await refused(vault.claimExit.staticCall(2), 'a token that answers false')
  await refused(vault.deposit.staticCall(2, 1, owner), 'neither in')
  t.is(await balance(1), 150, 'nothing is lost')
  for (const index of [0, 4]) {
    await anvil.mined(vault.claimExit(index))
    t.is(await balance(index), 0, 'the others are free to go')
  }
  await anvil.mined(refusing.refuse(owner, false))
  await anvil.mined(vault.claimExit(1))
  t.is(await balance(1), 0)

  for (const call of ['claimExit', 'deposit', 'claim']) {
    const parameters = { claimExit: [3], deposit: [4, 1, owner], claim: [owner, 3] }[call]
    const data = vaultInterface.encodeFunctionData(call, parameters)
    await anvil.mined(hooked.hook(vault.target, data))
    await anvil.mined(vault.deposit(3, 1, owner))
    t.absent(await hooked.succeeded(), `${call} from within a transfer`)
    const error = vaultInterface.parseError(await hooked.answer())
    t.is(error?.name, 'ReentrancyGuardReentrantCall')
  }
  t.is(await balance(3), 153)
})

test('vault - claims for anyone, and a withdrawal takes what there is', async (t) => {
  const scene = await openScene()
  t.teardown(() => scene.venue.close())
  const { venue, keys } = scene
  const { anvil, vault, tokens } = venue
  const withdrawals = [scene.withdrawal('alice', { quanta: 70, nonce: 3 })]
  await venue.settle(await venue.seal(content([], [], withdrawals)))
  const claimed = await anvil.mined(vault.claim(keys.alice.address, 0))
  t.alike(events(claimed)[0].slice(3), [0, 70])
  t.is(await tokens[0].balanceOf(keys.alice.address), 70n * 10n ** 10n)
  t.is(await venue.refusalOf('claim', [keys.alice.address, 0]), 'NothingToMove')
  t.alike((await vault.claimableOf(keys.alice.address, 0)).map(Number), [0, 3], 'the nonce stays')
})

test('vault - a floor rises after the delay, for anyone to apply', async (t) => {
  const venue = await VaultVenue.open()
  t.teardown(() => venue.close())
  const { anvil, vault } = venue
  const owner = anvil.wallets[0].address
  t.is(await venue.refusalOf('applyFloor', [owner]), 'NoFloorRequest')
  t.is(await venue.refusalOf('requestFloor', [0]), 'FloorNotRaised')
  t.is(await venue.refusalOf('requestFloor', [2 ** 40]), 'FloorNotRaised')
  const requested = await anvil.mined(vault.requestFloor(100))
  const readyAt = (await anvil.time()) + venue.terms.exitDelay
  t.alike(events(requested), [['FloorRequested', 1, owner, 100, readyAt]])
  t.is(await venue.refusalOf('requestFloor', [100]), 'FloorNotRaised')
  t.is(await venue.refusalOf('applyFloor', [owner]), 'NotReady')
  await anvil.mined(vault.requestFloor(101))
  t.alike((await vault.floorRequestOf(owner)).map(Number)[0], 101)
  await anvil.increaseTime(venue.terms.exitDelay)
  const stranger = vault.connect(anvil.signers[1]) as Contract
  t.alike(events(await anvil.mined(stranger.applyFloor(owner))), [['FloorApplied', 3, owner, 101]])
  t.is(Number((await vault.accountOf(owner)).floor), 101)
  t.is(await venue.refusalOf('requestFloor', [101]), 'FloorNotRaised')
})

test('vault - grants say what they must', async (t) => {
  const venue = await VaultVenue.open()
  t.teardown(() => venue.close())
  const { anvil, vault } = venue
  const [owner, delegate] = [anvil.wallets[0].address, anvil.wallets[1].address]
  const market = venue.marketHash(0)
  const refusal = (...parameters: unknown[]): Promise<string | null> =>
    venue.refusalOf('setDelegate', parameters)
  t.is(await refusal(delegate, market, true, 0, 9), 'CosignSpansMarkets')
  t.is(await refusal(owner, market, false, 0, 9), 'InvalidGrant')
  t.is(await refusal('0x' + '0'.repeat(40), market, false, 0, 9), 'InvalidGrant')
  t.is(await refusal(delegate, market, false, 0, 2 ** 40), 'InvalidGrant')
  t.is(await refusal(delegate, market, false, 2 ** 40, 9), 'InvalidGrant')
  const until = (await anvil.time()) + 1_000_000
  const set = await anvil.mined(vault.setDelegate(delegate, market, false, 5, until))
  t.alike(events(set), [['DelegateSet', 1, owner, delegate, market, false, 5, until]])
  await anvil.mined(vault.setDelegate(delegate, market, false, 7, 0))
  const end = (await anvil.time()) + venue.terms.exitDelay
  const grant = await vault.grantOf(owner, delegate, market)
  t.alike(
    [grant.from, grant.until, grant.tailFrom, grant.tailUntil].map(Number),
    [7, 0, 5, end],
    'what is taken away ends after the delay'
  )
})

test('vault - a void takes the place of a batch that did not settle', async (t) => {
  const scene = await openScene()
  t.teardown(() => scene.venue.close())
  const { venue } = scene
  const { anvil, vault } = venue
  const batch = content([await scene.cosigned('alice', { deltas: [-99_000_000] })])
  const sealed = await venue.seal(batch, { sealedAt: await anvil.time() })
  const { sealedAt } = sealed
  const child = await scene.cosigned('bob', { batch: 2, parent: venue.linkOf(sealed), floor: 3 })
  const voids = venue.attestVoid(sealed, [0, 1, 2])
  const refusal = (attestations: Uint8Array, at = sealedAt, index = 1): Promise<string | null> => {
    return venue.refusalOf('voidBatch', [index, at, attestations])
  }
  t.is(await refusal(voids), 'WithinHorizon')
  await anvil.increaseTime(venue.terms.horizon + 1)
  t.is(await venue.refusal(sealed), 'InsufficientBalance', 'it cannot settle')
  t.is(await refusal(voids, sealedAt, 2), 'WrongIndex')
  t.is(await refusal(voids, sealedAt - 1), 'BadAttestation', 'the time is signed')
  const other = venue.attestVoid({ index: 1, parent: venue.linkOf(sealed), sealedAt }, [0, 1, 2])
  t.is(await refusal(other), 'BadAttestation', 'and so is the parent')
  const few = venue.attestVoid(sealed, [0, 1])
  t.is(await refusal(few), 'BadAttestation', 'two of four are no quorum')
  t.is(
    await refusal(sealed.attestations),
    'BadAttestation',
    'a word on the batch is none on its void'
  )
  t.is(await refusal(voids, 2 ** 40), 'Malformed', 'no time that could be signed')
  const sequence = Number(await vault.eventSequence())
  const receipt = await anvil.mined(vault.voidBatch(1, sealedAt, voids))
  const link = voidLinkOf(sealed)
  t.alike(events(receipt), [['BatchVoided', sequence + 1, 1, link]], 'the event has its link')
  t.is(hexlify((await venue.last()).link), link)
  t.is(await venue.refusal(sealed), 'WrongIndex')
  t.is(await refusal(voids), 'WrongIndex', 'a void is carried out once')
  t.is(await refusal(voids, sealedAt, 2), 'BadAttestation', 'and upon its parent only')
  const second = await venue.seal(content([child]))
  t.is(await venue.refusal(second), 'NotAuthorised', 'what was sealed upon it died with it')
  await venue.settle(await venue.seal(content([])))
  t.is((await venue.last()).index, 2, 'the next batch is sealed upon the void')
})

test('vault - a batch on whose content no quorum agreed is voided as well', async (t) => {
  const venue = await VaultVenue.open()
  t.teardown(() => venue.close())
  const { anvil, vault } = venue
  const sealedAt = await anvil.time()
  // Three validators spoke, and not of one mind.
  const ours = await venue.seal(content([]), { sealedAt, signers: [0, 1] })
  const theirs = await venue.seal(new Uint8Array(9), { sealedAt, signers: [2] })
  const voids = venue.attestVoid(ours, [0, 2, 3])
  const { horizon } = venue.terms
  const left = sealedAt + horizon - (await anvil.time())
  await anvil.increaseTime(left - 2)
  for (const sealed of [ours, theirs]) t.is(await venue.refusal(sealed), 'BadAttestation')
  t.is(await venue.refusalOf('voidBatch', [1, sealedAt, voids]), 'WithinHorizon')
  await anvil.increaseTime(3)
  await anvil.mined(vault.voidBatch(1, sealedAt, voids))
  t.alike(await venue.last(), { index: 1, link: getBytes(voidLinkOf(ours)) })
  await venue.settle(await venue.seal(content([])))
  t.is((await venue.last()).index, 2, 'and the venue goes on')
})

function voidLinkOf({ index, parent, sealedAt }: Sealed): string {
  const value = { index, parent: hexlify(parent), sealedAt }
  return TypedDataEncoder.hashStruct('Void', { Void: voidFields }, value).slice(0, 2 + 48)
}

test('vault - the sequence of events ends in no batch, and the indexes in no event', async (t) => {
  const venue = await VaultVenue.open()
  t.teardown(() => venue.close())
  const { anvil, vault, address } = venue
  const first = await venue.seal(content([]))
  await venue.settle(first)
  const link = hexlify(venue.linkOf(first))
  /** The word of the last batch, wherever it lies in storage. */
  const words = await Promise.all(
    Array.from({ length: 16 }, (_, slot) => anvil.provider.getStorage(address, slot))
  )
  const slot = words.findIndex((word) => word.startsWith(link))
  const set = async (index: bigint, sequence: bigint): Promise<void> => {
    const word = (BigInt(link) << 64n) | (index << 36n) | sequence
    await anvil.provider.send('anvil_setStorageAt', [address, toBeHex(slot, 32), toBeHex(word, 32)])
  }
  await set(2n ** 28n - 2n, 2n ** 36n - 1n)
  t.alike([...(await vault.lastBatch())], [2n ** 28n - 2n, link])
  const receipt = await anvil.mined(vault.requestExit(0))
  t.is(events(receipt)[0][1], 0, 'the sequence begins anew')
  t.alike([...(await vault.lastBatch())], [2n ** 28n - 2n, link], 'and the batch is still the last')
  const last = await venue.seal(content([]))
  await venue.settle(last)
  t.is(Number((await vault.lastBatch())[0]), 2 ** 28 - 1)
  t.is(await venue.refusal(await venue.seal(content([]))), 'WrongIndex', 'there is none behind it')
  await anvil.increaseTime(venue.terms.exitDelay)
  t.is(await venue.refusalOf('claimExit', [0]), null, 'owners leave all the same')
})

test('vault - terms that break a rule make no vault', async (t) => {
  const venue = await VaultVenue.open()
  t.teardown(() => venue.close())
  const { terms } = venue
  const [token] = terms.tokens
  const wrong = [
    { validators: [] },
    { threshold: 0 },
    { threshold: 5 },
    { validators: [terms.validators[0], terms.validators[0]], threshold: 1 },
    { validators: ['0x' + '0'.repeat(40)], threshold: 1 },
    { tokens: [token] },
    { tokens: [token, token] },
    { tokens: [token, { ...terms.tokens[1], quantum: 0n }] },
    { settlerWindow: terms.horizon },
    { grace: terms.horizon - 1 },
    { exitDelay: terms.horizon },
    { exitDelay: 2 ** 32 }
  ]
  for (const change of wrong) {
    const error = await deployVault(venue.anvil.signers[0], { ...terms, ...change }).then(
      () => null,
      (fault: { data?: string }) => vaultInterface.parseError(fault.data ?? '0x')?.name ?? fault
    )
    t.is(error, 'InvalidTerms', Object.keys(change).join())
    venue.anvil.signers[0].reset()
  }
  t.alike(
    (await venue.vault.validators()).map((each: string) => each.toLowerCase()),
    terms.validators
  )
  t.is(Number((await venue.vault.tokenAt(2)).quantum), 1e10)
})
