// CPU and memory of processes, from Linux's /proc.
import { readFileSync } from 'node:fs'

const TICKS_PER_SECOND = 100
const MEBIBYTE = 1024 * 1024
const PAGE_BYTES = 4096

export type Load = { cpuPercent: number; memoryMB: number }
export type Loads = { mean: Load; worst: Load }

/** The processes while `run` goes on, their mean and the worst of them: CPU in per cent of one core,
 * resident memory at the end. @throws Error where there is no /proc */
export async function loadOf<T>(
  pids: readonly number[],
  run: () => Promise<T>
): Promise<Loads & { result: T }> {
  const before = pids.map(cpuSeconds)
  const began = performance.now()
  const result = await run()
  const seconds = (performance.now() - began) / 1000
  const percents = pids.map((pid, i) => (100 * (cpuSeconds(pid) - before[i])) / seconds)
  const sizes = pids.map((pid) => residentBytes(pid) / MEBIBYTE)
  return {
    result,
    mean: { cpuPercent: mean(percents), memoryMB: mean(sizes) },
    worst: { cpuPercent: Math.max(...percents), memoryMB: Math.max(...sizes) }
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
