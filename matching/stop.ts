// An assertion that failed while a final block was applied. The engine that throws it takes no
// further block; the daemon goes on serving the tape (design 2.6).

export class EngineStopped extends Error {
  override readonly name = 'EngineStopped'
  readonly code = 'engine_stopped'
  readonly reason: string

  constructor(reason: string, cause?: unknown) {
    super(`the engine stopped: ${reason}`, cause === undefined ? undefined : { cause })
    this.reason = reason
  }
}

export function assert(condition: boolean, reason: string): asserts condition {
  if (!condition) throw new EngineStopped(reason)
}
