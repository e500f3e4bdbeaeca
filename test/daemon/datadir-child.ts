// Takes a data directory and keeps it until it is killed.
import { datadirPaths } from '../../config/paths.ts'
import { lockDatadir } from '../../daemon/datadir.ts'

await lockDatadir(datadirPaths(process.argv[2]))
process.on('disconnect', () => process.exit())
process.send?.('locked')
