import test from 'brittle'
import { loadConfig } from '../../config/load.ts'
import { daemonOptions } from '../../daemon/daemon-options.ts'
import { temporaryFolder } from '../helpers/tmp.ts'
import { venueManifest } from '../helpers/venue.ts'

test('options - what the config says of the swarm and the archive is what the daemon is made with', async (t) => {
  const manifest = await venueManifest({ validators: 1, accounts: [] })
  const datadir = await temporaryFolder(t)
  const made = (flags: Record<string, unknown>) => {
    const { config } = loadConfig({ datadir, flags })
    return daemonOptions({ config, datadir, manifest, seed: new Uint8Array(32) })
  }
  const { p2p, tuning } = made({})
  t.alike([p2p.firewalled, p2p.port, tuning.archive], [true, 0, true], 'as the defaults are')
  const other = made({
    'p2p.firewalled': false,
    'p2p.port': 4000,
    'p2p.maxPeers': 9,
    archive: false
  })
  t.alike([other.p2p.firewalled, other.p2p.port, other.tuning.archive], [false, 4000, false])
  t.is(other.p2p.limits.peersMax, 9)
})
