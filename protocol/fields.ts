// Reading a JSON object strictly: each field by its name and rule, unknown fields refused, every
// complaint with the field's path and what would be right.
import { Fault } from './faults.ts'
import { SAFE_MAX } from './limits.ts'
import type { Address } from './types.ts'

/** @throws Fault manifest_invalid */
export function invalid(path: string, advice: string): never {
  throw new Fault('manifest_invalid', `manifest: ${path} ${advice}`, { path })
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** One JSON object whose fields are asked for by name; `done` refuses those never asked for. */
export class Fields {
  readonly path: string
  readonly #values: Readonly<Record<string, unknown>>
  readonly #asked = new Set<string>()

  constructor(value: unknown, path: string) {
    if (!isRecord(value)) invalid(path, 'must be an object: { ... }')
    this.#values = value
    this.path = path
  }

  at(name: string): string {
    return this.path === 'the file' ? name : `${this.path}.${name}`
  }

  raw(name: string): unknown {
    this.#asked.add(name)
    return Object.hasOwn(this.#values, name) ? this.#values[name] : undefined
  }

  /** A field that is missing has its fallback; one that is null is wrong, not missing. */
  #or(name: string, fallback: unknown): unknown {
    const value = this.raw(name)
    return value === undefined ? fallback : value
  }

  /** A whole number from `min` to `max`; `fallback` stands in when the field is missing. */
  integer(name: string, min: number, max = SAFE_MAX, fallback?: number): number {
    const value = this.#or(name, fallback)
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < min || value > max) {
      invalid(this.at(name), `must be a whole number from ${min} to ${max}`)
    }
    return value === 0 ? 0 : value
  }

  text(name: string, form: RegExp, advice: string, fallback?: string): string {
    const value = this.#or(name, fallback)
    if (typeof value !== 'string' || !form.test(value)) invalid(this.at(name), advice)
    return value
  }

  address(name: string, fallback?: Address): Address {
    const advice = 'must be an address: 0x and 40 hex digits'
    return this.text(name, /^0x[0-9a-fA-F]{40}$/, advice, fallback).toLowerCase()
  }

  list(name: string, min: number, max: number, fallback?: readonly unknown[]): readonly unknown[] {
    const value = this.#or(name, fallback)
    if (!Array.isArray(value) || value.length < min || value.length > max) {
      invalid(this.at(name), `must be a list of ${min} to ${max}`)
    }
    return value
  }

  /** The object in a field; an empty one when it is missing and may be. */
  object(name: string, required: boolean): Fields {
    return new Fields(this.#or(name, required ? undefined : {}), this.at(name))
  }

  done(): void {
    for (const name of Object.keys(this.#values)) {
      if (!this.#asked.has(name)) {
        const known = [...this.#asked].join(', ')
        invalid(this.at(name), `is not a field of a manifest here (known are: ${known})`)
      }
    }
  }
}
