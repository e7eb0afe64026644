import { mount } from '../lab/mount.ts'
import { requireSignIn } from '../sign-in.ts'
import { Classroom } from './Classroom.tsx'
import { followClassroom } from './feed.ts'

await requireSignIn()
mount('classroom', Classroom)
await followClassroom()
