// Reads scenario files (test/vectors/matching/*.txt): tables that a trader can check by hand.
//
//   == The older order at a price trades first
//   given  ann#1 sells 5 @ 101            a tape block of its own
//   given  bob#1 sells 5 @ 101
//   when   cat#1 buys 7 @ 101             consecutive lines are entries of one block
//   trades cat#1 takes 5 @ 101 of ann#1, cat#1 takes 2 @ 101 of bob#1
//   asks   bob#1 3 @ 101
//   bids   -
//   moves  cat +7 AAA -707 USD            against the first funds; `holds` is what is reserved
//
// A step is its commands with the expectations after them. `says` lists the other things that
// happened, `events` everything. `venue`, `market`, `bond` lines change the small venue of runner.ts.

export type Line = { word: string; rest: string; where: string }
export type Step = { commands: Line[]; expectations: Line[] }
export type Scenario = { title: string; settings: Line[]; steps: Step[] }

const commandWords = new Set(['given', 'when', 'wait', 'block'])
const settingWords = new Set(['venue', 'market', 'fund', 'bond', 'chain'])
const expectationWords = new Set(['trades', 'asks', 'bids', 'moves', 'holds', 'says', 'events'])

/** @throws Error at a word that no scenario knows */
export function readScenarios(text: string, file: string): Scenario[] {
  const scenarios: Scenario[] = []
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.trim()
    if (line === '' || line.startsWith('#')) continue
    if (line.startsWith('==')) {
      scenarios.push({ title: line.slice(2).trim(), settings: [], steps: [] })
      continue
    }
    const [word] = line.split(/\s/, 1)
    const where = `${file}:${index + 1}`
    add(scenarios[scenarios.length - 1], { word, rest: line.slice(word.length).trim(), where })
  }
  return scenarios
}

function add(scenario: Scenario, line: Line): void {
  const { steps } = scenario
  const last = steps[steps.length - 1]
  if (commandWords.has(line.word)) {
    if (last && last.expectations.length === 0) last.commands.push(line)
    else steps.push({ commands: [line], expectations: [] })
  } else if (expectationWords.has(line.word) && last) last.expectations.push(line)
  else if (settingWords.has(line.word) && !last) scenario.settings.push(line)
  else throw new Error(`${line.where}: what is '${line.word}'?`)
}
