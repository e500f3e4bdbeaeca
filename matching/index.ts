// The face of the engine. Everything else in this folder is inside.

export { Engine } from './engine.ts'
export { eventKinds, eventMask, eventsOf, hasEvent, hasEventOf } from './event-kinds.ts'
export type { EventMask } from './event-kinds.ts'
export { EngineStopped } from './stop.ts'
export { reasons } from './reasons.ts'
export type { Reason } from './reasons.ts'
export type * from './types.ts'
export type * from './results.ts'
