// Tests that were chosen by hand for rows of docs/status.md: for what has no result but an effect,
// and where another test shows more than the first one that looks at the result.

export type Choice = {
  title: string
  /** What the test says in the place of the name. */
  words?: string[]
}

const edges = 'connection - '
const faults = 'devnet - takes faults from another terminal, and ends whole'
const ownOptions = 'first day - every daemon is where and what its options say'
const startBlock =
  'owners - a validator need not scan the chain from its first block, and says when it began too late'
const caller = 'options - host, hosts and origins: who may call from where'
const rates = 'options - each kind of call has its own rate'
const metrics = 'options - metrics are open, want a token, or are off'
const metricsMoved =
  'options - metrics move to a host and port of their own, and nothing else is there'

export const chosen: Readonly<Record<string, Choice>> = {
  'public/subscribe': {
    title: 'channels - books kept by changes are the daemon’s, level by level and order by order',
    words: ['client.subscribe(']
  },
  'public/set_heartbeat': {
    title: `${edges}a heartbeat comes when it is due; who does not answer it is closed`
  },
  'private/enable_cancel_on_disconnect': {
    title: `${edges}cancel on disconnect by account takes all orders of the accounts it traded for`
  },
  'private/disable_cancel_on_disconnect': {
    title: `${edges}cancel on disconnect that was switched off takes nothing`
  },
  'private/cancel_all': { title: 'trading - orders rest, meet and are told to both sides' },
  'private/exit': { title: 'e2e - an exit needs nobody, and is paid after its delay' },
  'private/get_balances': {
    title: 'e2e - balances by RPC, by the audit and by the vault agree',
    words: ['.balance(']
  },
  'private/set_delegate': {
    title: 'e2e - a delegate’s order settles by its signature while the owner’s daemon is dead'
  },
  'private/set_lease': {
    title: 'account - a lease keeps leased orders alive, and its end cancels them'
  },
  'private/set_market_maker_protection': {
    title: 'trading - lists: mixed actions and mass quotes'
  },
  'admin/void_batch': {
    title:
      'owners - a batch that cannot settle is voided by its validator’s word, and trading goes on',
    words: ['batch void']
  },
  'order buy': { title: 'verbs - orders from first to last' },
  'order cancel': { title: 'verbs - orders from first to last' },
  'order cancel-all': { title: 'verbs - orders from first to last' },
  withdraw: { title: 'verbs - money in and out' },
  'account delegate': {
    title: 'owners - a delegate is given, signs, and is revoked, by words on a command line'
  },
  'token revoke': { title: 'verbs - accounts, tokens and configuration' },
  'devnet kill': { title: faults },
  'devnet pause': { title: faults },
  'devnet resume': { title: faults },
  'devnet partition': { title: faults },
  'devnet heal': { title: faults },
  venue: { title: ownOptions },
  role: {
    title: 'role - a daemon does not start as what its owner does not want it to be',
    words: ['role']
  },
  archive: {
    title:
      'options - what the config says of the swarm and the archive is what the daemon is made with',
    words: ['archive:']
  },
  'p2p.bootstrap': { title: ownOptions },
  'p2p.host': { title: ownOptions },
  'p2p.port': { title: ownOptions },
  'p2p.firewalled': {
    title:
      'options - what the config says of the swarm and the archive is what the daemon is made with'
  },
  'chain.pollMs': {
    title: 'follower - asks the node every pollMs, and later and later while it does not answer',
    words: ['pollMs']
  },
  'rpc.host': { title: caller },
  'rpc.port': { title: ownOptions },
  'rpc.socket': { title: 'options - the Unix socket is where it is told to be, or nowhere' },
  'rpc.allowedHosts': { title: caller },
  'rpc.allowedOrigins': { title: caller },
  'rpc.ordersPerSecond': { title: rates },
  'rpc.cancelsPerSecond': { title: rates },
  'rpc.readsPerSecond': { title: rates },
  'rpc.metrics': { title: metrics },
  'rpc.metricsPort': { title: metricsMoved },
  'rpc.metricsHost': { title: metricsMoved },
  'chain.rpcUrl': { title: ownOptions },
  'chain.startBlock': { title: startBlock },
  'keys.unlock': { title: ownOptions },
  'keys.passwordFile': {
    title: 'options - keys are opened by a password file, or by whoever sits at the terminal'
  },
  'settlement.settle': { title: ownOptions },
  'settlement.account': { title: ownOptions },
  'settlement.gasWarnWei': { title: startBlock }
}
