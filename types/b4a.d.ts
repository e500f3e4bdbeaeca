// The part of b4a that Curb uses. Uint8Array throughout, so that the pure folders can refer to
// it without Node's types.
declare module 'b4a' {
  type Encoding = 'ascii' | 'base64' | 'hex' | 'latin1' | 'utf8' | 'utf-8' | 'utf16le'

  export function isBuffer(value: unknown): value is Uint8Array
  export function alloc(size: number, fill?: number | string): Uint8Array
  export function allocUnsafe(size: number): Uint8Array
  export function allocUnsafeSlow(size: number): Uint8Array
  export function byteLength(value: string | Uint8Array, encoding?: Encoding): number
  export function compare(a: Uint8Array, b: Uint8Array): -1 | 0 | 1
  export function concat(buffers: readonly Uint8Array[], totalLength?: number): Uint8Array
  export function copy(
    source: Uint8Array,
    target: Uint8Array,
    targetStart?: number,
    start?: number,
    end?: number
  ): number
  export function equals(a: Uint8Array, b: Uint8Array): boolean
  export function fill(buffer: Uint8Array, value: number | string | Uint8Array): Uint8Array
  export function from(value: string, encoding?: Encoding): Uint8Array
  export function from(value: ArrayLike<number>): Uint8Array
  export function from(value: ArrayBuffer, byteOffset?: number, length?: number): Uint8Array
  export function indexOf(buffer: Uint8Array, value: number | string | Uint8Array): number
  export function includes(buffer: Uint8Array, value: number | string | Uint8Array): boolean
  export function toString(
    buffer: Uint8Array,
    encoding?: Encoding,
    start?: number,
    end?: number
  ): string
  export function write(buffer: Uint8Array, text: string, offset?: number): number
  export function readUInt32LE(buffer: Uint8Array, offset?: number): number
  export function writeUInt32LE(buffer: Uint8Array, value: number, offset?: number): number

  const b4a: {
    isBuffer: typeof isBuffer
    alloc: typeof alloc
    allocUnsafe: typeof allocUnsafe
    allocUnsafeSlow: typeof allocUnsafeSlow
    byteLength: typeof byteLength
    compare: typeof compare
    concat: typeof concat
    copy: typeof copy
    equals: typeof equals
    fill: typeof fill
    from: typeof from
    indexOf: typeof indexOf
    includes: typeof includes
    toString: typeof toString
    write: typeof write
    readUInt32LE: typeof readUInt32LE
    writeUInt32LE: typeof writeUInt32LE
  }
  export default b4a
}
