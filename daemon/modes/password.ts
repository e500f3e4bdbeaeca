// Passwords come from a file of mode 0600 or from a terminal, never from the command line.
import { readPassword } from '../keystore/keystore.ts'
import { UsageFault } from './usage.ts'

/** Asks on standard error, so that standard output stays data. */
export async function askPassword(message: string): Promise<string> {
  // Loaded when it is needed: a daemon seldom asks.
  const { password } = await import('@inquirer/prompts')
  return password({ message }, { output: process.stderr })
}

/** Of a file, or asked for; `twice` for a new one. @throws UsageFault, KeystoreFault */
export async function passwordOf(
  file: string | boolean | undefined,
  twice: boolean
): Promise<string> {
  if (typeof file === 'string') return readPassword(file)
  if (!process.stdin.isTTY) {
    throw new UsageFault('no terminal to ask for the password: name --password-file FILE')
  }
  const first = await askPassword('Password')
  if (twice && first !== (await askPassword('Again'))) {
    throw new UsageFault('the two passwords differ')
  }
  return first
}
