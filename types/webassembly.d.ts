// The part of WebAssembly's JavaScript API that Curb uses; Node's types leave it to the browser's.
declare namespace WebAssembly {
  type Exports = Readonly<Record<string, unknown>>
  function instantiate(
    module: Uint8Array<ArrayBuffer>
  ): Promise<{ readonly instance: { readonly exports: Exports } }>
}
