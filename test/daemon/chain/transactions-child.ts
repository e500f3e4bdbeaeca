// A sender that will be killed: sends one transaction through the RPC that it is given, and says
// when it is in the journal. Arguments: RPC, folder, private key, chain id, target.
import { Wallet } from 'ethers'
import { randomBytes } from 'node:crypto'
import { chainProvider } from '../../../daemon/chain/rpc.ts'
import { TransactionSender } from '../../../daemon/chain/transactions.ts'
import { systemClock } from '../../../daemon/clock.ts'
import { disk } from '../../../daemon/journal/file-system.ts'
import { FileJournal } from '../../../daemon/journal/journal.ts'
import type { Journal } from '../../../daemon/journal/types.ts'

const [url, folder, key, chainId, to] = process.argv.slice(2)
const quiet = (): void => {}
const file = new FileJournal({ folder }, { files: disk, randomBytes, onFault: quiet })
const journal: Journal = {
  open: (onrecord) => file.open(onrecord),
  append: async (kind, payload) => {
    await file.append(kind, payload)
    process.send?.('journaled')
  },
  appendAll: (records) => file.appendAll(records),
  appendLazily: (kind, payload) => file.appendLazily(kind, payload),
  flush: () => file.flush(),
  rotate: (checkpoint) => file.rotate(checkpoint),
  close: () => file.close(),
  get byteLength() {
    return file.byteLength
  },
  get pendingBytes() {
    return file.pendingBytes
  }
}
const sender = new TransactionSender(
  { chainId: Number(chainId), confirmations: 2, pollMs: 20, bumpMs: 60_000, feeMaxWei: 10n ** 12n },
  {
    provider: chainProvider(url, Number(chainId)),
    wallet: new Wallet(key),
    journal,
    clock: systemClock,
    log: { debug: quiet, info: quiet, warn: quiet, error: quiet }
  }
)
await sender.open()
await sender.send({ label: 'one', to, data: '0x', value: 5n })
