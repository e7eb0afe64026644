import { mount } from '../lab/mount.ts'
import { Console } from './Console.tsx'
import { followConsole } from './feed.ts'
import { Place } from './Place.tsx'
import { followAddress } from './route.ts'
import { search } from './store.ts'

mount('place', Place)
mount('console', Console)
// A search gives way to what is chosen.
followAddress(() => {
  search.value = ''
})
followConsole()
