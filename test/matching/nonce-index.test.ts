import test from 'brittle'
import { NonceIndex } from '../../matching/nonce-index.ts'
import { FLAGS, ORDER, OrderPool, OWNER, STATE_MASK } from '../../matching/orders.ts'

const ACCOUNT = 7

/** An index of one live order, and nonces of the account that are looked up from its cell on. */
function crowded(count: number) {
  const pool = new OrderPool()
  const index = new NonceIndex({ pool })
  const place = (nonce: number): number => {
    const order = pool.allocate()
    pool.words[order * ORDER + OWNER] = ACCOUNT << 8
    pool.words[order * ORDER + FLAGS] = STATE_MASK
    pool.setNonce(order, nonce)
    index.add(ACCOUNT, nonce, order)
    return order
  }
  const first = place(1)
  const nonces: number[] = []
  for (let nonce = 2; nonces.length < count; nonce++) {
    if (index.cellOf(ACCOUNT, nonce) !== 0) nonces.push(nonce)
  }
  return { pool, index, place, first, nonces }
}

test('nonce index - nonces chosen to begin at one cell leave no long way behind', (t) => {
  const { pool, index, place, first, nonces } = crowded(400)
  for (const nonce of nonces) pool.release(place(nonce))
  t.ok(index.used < 20, `${index.used} cells for one live order`)
  t.is(index.find(ACCOUNT, 1), first)
  t.is(index.find(ACCOUNT, nonces[399]), 0)
})

test('nonce index - nor when their records are others by now; what is live is found', (t) => {
  const { pool, index, place, nonces } = crowded(300)
  const kept = new Map<number, number>()
  nonces.forEach((nonce, i) => {
    const order = place(nonce)
    if (i % 10 === 0) kept.set(nonce, order)
    else pool.release(order)
  })
  for (const [nonce, order] of kept) t.is(index.find(ACCOUNT, nonce), order, `nonce ${nonce}`)
  t.ok(index.used < 60, `${index.used} cells for ${kept.size + 1} live orders`)
})
