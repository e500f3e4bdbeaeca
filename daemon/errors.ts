import { Fault } from '../protocol/faults.ts'

/** Fault codes of the tape, the replica and the daemon as a whole, each with its meaning in a
 * line. */
export const daemonFaults = {
  tape_base_invalid: 'The start of the tape that a snapshot names contradicts itself.',
  tape_forked:
    'A quorum of validators signed two different tapes: more than f of them are bad. The daemon ends.',
  tape_invalid: 'A quorum of validators signed a tape block that cannot be read.',
  tape_slice_invalid:
    "A quorum of validators signed a tape block whose entries are not the lanes' own.",
  tape_stale: 'The tape has not grown for too long, so nothing is known to be current: try later.',
  snapshot_invalid: 'A snapshot contradicts itself, or is of another venue.',
  replica_diverged:
    'This daemon computed other results than a quorum: its engine has stopped. Report this.',
  engine_stopped: 'The engine has stopped; the tape is still served, but no orders are taken.',
  manifest_unchecked: 'A manifest was used that had not been checked.',
  daemon_closed: 'The daemon is not open, or is shutting down.',
  no_validator:
    'No validator is reachable, so nobody would order it now: the network is cut, or all are down. Cancels are still taken.',
  not_synced: 'The daemon is still catching up with the tape: try again in a moment.'
} as const satisfies Record<string, string>

export type DaemonFaultCode = keyof typeof daemonFaults

export class DaemonFault extends Fault<DaemonFaultCode> {
  override readonly name = 'DaemonFault'
}
