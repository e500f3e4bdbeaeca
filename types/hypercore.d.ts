// hypercore 11.37.1, including the internals that Curb wraps (pinned by package.json).
declare module 'hypercore' {
  import type { EventEmitter } from 'node:events'
  import type { KeyPair, TreeNode } from 'hypercore-crypto'
  import type Protomux from 'protomux'
  import type { NoiseSecretStream } from '@hyperswarm/secret-stream'

  export type ManifestSigner = {
    signature?: 'ed25519'
    /** 32 bytes; Hypercore's default when left out. */
    namespace?: Uint8Array
    publicKey: Uint8Array
  }
  export type Manifest = {
    version?: 0 | 1 | 2
    hash?: 'blake2b'
    allowPatch?: boolean
    quorum?: number
    signers: ManifestSigner[]
    prologue?: { hash: Uint8Array; length: number } | null
    linked?: Uint8Array[] | null
    /** Version 2 only. */
    userData?: Uint8Array | null
  }

  /** Part of a multi-signature: `patch` 0 when it signs the very length. */
  export type PartialSignature = {
    signer: number
    signature: Uint8Array
    patch: number
    nodes: TreeNode[] | null
  }
  export type MerkleTreeBatch = {
    fork: number
    length: number
    byteLength: number
    roots: TreeNode[]
    nodes: TreeNode[]
    signature: Uint8Array | null
    append(block: Uint8Array): void
    hash(): Uint8Array
    signable(manifestHash: Uint8Array): Uint8Array
    clone(): MerkleTreeBatch
  }
  export type Verifier = {
    readonly manifestHash: Uint8Array
    readonly version: number
    readonly quorum: number
    verify(batch: MerkleTreeBatch, signature: Uint8Array): boolean
    sign(batch: MerkleTreeBatch, keyPair: KeyPair): Uint8Array
    assemble(partials: readonly PartialSignature[]): Uint8Array
  }
  export type Download = { done(): Promise<unknown>; destroy(): void }
  export type Peer = {
    readonly remotePublicKey: Uint8Array
    readonly remoteLength: number
    readonly remoteContiguousLength: number
    readonly remoteFork: number
    readonly stream: NoiseSecretStream
  }
  export type HypercoreOptions = {
    key?: Uint8Array
    keyPair?: KeyPair
    manifest?: Manifest
    createIfMissing?: boolean
    overwrite?: boolean
    compat?: boolean
    active?: boolean
    pushOnly?: boolean
    writable?: boolean
    wait?: boolean
    timeout?: number
    exclusive?: boolean
    weak?: boolean
  }

  interface Hypercore extends EventEmitter {
    on(event: 'append' | 'ready' | 'close', run: () => void): this
    on(event: 'truncate', run: (ancestors: number, forkId: number) => void): this
    on(event: 'download', run: (index: number, byteLength: number, peer: Peer) => void): this
    on(event: 'upload', run: (index: number, byteLength: number, peer: Peer) => void): this
    on(
      event: 'conflict',
      run: (length: number, fork: number, proof: unknown) => void | Promise<void>
    ): this
    on(event: 'peer-add' | 'peer-remove', run: (peer: Peer) => void): this
    off(event: string, run: (...values: never[]) => void): this
    once(event: string, run: (...values: never[]) => void): this
  }
  class Hypercore {
    constructor(storage: string, key?: Uint8Array | null, options?: HypercoreOptions)
    constructor(storage: string, options?: HypercoreOptions)
    /** The core's key: a hash of its manifest. */
    static key(
      manifest: Manifest | Uint8Array,
      options?: { compat?: boolean; version?: number; namespace?: Uint8Array }
    ): Uint8Array
    static discoveryKey(key: Uint8Array): Uint8Array
    static createProtocolStream(
      isInitiator: boolean | NoiseSecretStream,
      options?: { ondiscoverykey?: (discoveryKey: Uint8Array) => unknown }
    ): NoiseSecretStream
    static MAX_SUGGESTED_BLOCK_SIZE: number

    readonly id: string | null
    readonly key: Uint8Array
    readonly keyPair: KeyPair | null
    readonly discoveryKey: Uint8Array
    readonly manifest: Manifest | null
    readonly length: number
    readonly signedLength: number
    readonly contiguousLength: number
    readonly remoteContiguousLength: number
    readonly byteLength: number
    readonly fork: number
    readonly writable: boolean
    readonly readable: boolean
    readonly opened: boolean
    readonly closed: boolean
    readonly closing: Promise<void> | null
    readonly peers: readonly Peer[]
    readonly replicator: { setPushOnly(pushOnly: boolean): void }
    /** Internal: the shared core under the sessions. */
    readonly core: {
      readonly state: {
        readonly length: number
        readonly fork: number
        readonly byteLength: number
        readonly roots: TreeNode[]
        /** Of the current head: 68 bytes for one signer, or null when empty. */
        readonly signature: Uint8Array | null
        hash(): Uint8Array
        createTreeBatch(): MerkleTreeBatch
        flushed(): Promise<void>
      }
      readonly verifier: Verifier
    }

    ready(): Promise<void>
    session(options?: HypercoreOptions): Hypercore
    snapshot(options?: HypercoreOptions): Hypercore
    close(options?: { error?: Error }): Promise<void>
    get(index: number, options?: { wait?: boolean; timeout?: number }): Promise<Uint8Array | null>
    has(start: number, end?: number): Promise<boolean>
    /** `signature` makes it work on a replica; `maxLength` makes a raced append do nothing. */
    append(
      blocks: Uint8Array | readonly Uint8Array[],
      options?: {
        keyPair?: KeyPair
        signature?: Uint8Array
        maxLength?: number
        writable?: boolean
      }
    ): Promise<{ length: number; byteLength: number } | null>
    truncate(
      length: number,
      options?: { fork?: number; keyPair?: KeyPair; signature?: Uint8Array }
    ): Promise<void>
    clear(start: number, end?: number): Promise<{ blocks: number } | null>
    purge(): Promise<void>
    treeHash(length?: number): Promise<Uint8Array>
    signable(length?: number, fork?: number): Promise<Uint8Array>
    update(options?: { wait?: boolean; force?: boolean }): Promise<boolean>
    info(options?: { storage?: boolean }): Promise<unknown>
    download(range?: {
      start?: number
      end?: number
      blocks?: Iterable<number>
      linear?: boolean
    }): Download
    createReadStream(options?: {
      start?: number
      end?: number
      live?: boolean
      snapshot?: boolean
    }): AsyncIterable<Uint8Array>
    findingPeers(): () => void
    setUserData(key: string, value: Uint8Array): Promise<void>
    getUserData(key: string): Promise<Uint8Array | null>
    replicate(isInitiator: boolean | NoiseSecretStream | Protomux): NoiseSecretStream
  }
  export default Hypercore
}

declare module 'hypercore/lib/verifier.js' {
  import type { Manifest, MerkleTreeBatch, Verifier as VerifierInstance } from 'hypercore'
  import type { KeyPair } from 'hypercore-crypto'

  const Verifier: {
    manifestHash(manifest: Manifest): Uint8Array
    createManifest(manifest: Manifest): Manifest
    encodeManifest(manifest: Manifest): Uint8Array
    decodeManifest(bytes: Uint8Array): Manifest
    defaultSignerManifest(publicKey: Uint8Array): Manifest
    fromManifest(manifest: Manifest): VerifierInstance
    sign(manifest: Manifest, batch: MerkleTreeBatch, keyPair: KeyPair): Uint8Array
  }
  export default Verifier
}

declare module 'hypercore/lib/caps.js' {
  const caps: {
    readonly DEFAULT_NAMESPACE: Uint8Array
    treeSignable(
      manifestHash: Uint8Array,
      treeHash: Uint8Array,
      length: number,
      fork: number
    ): Uint8Array
  }
  export default caps
}

declare module 'hypercore/lib/multisig.js' {
  import type { PartialSignature } from 'hypercore'
  import type { TreeNode } from 'hypercore-crypto'

  const multisig: {
    assemble(partials: readonly PartialSignature[]): Uint8Array
    inflate(signature: Uint8Array): {
      proofs: { signer: number; signature: Uint8Array; patch: number }[]
      patch: TreeNode[]
    }
  }
  export default multisig
}
