/** Runs `fn` once after `delayMs`; the returned function cancels it. Tests put their own in place. */
export function after(delayMs: number, fn: () => void): () => void {
  const timer = setTimeout(fn, delayMs)
  return () => clearTimeout(timer)
}
