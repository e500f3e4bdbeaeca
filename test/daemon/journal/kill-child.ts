// The process that the kill test kills: works on a real journal and says over IPC what was
// acknowledged, and which checkpoint it is about to write.

import sodium from 'sodium-native'
import { FileJournal } from '../../../daemon/journal/journal.ts'
import { disk } from '../../../daemon/journal/file-system.ts'
import { payloadOf } from './workload.ts'

const [, , folder, first] = process.argv
const KEEP = 50
const ROTATE_EVERY = 400

export type Word = { acknowledged: number } | { floor: number }

function tell(word: Word): void {
  process.send?.(word)
}

const journal = new FileJournal(
  { folder },
  {
    files: disk,
    randomBytes: (length) => {
      const bytes = new Uint8Array(length)
      sodium.randombytes_buf(bytes)
      return bytes
    },
    onFault: (fault) => {
      throw fault
    }
  }
)

await journal.open(() => {})
for (let number = Number(first); ; number += 5) {
  await Promise.all(
    [0, 1, 2, 3, 4].map(async (offset) => {
      await journal.append(0, payloadOf(number + offset))
      tell({ acknowledged: number + offset })
    })
  )
  if (number % ROTATE_EVERY < 5 && number > KEEP) {
    const floor = number + 5 - KEEP
    tell({ floor })
    const checkpoint = Array.from({ length: KEEP }, (_, at) => payloadOf(floor + at))
    journal.rotate(checkpoint.map((payload) => ({ kind: 0, payload }))).catch((error: unknown) => {
      throw error
    })
  }
}
