import test from 'brittle'
import { stalePages } from '../docs/generate.ts'

test('docs - generated pages are current (npm run docs writes them)', (t) => {
  t.alike(stalePages(), [])
})
