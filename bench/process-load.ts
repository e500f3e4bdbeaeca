// CPU and memory of processes, from Linux's /proc.
import { readFileSync } from 'node:fs'

const TICKS_PER_SECOND = 100
const MEBIBYTE = 1024 * 1024
const PAGE_BYTES = 4096

export type Load = { cpuPercent: number; memoryMB: number }

/** The mean over the processes while `run` goes on: CPU in per cent of one core, resident memory
 * at the end. @throws Error where there is no /proc */
export async function loadOf(pids: readonly number[], run: () => Promise<void>): Promise<Load> {
  const before = pids.map(cpuSeconds)
  const began = performance.now()
  await run()
  const seconds = (performance.now() - began) / 1000
  const used = pids.map((pid, i) => cpuSeconds(pid) - before[i])
  const bytes = pids.map(residentBytes)
  return {
    cpuPercent: (100 * mean(used)) / seconds,
    memoryMB: mean(bytes) / MEBIBYTE
  }
}

/** User and system time since its start. */
function cpuSeconds(pid: number): number {
  // The name, in brackets, may hold spaces; the fields after it do not.
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ')
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND
}

function residentBytes(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]) * PAGE_BYTES
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
