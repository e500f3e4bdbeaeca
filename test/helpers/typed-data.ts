// The signed messages as ethers takes them, written out by hand: a second opinion on protocol/.

export const orderFields = [
  { name: 'market', type: 'bytes32' },
  { name: 'account', type: 'address' },
  { name: 'side', type: 'uint8' },
  { name: 'price', type: 'uint32' },
  { name: 'quantity', type: 'uint32' },
  { name: 'timeInForce', type: 'uint8' },
  { name: 'postOnly', type: 'uint8' },
  { name: 'quote', type: 'bool' },
  { name: 'leased', type: 'bool' },
  { name: 'selfTradePrevention', type: 'uint8' },
  { name: 'trigger', type: 'uint8' },
  { name: 'triggerPrice', type: 'uint32' },
  { name: 'expiry', type: 'uint40' },
  { name: 'feeMax', type: 'uint64' },
  { name: 'nonce', type: 'uint40' },
  { name: 'slot', type: 'uint16' }
]
export const netDeltaFields = [
  { name: 'batch', type: 'uint64' },
  { name: 'parent', type: 'bytes24' },
  { name: 'account', type: 'address' },
  { name: 'deltas', type: 'int64[]' },
  { name: 'sequence', type: 'uint40' },
  { name: 'floor', type: 'uint40' },
  { name: 'marks', type: 'uint256[]' }
]
export const batchFields = [
  { name: 'index', type: 'uint64' },
  { name: 'parent', type: 'bytes24' },
  { name: 'content', type: 'bytes32' },
  { name: 'sealedAt', type: 'uint40' }
]
export const voidFields = [
  { name: 'index', type: 'uint64' },
  { name: 'parent', type: 'bytes24' },
  { name: 'sealedAt', type: 'uint40' }
]
export const withdrawFields = [
  { name: 'account', type: 'address' },
  { name: 'token', type: 'address' },
  { name: 'quanta', type: 'uint64' },
  { name: 'nonce', type: 'uint40' },
  { name: 'expiry', type: 'uint40' }
]
