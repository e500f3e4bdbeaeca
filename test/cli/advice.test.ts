// Every error says what to do.
import test from 'brittle'
import { advice, adviceOn } from '../../cli/advice.ts'
import { explain } from '../../cli/exit.ts'
import { RpcFault } from '../../client/fault.ts'
import { rpcErrors } from '../../daemon/rpc/errors.ts'
import { reasons } from '../../matching/reasons.ts'

test('advice - there is some for every error of the RPC, and for none that is not', (t) => {
  const clients = ['closed', 'refused', 'unreachable']
  t.alike(Object.keys(advice).sort(), [...Object.keys(rpcErrors), ...clients].sort())
})

test('advice - every reason of the engine is told with its meaning and what to do', (t) => {
  for (const reason of reasons) {
    const fault = new RpcFault({ code: 10025, rpcName: 'rejected', reason, retryable: false })
    const [what, toDo] = explain(fault).split('\n')
    t.ok(what.startsWith(`rejected (${reason}): `) && what.endsWith('.'), what)
    t.ok(toDo.length > 0)
  }
})

test('advice - the vault’s refusals are put into words', (t) => {
  const on = (reason: string) => adviceOn({ rpcName: 'rejected', reason })
  t.ok(on('transaction_refused: refused: NotReady(1700000000)')?.includes('2023-11-14 22:13:20Z'))
  t.ok(on('transaction_refused: refused: ExitPending(1700000000)')?.includes('--claim'))
  t.ok(on('transaction_refused: refused: NoExit()')?.includes('curb exit TOKEN'))
  t.ok(on('transaction_refused: refused: NoFloorRequest()')?.includes('curb account floor'))
  t.ok(on('transaction_refused: refused: FloorNotRaised()')?.includes('greater nonce'))
  t.ok(on('transaction_refused: refused: CosignSpansMarkets()')?.includes('leave out --market'))
  t.absent(on('transaction_refused: refused: InvalidGrant()')?.includes('--cosign'))
  t.ok(on('transaction_refused: refused: DepositCap(1)')?.includes('all accounts together'))
  t.is(on('transaction_refused: refused: Malformed()'), advice['rejected'])
})
