// Puts an entry into the lane and bounds the wait for what the engine says of it.
import type { Entry } from '../../protocol/types.ts'
import type { Clock } from '../clock.ts'
import type { Ticket } from '../lanes/types.ts'
import type { Outcome } from '../outcomes.ts'
import { TradingFault } from './trading-fault.ts'
import type { TradingNode } from './types.ts'

export class Sender {
  readonly #outcomeMs: number
  readonly #node: TradingNode
  readonly #clock: Clock

  constructor(
    { outcomeMs }: { outcomeMs: number },
    { node, clock }: { node: TradingNode; clock: Clock }
  ) {
    this.#outcomeMs = outcomeMs
    this.#node = node
    this.#clock = clock
  }

  /** Neither promise need be waited for. @throws DaemonFault, LaneFault */
  send(entry: Entry): { ticket: Ticket; outcome: Promise<Outcome> } {
    const ticket = this.#node.submit(entry)
    const outcome = this.#bounded(this.#node.outcome(ticket))
    // Whoever does not wait must not be ended by a failure.
    outcome.catch(() => {})
    ticket.journaled.catch(() => {})
    return { ticket, outcome }
  }

  #bounded(outcome: Promise<Outcome>): Promise<Outcome> {
    return new Promise((resolve, reject) => {
      const cancel = this.#clock.after(this.#outcomeMs, () => {
        reject(new TradingFault('outcome_unknown'))
      })
      outcome.then(resolve, reject).finally(cancel)
    })
  }
}
