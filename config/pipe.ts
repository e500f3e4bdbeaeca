/** Ends the program when whoever reads its output has read enough (`curb fills --watch | head`): that
 * is no fault. A reader of words on stderr who went away changes nothing. */
export function endWithReader(): void {
  process.stdout.on('error', (fault: NodeJS.ErrnoException) => {
    if (fault.code !== 'EPIPE') throw fault
    process.exit(0)
  })
  process.stderr.on('error', (fault: NodeJS.ErrnoException) => {
    if (fault.code !== 'EPIPE') throw fault
  })
}
