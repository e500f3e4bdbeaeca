// What goes wrong in a run, drawn from its seed: at least three faults, all over by the time it
// heals, except for those that are Byzantine, who stay.
import type { Random } from '../../daemon/clock.ts'
import { faultsOf } from '../../daemon/consensus/core/quorum.ts'
import { between, pick, shuffle } from '../helpers/random.ts'
import type { Links } from './links.ts'
import type { Loss } from './node-store.ts'
import type { HonestTrader } from './honest-trader.ts'
import type { TraderPeer } from './trader.ts'
import type { ValidatorNode } from './validator-node.ts'
import type { Venue } from './venue.ts'

export const faultNames = [
  'loss',
  'slow network',
  'duplication',
  'stragglers',
  'partition',
  'isolation',
  'crash',
  'crash of several',
  'crash of all',
  'journal lost',
  'journal rotation',
  'trader crash',
  'trader loses its journal',
  'idle spell'
] as const

export type FaultName = (typeof faultNames)[number]

export type Stage = {
  venue: Venue
  links: Links
  nodes: readonly ValidatorNode[]
  traders: readonly TraderPeer[]
  /** Those of the traders that are honest. */
  honest: readonly HonestTrader[]
  /** Traders rest until then. */
  rest(untilMs: number): void
  restart(node: ValidatorNode): void
  restartTrader(trader: HonestTrader): void
}

const losses: readonly Loss[] = ['journal', 'everything']

/** Some kinds of fault, each once or more. */
export function drawFaults(random: Random): FaultName[] {
  const kinds = shuffle(random, [...faultNames]).slice(0, between(random, 3, 5))
  const more = Array.from({ length: between(random, 0, 3) }, () => pick(random, kinds))
  return [...kinds, ...more]
}

/** Makes it happen now. Returns how long it lasts, milliseconds. */
export function strike(name: FaultName, stage: Stage): number {
  const { venue, links, nodes } = stage
  const { random } = venue.world
  venue.coverage.count(`fault: ${name}`)
  venue.world.tell(() => `fault: ${name}`)
  const lasting = between(random, 50, 400)
  const weather = (change: Partial<Links['weather']>) => {
    links.weather = { ...links.weather, ...change }
    return lasting
  }
  switch (name) {
    case 'loss':
      return weather({ loss: 0.02 + random() * 0.25 })
    case 'slow network':
      return weather({ delayMs: between(random, 5, 40), jitterMs: between(random, 5, 40) })
    case 'duplication':
      return weather({ duplication: 0.1 + random() * 0.4 })
    case 'stragglers':
      return weather({ straggling: 0.02 + random() * 0.1, jitterMs: 3 })
    case 'partition': {
      const sides = new Map(nodes.map((node) => [node.id, between(random, 0, 1)]))
      for (const trader of stage.traders) sides.set(trader.id, between(random, 0, 1))
      links.partition(sides)
      return lasting
    }
    case 'isolation':
      links.partition(isolate(pick(random, nodes).id, nodes))
      return lasting
    case 'crash':
      return crash(stage, [pick(random, nodes)])
    case 'crash of several':
      return crash(
        stage,
        nodes.filter(() => random() < 0.5)
      )
    case 'crash of all':
      return crash(stage, nodes)
    case 'journal lost': {
      const others = nodes.filter(() => random() < 0.4)
      const victim = amnesiac(stage)
      if (victim && random() < 0.5) return doom(stage, victim)
      return crash(stage, victim ? [victim, ...others] : others, victim)
    }
    case 'journal rotation':
      for (const node of nodes) if (random() < 0.5) node.rotate()
      return 0
    case 'trader crash':
      return crashTraders(
        stage,
        stage.honest.filter(() => random() < 0.6),
        false
      )
    case 'trader loses its journal':
      return crashTraders(stage, [pick(random, stage.honest)], true)
    case 'idle spell':
      stage.rest(venue.world.now + 500)
      return 500
  }
}

const ballots: readonly string[] = ['propose', 'vote', 'nullify', 'finalize']

/** The worst time to forget: in the middle of telling the others a ballot. */
function doom(stage: Stage, victim: ValidatorNode): number {
  const { venue } = stage
  let told = between(venue.world.random, 1, 3 * stage.nodes.length)
  victim.doom({
    isDue: ({ kind }) => ballots.includes(kind) && --told === 0 && amnesiac(stage, victim) !== null,
    strike: () => {
      venue.coverage.count('journal lost in the middle of a ballot')
      crash(stage, [victim], victim)
    }
  })
  return 0
}

function isolate(id: string, nodes: readonly ValidatorNode[]): Map<string, number> {
  return new Map(nodes.map((node) => [node.id, node.id === id ? 1 : 0]))
}

/** One honest validator's past may be lost at a time, and counts as one of the faults that a venue
 * bears until it may vote again. */
function amnesiac(
  { venue, nodes }: Stage,
  victim: ValidatorNode | null = null
): ValidatorNode | null {
  const byzantine = nodes.filter((node) => !node.isHonest).length
  const isBearable = byzantine < faultsOf(nodes.length) && nodes.every((node) => node.isEntitled)
  const honest = nodes.filter((node) => node.isHonest && node.isUp)
  if (!isBearable || honest.length === 0) return null
  return victim ?? pick(venue.world.random, honest)
}

function crash(
  stage: Stage,
  nodes: readonly ValidatorNode[],
  victim: ValidatorNode | null = null
): number {
  const { world } = stage.venue
  let longest = 0
  for (const node of nodes) {
    if (!node.isUp) continue
    if (node === victim) stage.venue.coverage.count('journal lost')
    node.crash(node === victim ? pick(world.random, losses) : 'nothing')
    const away = between(world.random, 5, node === victim ? 60 : 300)
    longest = Math.max(longest, away)
    world.after(away, () => stage.restart(node))
  }
  return longest
}

function crashTraders(stage: Stage, traders: readonly HonestTrader[], losesDisk: boolean): number {
  const { world } = stage.venue
  for (const trader of traders) {
    if (!trader.isUp) continue
    trader.crash(losesDisk)
    world.after(between(world.random, 5, 200), () => stage.restartTrader(trader))
  }
  return 0
}
