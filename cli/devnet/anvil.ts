import { createRequire } from 'node:module'

/** The EVM of this machine's platform, a binary inside an npm package.
 * @throws Error when npm has none for the platform */
export function anvilPath(): string {
  const require = createRequire(import.meta.url)
  const name = process.platform === 'win32' ? 'anvil.exe' : 'anvil'
  const architecture = process.arch === 'x64' ? 'amd64' : process.arch
  const place = `@foundry-rs/anvil-${process.platform}-${architecture}/bin/${name}`
  try {
    return require.resolve(place)
  } catch (cause) {
    const platform = `${process.platform}-${process.arch}`
    throw new Error(`anvil has no binary for ${platform}; npm ci installs it where there is one`, {
      cause
    })
  }
}
