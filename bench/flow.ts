// Order flow as the benches drive it: columns of integers, one row a command. An order is named by
// its row, since a client that cancels knows which order it means.

export const LIMIT = 0
export const IOC = 1
export const CANCEL = 2

export type Flow = {
  count: number
  /** LIMIT (gtc), IOC (limit ioc) or CANCEL. */
  types: Uint8Array
  /** 1 for a sell. */
  sells: Uint8Array
  /** What the trade hash calls an order; of a cancel, nothing. */
  ids: Int32Array
  /** Of a cancel, the row of the order that it names, or -1; of an order, its own row. */
  targets: Int32Array
  /** Ticks, 1 to 65,534. */
  prices: Int32Array
  /** Lots. */
  quantities: Int32Array
}

export function emptyFlow(capacity: number): Flow {
  return {
    count: 0,
    types: new Uint8Array(capacity),
    sells: new Uint8Array(capacity),
    ids: new Int32Array(capacity),
    targets: new Int32Array(capacity),
    prices: new Int32Array(capacity),
    quantities: new Int32Array(capacity)
  }
}

/** Appends an order; its id counts from 1. */
export function addOrder(
  flow: Flow,
  type: number,
  sell: number,
  price: number,
  quantity: number
): number {
  const row = flow.count++
  flow.types[row] = type
  flow.sells[row] = sell
  flow.ids[row] = row + 1
  flow.targets[row] = row
  flow.prices[row] = price
  flow.quantities[row] = quantity
  return row
}

export function addCancel(flow: Flow, target: number): void {
  const row = flow.count++
  flow.types[row] = CANCEL
  flow.sells[row] = flow.sells[target]
  flow.targets[row] = target
}

/**
 * Reads lines `type,side,id,price,qty` after a header; type L, I or C, side B or S. An id may be
 * any text; where it is no integer of 32 bits the trade hash takes its low 32 bits (or 0).
 * @throws Error naming the first line that is none
 */
export function readFlow(text: string): Flow {
  const lines = text.split('\n')
  const flow = emptyFlow(lines.length)
  const rows = new Map<string, number>()
  for (let index = 1; index < lines.length; index++) {
    const line = lines[index].trim()
    if (line === '') continue
    const [type, side, id, price, quantity] = line.split(',')
    if (type === 'C') {
      const target = rows.get(id) ?? -1
      const row = flow.count++
      flow.types[row] = CANCEL
      flow.targets[row] = target
      continue
    }
    const badOrder =
      (type !== 'L' && type !== 'I') ||
      (side !== 'B' && side !== 'S') ||
      !inRange(price, 65_534) ||
      !inRange(quantity, 2 ** 30 - 1)
    if (badOrder) throw new Error(`line ${index + 1} is no command: ${line}`)
    const sell = side === 'S' ? 1 : 0
    const row = addOrder(flow, type === 'L' ? LIMIT : IOC, sell, Number(price), Number(quantity))
    flow.ids[row] = Number(id) | 0
    rows.set(id, row)
  }
  return flow
}

function inRange(text: string, greatest: number): boolean {
  const value = Number(text)
  return Number.isInteger(value) && value >= 1 && value <= greatest
}

/** The same lines that `readFlow` reads. */
export function writeFlow(flow: Flow): string {
  const lines = ['type,side,id,price,qty']
  for (let row = 0; row < flow.count; row++) {
    const side = flow.sells[row] === 1 ? 'S' : 'B'
    if (flow.types[row] === CANCEL) {
      lines.push(`C,${side},${flow.ids[flow.targets[row]]},0,0`)
      continue
    }
    const type = flow.types[row] === LIMIT ? 'L' : 'I'
    lines.push(`${type},${side},${flow.ids[row]},${flow.prices[row]},${flow.quantities[row]}`)
  }
  return lines.join('\n') + '\n'
}
