/** Words that begin with a cache line. Large buffers begin 16 bytes into a page, after the allocator's
 * own words: 48 bytes further on a row of 64 bytes is one cache line. Elsewhere this is only a little
 * room lost. */
export function lineAligned(length: number): Int32Array<ArrayBuffer> {
  return new Int32Array(new ArrayBuffer(48 + length * 4), 48, length)
}
