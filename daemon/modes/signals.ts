/** Resolves at the first SIGINT or SIGTERM, or when a program that started this one with a channel
 * to it is gone, however it ended; the second ends the process at once. By hand or by systemd
 * there is no such channel. */
export function untilSignal(): Promise<void> {
  return new Promise((resolve) => {
    let asked = false
    const onsignal = () => {
      if (asked) process.exit(130)
      asked = true
      resolve()
    }
    process.on('SIGINT', onsignal)
    process.on('SIGTERM', onsignal)
    process.once('disconnect', onsignal)
  })
}
