// cli-progress 3.
declare module 'cli-progress' {
  export type BarOptions = {
    format?: string
    stream?: NodeJS.WritableStream
    hideCursor?: boolean
    clearOnComplete?: boolean
    noTTYOutput?: boolean
    fps?: number
    barsize?: number
  }
  class SingleBar {
    constructor(options?: BarOptions, preset?: object)
    start(total: number, startValue: number, payload?: Record<string, unknown>): void
    update(value: number, payload?: Record<string, unknown>): void
    increment(step?: number, payload?: Record<string, unknown>): void
    setTotal(total: number): void
    stop(): void
  }
  const progress: {
    SingleBar: typeof SingleBar
    Presets: {
      readonly shades_classic: object
      readonly shades_grey: object
      readonly legacy: object
      readonly rect: object
    }
  }
  export default progress
}
