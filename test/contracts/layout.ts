// Which field of the sealed bytes each byte belongs to, read from the bytes alone by the layout of
// docs/settlement.md, independently of the encoder.

class Walk {
  readonly #bytes: Uint8Array
  readonly fields: string[] = []

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  take(field: string, size: number): number {
    let value = 0
    for (let count = 0; count < size; count++) {
      value = value * 256 + this.#bytes[this.fields.length]
      this.fields.push(field)
    }
    return value
  }
}

/** The name of each byte's field. */
export function fieldsOf(bytes: Uint8Array): string[] {
  const walk = new Walk(bytes)
  for (let markets = walk.take('markets', 1); markets > 0; markets--) walk.take('market', 27)
  for (let groups = walk.take('groups', 2); groups > 0; groups--) {
    walk.take('account', 20)
    if (walk.take('kind', 1) === 1) walkDelta(walk)
    else for (let orders = walk.take('orders', 2); orders > 0; orders--) walkOrder(walk)
  }
  for (let sweeps = walk.take('sweeps', 2); sweeps > 0; sweeps--) {
    walk.take('taker', 2)
    for (let fills = walk.take('fills', 2); fills > 0; fills--) {
      const maker = walk.take('maker', 2)
      walk.take('lots', 4)
      if (maker === 0xffff) walk.take('price', 4)
    }
  }
  for (let count = walk.take('withdrawals', 2); count > 0; count--) {
    walk.take('withdrawal', 20 + 1 + 7 + 5 + 5)
    walk.take('signature', 64)
  }
  return walk.fields
}

function walkDelta(walk: Walk): void {
  const deltas = walk.take('deltas', 1)
  const marks = walk.take('marks', 2)
  walk.take('sequence', 5)
  walk.take('floor', 5)
  walk.take('delta', deltas * 8)
  walk.take('mark', marks * 11)
  walk.take('signature', 64)
}

function walkOrder(walk: Walk): void {
  const flags = walk.take('flags', 2)
  walk.take('order', 1 + 4 + 4 + 5 + 7 + 5 + 2)
  if ((flags & (3 << 9)) !== 0) walk.take('trigger price', 4)
  if (((flags >> 3) & 3) === 2) walk.take('resting price', 4)
  if ((flags & (1 << 11)) !== 0) {
    const height = walk.take('height', 1)
    walk.take('index', 1)
    walk.take('siblings', 32 * height)
  }
  if ((flags & (1 << 12)) === 0) walk.take('signature', 64)
}
