// The text of docs/rpc.md, made from the registry of methods, the table of errors and the list of
// channels.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { channelTable } from '../daemon/rpc/channels/feeds.ts'
import { rpcErrors } from '../daemon/rpc/errors.ts'
import { describedMethods } from '../daemon/rpc/methods/index.ts'
import type { AnyMethod } from '../daemon/rpc/registry.ts'
import * as schemas from '../daemon/rpc/schemas.ts'

const introduction = `# JSON-RPC

Made from the registry of methods, the table of errors and the list of channels; do not edit by hand (\`npm run docs\` writes it).

JSON-RPC 2.0, on \`POST /\` and on a WebSocket at the same address (by default \`127.0.0.1:8650\`), and on the Unix socket \`<datadir>/curbd.sock\`. Methods are the same everywhere; subscriptions need the WebSocket. \`rpc.discover\` gives this page as an OpenRPC document. The types are in \`protocol/rpc.ts\` and \`protocol/rpc-types.ts\`; \`client/\` is a typed client.

\`\`\`
$ curl -s http://127.0.0.1:8650/ -H 'content-type: application/json' \\
    -H "authorization: Bearer $(cat <datadir>/.cookie)" \\
    -d '{"jsonrpc":"2.0","id":1,"method":"public/get_order_book","params":{"market":"WETH/USDC","depth":2}}'
\`\`\`

## Conventions
- **Prices and amounts are decimal strings**, exact: one that is off tick or off lot is refused (\`invalid_amount\`, with the nearest ones), never rounded. Times are milliseconds since 1970; \`expiry\` is whole seconds. An order's id is \`account:nonce\`; a trade's is \`tapeIndex.event\`, the same on every daemon.
- **Unknown parameters are errors.** Parameters go by name, or by position in the order of the tables below.
- Batches hold 1 to 100 requests, which are carried out in their order. Every answer has \`usIn\`, \`usOut\` (microseconds since 1970) and \`usDiff\`.
- \`account\` may be left out: then the only one that is linked to this daemon is meant, or before any is linked the only one that it hosts.
- \`wait\` (true unless told): the call answers when the engine has spoken. With false it answers once the entry is safe in the daemon's journal, and the order is \`pending\`.
- **clientOrderId** (1 to 64 printable ASCII characters, unique for each account): the same name with the same parameters finds the order that it stands for, whatever happened in between, a crash included; with other parameters it is \`duplicate_client_order_id\`. An edit takes the name along: it stands for the order as it is now, and \`cancel_by_client_id\` cancels that one. After \`outcome_unknown\` or a lost connection, make the same call again.
- **clientRequestId** (of the same form, unique for each account) does the same for what moves money: \`deposit\`, \`withdraw\`, \`exit\`, \`raise_floor\`, \`set_delegate\`. The same id with the same parameters gives the first one's answer, or waits for it with you, a crash included, and nothing moves twice; for any other request it is \`duplicate_client_request_id\`. A request that was refused before anything was sent, or with an error that is retryable, leaves its id free. A daemon remembers the last 10,000 transactions of an account, and every withdrawal.
- Taking a market order is an ioc order at the touch and a protection (5%), or at the worst \`price\` that you name.

## Access
The cookie \`<datadir>/.cookie\` (mode 0600, new at each start) has the scope \`admin\`; further tokens are made with \`admin/create_token\` or \`curb token create\`. Scopes are ordered: \`admin\` may trade, \`trade\` may read. A token goes into the header \`Authorization: Bearer ...\`. Each has three rate buckets: \`orders\`, \`cancels\` (of their own, so that a flood of orders cannot keep you from cancelling) and \`reads\`. Hosts and origins that are not allowed are refused before anything is read; a body is at most 1 MiB and UTF-8. A token that expires or is revoked takes its open connections with it. \`/livez\` and \`/readyz\` answer without a token, \`/metrics\` as \`rpc.metrics\` says.
`

const checksum = `## The checksum of a book
CRC-32 (IEEE 802.3, as in zip and PNG; unsigned) over the ASCII text of the best ten asks, best first, then the best ten bids, best first, each level as \`price:amount;\` in the very strings of the message. An empty book has 0. Asks \`[["1010","0.5"]]\` and bids \`[["1000","2"],["990","1"]]\` give the text \`1010:0.5;1000:2;990:1;\`. Every snapshot and every change of \`book.{market}.{depth}\` carries it, of the book after the message (of the levels that the channel has: with a depth under ten, of those).

To keep a book: take the snapshot; with each change check that \`prevChangeId\` is the \`changeId\` that you have, apply the changes, check the checksum. When either is wrong, subscribe again. Change ids are tape indexes: two daemons' books with the same id are the same. \`client/book.ts\` does all of this.

The checksum of \`book.{market}.raw\`, and of a book of level 3, is over the first ten asks and then the first ten bids, in the order in which they would trade, each as \`sequence:price:amount;\`: it tells a wrong place in a queue too. An order of one's own is found in it by its \`bookSequence\`. \`client/order-queues.ts\` keeps such a book.
`

const differences = `## Differences from Deribit
Names and shapes follow Deribit's JSON-RPC API. What differs:

| here | Deribit |
|---|---|
| decimal strings | numbers |
| a token in the header of the connection | \`public/auth\` |
| \`market\`, such as \`WETH/USDC\` | \`instrument_name\` |
| camelCase parameters and results | snake_case |
| \`orderId\` is \`account:nonce\` | an opaque id |
| \`clientOrderId\`, idempotent | \`label\`, which may repeat |
| \`get_order\`, \`get_my_trades\`, \`get_last_trades\`, \`get_candles\` | \`get_order_state\`, \`get_user_trades_by_instrument\`, \`get_last_trades_by_instrument\`, \`get_tradingview_chart_data\` |
| \`cancel_by_client_id\` cancels one order and gives it | \`cancel_by_label\` cancels all of the label and counts them |
| \`cancel_all\` gives the ids | it gives their number |
| \`timeInForce\`: \`gtc\`, \`ioc\`, \`fok\` | \`good_til_cancelled\`, \`immediate_or_cancel\`, \`fill_or_kill\` |
| \`postOnly\`: \`no\`, \`reject\`, \`slide\` | \`post_only\`, \`reject_post_only\` |
| \`side\` | \`direction\` |
| a further order state, \`pending\`: in the lane, not final | (none) |
| \`set_heartbeat\` with 0 ends it | \`disable_heartbeat\` |
| \`place\`, \`raise_floor\`, \`set_lease\`, market-maker protection by market and account | other means |
| an amended order gets a new id | it keeps its id |
| \`edit\`'s \`amount\` is what shall still be filled | the new total |
| \`place\`: a list of orders and cancels | (none) |
| trades and batches have a settlement \`state\` | trades are final at once |
| \`submit_signed_order\`, \`prepare_order\`, \`explain_order\`, \`get_since\`, \`get_proof\`, \`get_exposure\`, \`exit\`, \`set_lease\` | (none) |
| \`book.{market}.{depth}\` sends every block of the tape that changed it | \`book.{instrument}.{group}.{depth}.{interval}\` |
`

/** Files that a test runs as they stand. */
function example(file: string, language: string): string[] {
  const text = readFileSync(join(import.meta.dirname, 'examples', file), 'utf8')
  return ['', `### \`docs/examples/${file}\``, '', '```' + language, text.trimEnd(), '```']
}

const states = `## States
An order is \`pending\` (in the lane, not final), \`open\`, \`untriggered\` (armed), and in the end \`filled\`, \`cancelled\` (with a \`reason\`) or \`rejected\`. It is \`unknown\` when it ended in blocks that the daemon has passed over by a snapshot: the balances are right, its fills are not known. A daemon with accounts passes over none unless it has lost its own snapshots. Reasons are in [errors](errors.md).

A trade is \`matched\` the moment its cut is final: its place, price and size can no longer change. Then its batch is \`sealed\` (its content is fixed), \`attested\` (by a quorum), \`submitted\` (in a transaction), \`mined\`, and \`final\` when the chain's confirmation is on the tape. \`reverted\` means that the batch was voided: an incident, see [settlement](settlement.md). \`submitted\` and \`mined\` are told by daemons that follow the chain themselves.
`

export function rpcMarkdown(): string {
  const methods = describedMethods().sort((a, b) => (a.name < b.name ? -1 : 1))
  return [
    introduction,
    states,
    '## Examples',
    'To be pasted; on a devnet (`curb devnet`, which tells its ports) they run as they stand.',
    ...example('orders.sh', 'sh'),
    ...example('session.mjs', 'js'),
    '',
    '## Shapes',
    ...Object.entries(shapes).flatMap(shapeLines),
    '',
    '## Methods',
    ...methods.flatMap(methodLines),
    '',
    '## Channels',
    '`public/subscribe` takes a list of names. A message is the notification `subscription` with `channel` and `data`. `sequence` is `[tape index, event number]`: two daemons’ feeds can be compared. A connection that does not read (8 MiB wait for it) is closed with code 1008.',
    '',
    '| channel | first | then |',
    '|---|---|---|',
    ...channelTable.map(([name, first, then]) => `| \`${name}\` | ${first} | ${then} |`),
    '',
    checksum,
    '## Errors',
    '`message` is the stable name, `data` is `{reason, param, retryable}`. The last column is the class that a ccxt client should throw.',
    '',
    '| code | name | meaning | retry | ccxt |',
    '|---|---|---|---|---|',
    ...Object.entries(rpcErrors).map(
      ([name, { code, meaning, retryable, ccxt }]) =>
        `| ${code} | \`${name}\` | ${meaning} | ${retryable ? 'yes' : 'no'} | ${ccxt} |`
    ),
    '',
    differences
  ].join('\n')
}

function methodLines({ name, doc, scope, bucket, params, result }: AnyMethod): string[] {
  const rows = Object.entries(params.shape).map(([key, schema]) => {
    const optional = schema._zod.optin === 'optional'
    return `| \`${key}\`${optional ? '' : ' *'} | ${cell(typeText(jsonOf(schema)))} |`
  })
  const table =
    rows.length === 0 ? [] : ['', '| parameter (* required) | type |', '|---|---|', ...rows]
  return [
    '',
    `### \`${name}\``,
    `${doc} Scope \`${scope}\`, bucket \`${bucket}\`.`,
    ...table,
    '',
    `Result: ${typeText(jsonOf(result))}`
  ]
}

type Json = { [key: string]: unknown }

/** Shapes that have a section of their own; their names stand for them everywhere else. */
const shapes: Record<string, z.core.$ZodType> = {
  Order: schemas.order,
  Trade: schemas.trade,
  MyTrade: schemas.myTrade,
  Instrument: schemas.instrument,
  Book: schemas.book,
  FullBook: schemas.fullBook,
  Ticker: schemas.ticker,
  Candle: schemas.candle,
  Balance: schemas.balance,
  Batch: schemas.batch,
  Status: schemas.status
}
const notes: Record<string, string> = {
  Book: 'A level is `[price, amount]`.',
  Candle: '`[time, open, high, low, close, base volume]`',
  Order:
    'An amended order is a new one: `amount` is as signed, `remainingAmount` what is still to be filled.',
  MyTrade: 'A taking command pays its fee once: the last of its trades carries it.'
}
const shapeNames = new Map(
  Object.entries(shapes).map(([name, schema]) => [textOf(jsonOf(schema)), name])
)

function shapeLines([name, schema]: [string, z.core.$ZodType]): string[] {
  const json = jsonOf(schema)
  const note = notes[name] === undefined ? [] : [notes[name]]
  if (!isObject(json['properties'])) return ['', `### ${name}`, ...note, '', `\`${bare(json)}\``]
  const rows = Object.entries(json['properties']).map(
    ([key, value]) => `| \`${key}\` | ${cell(typeText(value))} |`
  )
  return ['', `### ${name}`, ...note, '', '| field | type |', '|---|---|', ...rows]
}

function textOf(json: Json): string {
  const { $schema: _, ...rest } = json
  return JSON.stringify(rest)
}

function jsonOf(schema: z.core.$ZodType): Json {
  return { ...z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) }
}

/** A JSON schema in a line, as TypeScript would say it. */
function typeText(schema: unknown): string {
  if (!isObject(schema)) return '`unknown`'
  return `\`${words(schema)}\``
}

function words(schema: unknown): string {
  if (!isObject(schema)) return 'unknown'
  return shapeNames.get(textOf(schema)) ?? bare(schema)
}

function bare(schema: Json): string {
  if ('const' in schema) return JSON.stringify(schema['const'])
  if (Array.isArray(schema['enum']))
    return schema['enum'].map((each) => JSON.stringify(each)).join(' | ')
  const choices = schema['anyOf'] ?? schema['oneOf']
  if (Array.isArray(choices)) return choices.map(words).join(' | ')
  const { type } = schema
  if (Array.isArray(type)) return type.map((each) => bare({ ...schema, type: each })).join(' | ')
  switch (type) {
    case 'array':
      return arrayWords(schema)
    case 'object':
      return objectWords(schema)
    case 'string':
      return isDecimal(schema) ? 'decimal' : 'string'
    case 'integer':
    case 'number':
    case 'boolean':
    case 'null':
      return type
    default:
      return 'unknown'
  }
}

function arrayWords(schema: Json): string {
  const { prefixItems, items } = schema
  if (Array.isArray(prefixItems)) return `[${prefixItems.map(words).join(', ')}]`
  const each = words(items)
  return each.includes('|') ? `(${each})[]` : `${each}[]`
}

function objectWords(schema: Json): string {
  const { properties, required } = schema
  if (!isObject(properties)) return 'object'
  const must = Array.isArray(required) ? required : []
  const fields = Object.entries(properties).map(
    ([key, value]) => `${key}${must.includes(key) ? '' : '?'}: ${words(value)}`
  )
  return fields.length === 0 ? '{}' : `{ ${fields.join(', ')} }`
}

function isDecimal({ pattern }: Json): boolean {
  return typeof pattern === 'string' && pattern.includes('\\d+(\\.\\d+)?')
}

/** A bar would end a cell of a table. */
function cell(text: string): string {
  return text.replaceAll('|', '\\|')
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
