// Writes one of our workloads as the lines that replay.ts reads, for other engines to run:
//   node --import tsx bench/workload-csv.ts mixed > mixed.csv
import { seededRandom } from '../test/helpers/random.ts'
import { writeFlow } from './flow.ts'
import { say } from './report.ts'
import { fullSize, makeWorkload, workloadNames } from './workloads.ts'

const name = workloadNames.find((known) => known === process.argv[2])
if (!name) throw new Error(`which workload: ${workloadNames.join(', ')}?`)
const size = fullSize[name]
process.stdout.write(writeFlow(makeWorkload(name, size, seededRandom(1)).flow))
say(`preload ${size.preload}`)
