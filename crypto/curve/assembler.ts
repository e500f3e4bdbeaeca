// A small assembler of WebAssembly modules (WebAssembly Core Specification 1.0, sections 5.3 to
// 5.5): as much of it as arithmetic on numbers of many limbs needs. Code is a list of bytes that
// leaves at most one value on the stack; what takes values takes the code that computes them.
import { asciiBytes } from '../../protocol/bytes.ts'

export type Code = readonly number[]
export type Type = 'i32' | 'i64'

const TYPE: Record<Type, number> = { i32: 0x7f, i64: 0x7e }
const PAGE_BYTES = 65_536
/** The module's magic and version. */
const HEADER: Code = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00]

/** A parameter or a local variable of a routine. */
export type Variable = { readonly get: Code; set(value: Code): Code }

export type Routine = { call(...values: Code[]): Code }

export const i32 = {
  of: (value: number): Code => [0x41, ...signed(BigInt(value))],
  add: binary(0x6a),
  sub: binary(0x6b),
  mul: binary(0x6c)
}

export const i64 = {
  of: (value: number): Code => [0x42, ...signed(BigInt(value))],
  add: binary(0x7c),
  sub: binary(0x7d),
  mul: binary(0x7e),
  and: binary(0x83),
  or: binary(0x84),
  xor: binary(0x85),
  shl: binary(0x86),
  /** Keeps the sign. */
  shr: binary(0x87),
  extend32: (value: Code): Code => [...value, 0xac],
  toI32: (value: Code): Code => [...value, 0xa7],
  /** A byte, without a sign. */
  load8: (at: Code): Code => [...at, 0x31, 0, 0],
  load: loaded(0x29),
  store: stored(0x37),
  /** 32 bits with a sign. */
  load32: loaded(0x34),
  store32: stored(0x3e)
}

/** Runs `body` for `at` from `from` up to but not `to`, by steps of `step`; at least once. */
export function loop(at: Variable, from: Code, to: Code, step: number, body: Code): Code {
  const next = step < 0 ? i32.sub(at.get, i32.of(-step)) : i32.add(at.get, i32.of(step))
  const notYet = [...at.get, ...to, 0x47]
  return [...at.set(from), 0x03, 0x40, ...body, ...at.set(next), ...notYet, 0x0d, 0, 0x0b]
}

/** A routine that is being written: its parameters come first among its variables. */
export class Draft {
  readonly #types: Type[] = []
  readonly #parameters: number

  constructor(parameters: readonly Type[]) {
    this.#types.push(...parameters)
    this.#parameters = parameters.length
  }

  parameter(index: number): Variable {
    return variable(index)
  }

  local(type: Type): Variable {
    return variable(this.#types.push(type) - 1)
  }

  finish(code: Code): Code {
    const locals = this.#types.slice(this.#parameters).map((type) => [1, TYPE[type]])
    const body = [...list(locals), ...code, 0x0b]
    return [...unsigned(body.length), ...body]
  }
}

type Made = { name: string; parameters: readonly Type[]; body: Code }

/** Routines over one memory of a fixed size, all of them exported by their names. */
export class Module {
  readonly #routines: Made[] = []
  readonly #bytes: number

  constructor(bytes: number) {
    this.#bytes = bytes
  }

  /** A routine whose parameters are i32, and that returns nothing. It may call those before it. */
  routine(
    name: string,
    parameters: number,
    write: (draft: Draft, ...parameters: Variable[]) => Code
  ): Routine {
    const types = Array.from({ length: parameters }, (): Type => 'i32')
    const draft = new Draft(types)
    const code = write(draft, ...types.map((_, index) => draft.parameter(index)))
    const index = this.#routines.push({
      name,
      parameters: types,
      body: draft.finish(code)
    })
    return { call: (...values) => [...values.flat(), 0x10, ...unsigned(index - 1)] }
  }

  assemble(): Uint8Array<ArrayBuffer> {
    const types = this.#routines.map(({ parameters }) => [
      0x60,
      ...list(parameters.map((type) => [TYPE[type]])),
      // No results.
      0
    ])
    const indices = this.#routines.map((_, index) => unsigned(index))
    const pages = unsigned(Math.ceil(this.#bytes / PAGE_BYTES))
    const exported = this.#routines.map(({ name }, index) => [...text(name), 0, ...unsigned(index)])
    const bodies = this.#routines.map(({ body }) => body)
    return new Uint8Array([
      ...HEADER,
      ...section(1, list(types)),
      ...section(3, list(indices)),
      ...section(5, list([[1, ...pages, ...pages]])),
      ...section(7, list([[...text('memory'), 2, 0], ...exported])),
      ...section(10, list(bodies))
    ])
  }
}

function variable(index: number): Variable {
  const at = unsigned(index)
  return { get: [0x20, ...at], set: (value) => [...value, 0x21, ...at] }
}

function binary(operation: number): (a: Code, b: Code) => Code {
  return (a, b) => [...a, ...b, operation]
}

/** What is `offset` bytes beyond `at`. */
function loaded(operation: number): (at: Code, offset: number) => Code {
  return (at, offset) => [...at, operation, 2, ...unsigned(offset)]
}

function stored(operation: number): (at: Code, offset: number, value: Code) => Code {
  return (at, offset, value) => [...at, ...value, operation, 2, ...unsigned(offset)]
}

function section(id: number, content: Code): Code {
  return [id, ...unsigned(content.length), ...content]
}

function list(parts: readonly Code[]): Code {
  return [...unsigned(parts.length), ...parts.flat()]
}

function text(name: string): Code {
  return list(Array.from(asciiBytes(name), (byte) => [byte]))
}

/** LEB128. */
function unsigned(value: number): number[] {
  const bytes: number[] = []
  let rest = value
  while (rest > 0x7f) {
    bytes.push((rest & 0x7f) | 0x80)
    rest >>>= 7
  }
  return [...bytes, rest]
}

function signed(value: bigint): number[] {
  const bytes: number[] = []
  let rest = value
  while (rest < -64n || rest > 63n) {
    bytes.push(Number(rest & 0x7fn) | 0x80)
    rest >>= 7n
  }
  return [...bytes, Number(rest & 0x7fn)]
}
