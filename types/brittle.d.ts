// The part of brittle that the tests use. Assertions record a result and return whether it held;
// they do not throw, so none of them narrows a type.
declare module 'brittle' {
  type Thunk = () => unknown
  type ExceptionCheck = RegExp | (new (...values: never[]) => Error) | Record<string, unknown>

  type Assert = {
    readonly name: string
    readonly isEnded: boolean
    plan(count: number): void
    pass(message?: string): boolean
    fail(message?: string): boolean
    ok(value: unknown, message?: string): boolean
    absent(value: unknown, message?: string): boolean
    is: {
      (actual: unknown, expected: unknown, message?: string): boolean
      coercively(a: unknown, b: unknown, message?: string): boolean
    }
    not: {
      (actual: unknown, expected: unknown, message?: string): boolean
      coercively(a: unknown, b: unknown, message?: string): boolean
    }
    alike: {
      (actual: unknown, expected: unknown, message?: string): boolean
      coercively(a: unknown, b: unknown, message?: string): boolean
    }
    unlike: {
      (actual: unknown, expected: unknown, message?: string): boolean
      coercively(a: unknown, b: unknown, message?: string): boolean
    }
    /** Passes when the call throws or the promise rejects; TypeErrors and the like fail it. */
    exception: {
      (run: Thunk | Promise<unknown>, message?: string): Promise<boolean>
      (run: Thunk | Promise<unknown>, expected: ExceptionCheck, message?: string): Promise<boolean>
      /** Also accepts native errors such as TypeError. */
      all(
        run: Thunk | Promise<unknown>,
        expected?: ExceptionCheck | string,
        message?: string
      ): Promise<boolean>
    }
    /** Resolves to the milliseconds that it took; fails when the call throws or rejects. */
    execution(run: Thunk | Promise<unknown>, message?: string): Promise<number>
    comment(...message: unknown[]): void
    timeout(ms: number): void
    /** Smaller `order` runs earlier; within one order the last registered runs first. */
    teardown(run: () => unknown, options?: { order?: number; force?: boolean }): void
    /** A temporary directory that is removed at the end of the test. */
    tmp(): Promise<string>
    test(name: string, run: (t: Assert) => unknown): Promise<boolean>
    test(name?: string): Assert & Promise<boolean>
    end(): void
  }

  type TestOptions = {
    timeout?: number
    solo?: boolean
    hook?: boolean
    skip?: boolean
    todo?: boolean
    stealth?: boolean
  }

  type Register = {
    // The runner awaits these itself; nobody at the top of a file does.
    (name: string, run: (t: Assert) => unknown): void
    (name: string, options: TestOptions, run: (t: Assert) => unknown): void
  }

  const test: Register & {
    test: Register
    solo: Register
    skip: Register
    todo: Register
    hook: Register
    stealth: Register
    configure(options: {
      timeout?: number
      bail?: boolean
      solo?: boolean
      unstealth?: boolean
    }): void
    pause(): void
    resume(): void
  }
  export default test
  export { test }
  export const solo: Register
  export const skip: Register
  export const todo: Register
  export const hook: Register
  export const stealth: Register
  export function configure(options: {
    timeout?: number
    bail?: boolean
    solo?: boolean
    unstealth?: boolean
  }): void
  export function pause(): void
  export function resume(): void
  export type { Assert, TestOptions }
}
