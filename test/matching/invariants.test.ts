import { assert, integer, property } from 'fast-check'
import test from 'brittle'
import { Engine } from '../../matching/index.ts'
import { Auditor } from './streams/auditor.ts'
import { checkInvariants, deps, SignedOrders, VaultBooks } from './streams/invariants.ts'
import { Stream } from './streams/stream.ts'

// Conservation to the last quantum, no negative balance, reservations equal to what live orders
// can cost, a book that is never crossed (streams/invariants.ts); price-time priority, no trade
// beyond quantity or limit, none of an account with itself (streams/auditor.ts).
test('invariants - hold after every block of any stream', (t) => {
  let trades = 0
  const holds = property(integer({ min: 1, max: 2 ** 31 - 1 }), (seed) => {
    const stream = new Stream(seed)
    const { config } = stream.venue
    const engine = new Engine(config, deps)
    const auditor = new Auditor(config)
    const signed = new SignedOrders()
    const vault = new VaultBooks(config)
    while (stream.entries < 1200) {
      const block = stream.next()
      stream.naive.apply(block)
      signed.add(block)
      vault.add(block, engine)
      auditor.block(block, engine.apply(block))
      const accounts = stream.world.accounts.map((account) => account.address)
      checkInvariants(config, engine, signed, vault, auditor, accounts)
    }
    trades += auditor.trades
  })
  assert(holds, { numRuns: 25, seed: 20_261_122, endOnFailure: true })
  t.ok(trades > 1000, `${trades} trades were audited`)
})
