import test from 'brittle'
import { loadConfig } from '../../config/load.ts'
import { checkRole } from '../../daemon/daemon-options.ts'
import { TraderApp } from '../helpers/trader-app.ts'
import { temporaryFolder } from '../helpers/tmp.ts'
import { localDht } from '../helpers/dht.ts'
import { venueManifest } from '../helpers/venue.ts'

/** Of the test venue's first validator, and of nobody's. */
const SEEDS = { validator: new Uint8Array(32).fill(1), daemon: new Uint8Array(32).fill(99) }

test('role - a daemon does not start as what its owner does not want it to be', async (t) => {
  const manifest = await venueManifest({ validators: 1, accounts: [] })
  const datadir = await temporaryFolder(t)
  for (const role of ['auto', 'validator', 'daemon'] as const) {
    const { config } = loadConfig({ datadir, flags: { role } })
    for (const is of ['validator', 'daemon'] as const) {
      const settings = { config, datadir, manifest, seed: SEEDS[is] }
      if (role === 'auto' || role === is)
        await t.execution(() => checkRole(settings), `${role}: ${is}`)
      else await t.exception(() => checkRole(settings), /role: .*identity/, `${role}: not ${is}`)
    }
  }
})

test('role - a copy of a validator’s identity does not vote where role is daemon', async (t) => {
  const manifest = await venueManifest({ validators: 1, accounts: ['alice'] })
  const { bootstrap } = await localDht(t)
  const copy = await TraderApp.create(t, { manifest, bootstrap, name: 'alice', seed: 1 })
  await t.exception(copy.opens({}, { role: 'daemon' }), /is a validator of .* and would vote/)
})
