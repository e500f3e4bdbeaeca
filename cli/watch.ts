// What goes on until Ctrl-C never shows old things in silence: it says when the connection goes and
// when it is back, when nothing comes any more, and when the daemon itself is not ready.
import type { SocketClient } from '../client/socket.ts'
import { after } from '../client/timer.ts'
import type { RpcStatus } from '../protocol/rpc.ts'
import type { Context } from './context.ts'
import { untilInterrupted } from './wait.ts'

/** The status comes every second; so long without one, and the daemon is frozen or cut off. */
const silenceMs = 5000

/** Connects, begins, and goes on until Ctrl-C. Words go to standard error. */
export async function watch(
  context: Context,
  begin: (client: SocketClient) => Promise<unknown>
): Promise<void> {
  const state = new WatchState((text) => context.output.word(text))
  const client = await context.connect((connection) => state.connection(connection))
  try {
    await begin(client)
    await client.subscribe('venue.status', (data) => {
      // The channel's own shape, by its name.
      state.status(data as RpcStatus)
    })
    await untilInterrupted(client)
  } catch (fault) {
    await client.close()
    throw fault
  } finally {
    state.close()
  }
}

class WatchState {
  readonly #say: (text: string) => void
  /** Why the daemon is not ready, as it was told last; empty when it is. */
  #reasons = ''
  #isLost = false
  #isSilent = false
  #stopClock = () => {}

  constructor(say: (text: string) => void) {
    this.#say = say
  }

  connection(state: 'connected' | 'lost'): void {
    this.#stopClock()
    if (state === 'lost' && !this.#isLost) {
      this.#say('the connection is lost; what stands here grows old. Trying again ...')
    }
    if (state === 'connected' && this.#isLost) this.#say('connected again')
    this.#isLost = state === 'lost'
    this.#isSilent = false
  }

  status({ ready, reasons }: RpcStatus): void {
    if (this.#isSilent) this.#say('the daemon speaks again')
    this.#isSilent = false
    const now = ready ? '' : reasons.join(', ')
    if (now !== this.#reasons) {
      this.#say(ready ? 'the daemon is ready again' : `the daemon is not ready: ${now}`)
    }
    this.#reasons = now
    this.#stopClock()
    this.#stopClock = after(silenceMs, () => {
      this.#isSilent = true
      this.#say(`nothing from the daemon for ${silenceMs / 1000} s; what stands here grows old`)
    })
  }

  close(): void {
    this.#stopClock()
  }
}
