// fs-native-extensions 1.
declare module 'fs-native-extensions' {
  /** Takes an advisory lock on the whole file for this open file; false when another open file
   * holds one. The kernel lets go of it when the file is closed or its process ends. */
  export function tryLock(fd: number): boolean
}
