// Every table of test/vectors/matching, on both engines. The tables are worked out by hand from
// docs/matching.md; test/matching/scenarios/read.ts explains how to read them.
import { readdirSync, readFileSync } from 'node:fs'
import test from 'brittle'
import { play, type MakeSubject } from './scenarios/runner.ts'
import { readScenarios } from './scenarios/read.ts'
import { engineSubject, naiveSubject } from './scenarios/subjects.ts'

const folder = new URL('../vectors/matching/', import.meta.url)
const engines: [string, MakeSubject][] = [
  ['engine', engineSubject],
  ['oracle', naiveSubject]
]

for (const file of readdirSync(folder).filter((name) => name.endsWith('.txt'))) {
  const scenarios = readScenarios(readFileSync(new URL(file, folder), 'utf8'), file)
  const unit = file.replace('.txt', '')
  for (const [name, makeSubject] of engines) {
    test(`${unit} - the tables hold for the ${name}`, (t) => {
      for (const scenario of scenarios) {
        const findings = play(scenario, makeSubject)
        if (findings.length === 0) t.fail(`${scenario.title}: expects nothing`)
        for (const { where, what, expected, actual } of findings) {
          t.is(actual, expected, `${scenario.title}: ${what} (${where})`)
        }
      }
    })
  }
}
