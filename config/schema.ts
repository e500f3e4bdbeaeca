// The one table of options. From it come the flags of curbd, the environment variables, the
// keys of curb.toml, docs/config.md and the types.

type Common = { key: string; doc: string }
export type Option =
  | (Common & { type: 'string' | 'path'; default: string })
  | (Common & { type: 'integer'; default: number; min: number; max: number })
  | (Common & { type: 'boolean'; default: boolean })
  | (Common & { type: 'list'; default: readonly string[] })
  | (Common & { type: 'choice'; default: string; values: readonly string[] })

export const options = [
  {
    key: 'venue',
    type: 'path',
    default: 'venue.json',
    doc: 'The venue’s manifest. A relative path is taken from the data directory.'
  },
  {
    key: 'role',
    type: 'choice',
    default: 'auto',
    values: ['auto', 'validator', 'daemon'],
    doc: 'auto: a validator when the manifest lists this daemon’s key, else a plain daemon. With validator or daemon it does not start as the other: a copy of a validator’s identity never votes by mistake.'
  },
  {
    key: 'archive',
    type: 'boolean',
    default: true,
    doc: 'Keep the peers’ lanes and the whole tape, and serve them to others.'
  },
  {
    key: 'p2p.bootstrap',
    type: 'list',
    default: [],
    doc: 'DHT bootstrap nodes as host:port. Empty: the public Hyperswarm DHT.'
  },
  { key: 'p2p.host', type: 'string', default: '0.0.0.0', doc: 'Address that the DHT binds to.' },
  {
    key: 'p2p.port',
    type: 'integer',
    default: 0,
    min: 0,
    max: 65535,
    doc: 'UDP port of the DHT; 0 takes a free one. Validators should fix it.'
  },
  {
    key: 'p2p.firewalled',
    type: 'boolean',
    default: true,
    doc: 'False on a host that others can reach directly (validators, servers, localhost).'
  },
  {
    key: 'p2p.maxPeers',
    type: 'integer',
    default: 64,
    min: 4,
    max: 1024,
    doc: 'Connections kept at most.'
  },
  {
    key: 'rpc.host',
    type: 'string',
    default: '127.0.0.1',
    doc: 'Address of the JSON-RPC. Anything else than a loopback address exposes it: see docs/operating.md.'
  },
  {
    key: 'rpc.port',
    type: 'integer',
    default: 8650,
    min: 0,
    max: 65535,
    doc: 'Port of the JSON-RPC and WebSocket; 0 takes a free one.'
  },
  {
    key: 'rpc.socket',
    type: 'path',
    default: 'curbd.sock',
    doc: 'Unix socket of the JSON-RPC. Empty switches it off.'
  },
  {
    key: 'rpc.allowedHosts',
    type: 'list',
    default: ['localhost', '127.0.0.1', '[::1]'],
    doc: 'Host headers that are answered (a defence against DNS rebinding).'
  },
  {
    key: 'rpc.allowedOrigins',
    type: 'list',
    default: [],
    doc: 'Origins of web pages that may call. Requests without an Origin are not from a page.'
  },
  {
    key: 'rpc.ordersPerSecond',
    type: 'integer',
    default: 2000,
    min: 1,
    max: 1000000,
    doc: 'Rate bucket of each token for calls that place or amend.'
  },
  {
    key: 'rpc.cancelsPerSecond',
    type: 'integer',
    default: 4000,
    min: 1,
    max: 1000000,
    doc: 'Rate bucket of each token for cancels, apart from all others.'
  },
  {
    key: 'rpc.readsPerSecond',
    type: 'integer',
    default: 2000,
    min: 1,
    max: 1000000,
    doc: 'Rate bucket of each token for everything else.'
  },
  {
    key: 'rpc.metrics',
    type: 'choice',
    default: 'open',
    values: ['open', 'token', 'off'],
    doc: 'Whether /metrics answers without a token, with one, or not at all.'
  },
  {
    key: 'rpc.metricsPort',
    type: 'integer',
    default: 0,
    min: 0,
    max: 65535,
    doc: 'TCP port of /metrics alone, so that a collector need not reach the JSON-RPC. 0 leaves it on the port of the JSON-RPC.'
  },
  {
    key: 'rpc.metricsHost',
    type: 'string',
    default: '127.0.0.1',
    doc: 'Address that /metrics listens on when it has a port of its own.'
  },
  {
    key: 'chain.rpcUrl',
    type: 'string',
    default: '',
    doc: 'JSON-RPC of an EVM node. Validators of a venue with a chain need it; others may take chain events from the tape.'
  },
  {
    key: 'chain.startBlock',
    type: 'integer',
    default: 0,
    min: 0,
    max: Number.MAX_SAFE_INTEGER,
    doc: 'A block of the chain before which there is no event of the vault: its deployment. A daemon that begins at 0 asks the node for every block since then.'
  },
  {
    key: 'chain.pollMs',
    type: 'integer',
    default: 500,
    min: 50,
    max: 60000,
    doc: 'How often the chain is asked for new blocks.'
  },
  {
    key: 'keys.unlock',
    type: 'list',
    default: [],
    doc: 'Accounts of the keystore to unlock at the start. Others may trade with orders signed outside.'
  },
  {
    key: 'keys.passwordFile',
    type: 'path',
    default: '',
    doc: 'File (mode 0600) with the keystore’s password. Never an argument or the environment.'
  },
  {
    key: 'settlement.settle',
    type: 'boolean',
    default: true,
    doc: 'Submit settlement batches when it is this daemon’s turn (needs an unlocked settlement.account with gas money).'
  },
  {
    key: 'settlement.account',
    type: 'string',
    default: '',
    doc: 'Account that pays the gas and earns the fees. Validators: their signer, when empty.'
  },
  {
    key: 'settlement.gasWarnWei',
    type: 'string',
    default: '50000000000000000',
    doc: 'Below this balance the settler warns in logs, metrics and status.'
  },
  {
    key: 'log.level',
    type: 'choice',
    default: 'info',
    values: ['error', 'warn', 'info', 'debug', 'silent'],
    doc: 'error: someone must act; warn: it may become one; info: state changes; debug: the rest.'
  },
  {
    key: 'log.format',
    type: 'choice',
    default: 'json',
    values: ['json', 'pretty'],
    doc: 'One JSON object a line, or words.'
  },
  {
    key: 'log.file',
    type: 'path',
    default: '',
    doc: 'Write the log to this file instead of standard error.'
  }
] as const satisfies readonly Option[]

type Table = (typeof options)[number]
export type ConfigKey = Table['key']

type ValueOf<T> = T extends { type: 'integer' }
  ? number
  : T extends { type: 'boolean' }
    ? boolean
    : T extends { type: 'list' }
      ? string[]
      : T extends { type: 'choice'; values: readonly (infer V)[] }
        ? V
        : string

export type Config = { [K in ConfigKey]: ValueOf<Extract<Table, { key: K }>> }

/** `rpc.allowedHosts` -> `--rpc-allowed-hosts` */
export function flagOf(key: string): string {
  return `--${kebab(key)}`
}

/** `rpc.allowedHosts` -> `CURB_RPC_ALLOWED_HOSTS` */
export function environmentOf(key: string): string {
  return `CURB_${kebab(key).replaceAll('-', '_').toUpperCase()}`
}

function kebab(key: string): string {
  return key.replaceAll('.', '-').replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}
