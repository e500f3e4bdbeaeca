import test from 'brittle'
import { join } from 'node:path'
import { systemClock } from '../../../daemon/clock.ts'
import { Auth } from '../../../daemon/rpc/auth.ts'

test('auth - tokens that are made at the same time are all kept', async (t) => {
  const folder = await t.tmp()
  const paths = { cookie: join(folder, '.cookie'), tokens: join(folder, 'tokens.json') }
  const auth = new Auth(paths, { clock: systemClock })
  await auth.open()
  const names = ['a', 'b', 'c', 'd']
  const tokens = await Promise.all(names.map((name) => auth.create(name, 'read', null)))
  await auth.close()
  const again = new Auth(paths, { clock: systemClock })
  await again.open()
  t.alike(
    tokens.map((token) => again.check(token)?.name),
    names
  )
  await again.close()
})
