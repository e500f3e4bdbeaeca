// One thread of the pool (signer-pool.ts): receives jobs, answers each with the signers.
import { parentPort, workerData } from 'node:worker_threads'
import { Signing } from './signing.ts'
import type { Job, JobResult, WorkerOptions } from './signer-jobs.ts'

const port = parentPort
if (port !== null) {
  const { terms, backend }: WorkerOptions = workerData
  // Jobs that arrive before the libraries are loaded wait in the port's own queue.
  const signing = await Signing.load(terms, backend)
  port.on('message', (jobs: readonly Job[]) => {
    port.postMessage(jobs.map(({ id, work }): JobResult => ({ id, signers: signing.run(work) })))
  })
}
