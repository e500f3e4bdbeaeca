// The channel curb/tape/1 of a daemon: decodes what comes in and hands it to whom it is for.
import { DecodeFault } from '../../protocol/faults.ts'
import type { ChannelOptions, Peer } from '../network/types.ts'
import type { TapeFollower } from './follower.ts'
import { TAPE_CHANNEL, TAPE_MESSAGES, type TapeMessage, decodeTapeMessage } from './messages.ts'
import type { TapeStreamer } from './streamer.ts'

/** What is about snapshots; the replica's. */
export type SnapshotPort = {
  /** A peer asks, or answers. */
  receive(peer: Peer, message: SnapshotMessage): void
  closed(peer: Peer): void
}

export type SnapshotMessage = Extract<
  TapeMessage,
  { kind: 'snapshot' | 'base' | 'piece' | 'bytes' }
>

export type TapeChannelDependencies = {
  streamer: TapeStreamer
  follower: TapeFollower
  snapshots: SnapshotPort
}

const MALFORMED = 25

export function tapeChannel(dependencies: TapeChannelDependencies): ChannelOptions {
  const { streamer, follower, snapshots } = dependencies
  return {
    name: TAPE_CHANNEL,
    messages: TAPE_MESSAGES,
    onmessage(peer, type, payload) {
      let message: TapeMessage
      try {
        message = decodeTapeMessage(type, payload)
      } catch (fault) {
        if (!(fault instanceof DecodeFault)) throw fault
        peer.misbehaved(`malformed tape message: ${fault.message}`, MALFORMED)
        return
      }
      // What a handler throws, the connection logs and the peer pays for: never the daemon.
      dispatch(dependencies, peer, message)
    },
    onopen(peer) {
      follower.opened(peer)
    },
    onclose(peer) {
      streamer.close(peer)
      snapshots.closed(peer)
      follower.closed(peer)
    }
  }
}

function dispatch(to: TapeChannelDependencies, peer: Peer, message: TapeMessage): void {
  switch (message.kind) {
    case 'subscribe':
      to.streamer.subscribe(peer, message.from)
      break
    case 'unsubscribe':
      to.streamer.unsubscribe(peer)
      break
    case 'fetch':
      to.streamer.fetch(peer, message.from)
      break
    case 'behind':
      to.follower.onbehind(peer)
      break
    case 'full':
      to.follower.onfull(peer)
      break
    case 'missing':
      to.follower.onmissing(peer, message.from, message.first, message.length)
      break
    case 'run':
      to.follower.onrun(peer, message.run)
      break
    case 'snapshot':
    case 'base':
    case 'piece':
    case 'bytes':
      to.snapshots.receive(peer, message)
  }
}
