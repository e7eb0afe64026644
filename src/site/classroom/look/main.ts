import { mount } from '../../lab/mount.ts'
import { requireSignIn } from '../../sign-in.ts'
import { followLook } from './feed.ts'
import { LookIn } from './LookIn.tsx'

await requireSignIn()
mount('look', LookIn)
followLook()
