import { mount } from '../lab/mount.ts'
import { requireSignIn } from '../sign-in.ts'
import { Administration, loadPeople } from './Administration.tsx'

await requireSignIn()
mount('people', Administration)
await loadPeople()
