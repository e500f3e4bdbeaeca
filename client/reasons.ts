import { rejects } from '../protocol/rejects.ts'

/** What a reason of docs/errors.md means, in a sentence; null for a text that is none of them. */
export function meaningOf(reason: string): string | null {
  return rejects.find(([name]) => name === reason)?.[1] ?? null
}
