// A bot's session over the WebSocket: it is told of book, orders and fills, places an order, moves
// it, cancels it. If the connection goes, its orders go with it. Needs `npm install ws`.
// Usage: node session.mjs DATADIR PORT MARKET, such as: node session.mjs .curb/trader-1 18655 WETH/USDC
import { readFileSync } from 'node:fs'
import { WebSocket } from 'ws'

const [datadir, port, market] = process.argv.slice(2)
const token = readFileSync(`${datadir}/.cookie`, 'utf8')
const socket = new WebSocket(`ws://127.0.0.1:${port}/`, {
  headers: { authorization: `Bearer ${token}` }
})
const waiting = new Map()
let nextId = 1

function call(method, params) {
  const id = nextId++
  socket.send(JSON.stringify({ jsonrpc: '2.0', id, method, params }))
  return new Promise((resolve, reject) => waiting.set(id, { resolve, reject }))
}

socket.on('message', (text) => {
  const { id, method, params, result, error } = JSON.parse(text)
  if (method === 'heartbeat') void call('public/test', {})
  else if (method === 'subscription') console.log(params.channel, JSON.stringify(params.data))
  else {
    const { resolve, reject } = waiting.get(id)
    waiting.delete(id)
    if (error) reject(new Error(`${error.message}: ${error.data.reason}`))
    else resolve(result)
  }
})
await new Promise((resolve) => socket.once('open', resolve))

await call('public/set_heartbeat', { interval: 30 })
await call('private/enable_cancel_on_disconnect', { scope: 'connection' })
await call('public/subscribe', { channels: [`book.${market}.10`, 'user.orders', 'user.trades'] })

const clientOrderId = `session-${Date.now()}`
const terms = { market, amount: '0.1', price: '1000', postOnly: 'reject', clientOrderId }
const { order } = await call('private/buy', terms)
console.log('placed', order.orderId, order.state)
const moved = await call('private/edit', { orderId: order.orderId, price: '1001' })
console.log('moved', moved.order.orderId, moved.order.price)
const gone = await call('private/cancel_by_client_id', { clientOrderId })
console.log('gone', gone.orderId, gone.state)
socket.close()
