import { mount } from '../lab/mount.ts'
import { Privacy } from './Privacy.tsx'

mount('privacy', Privacy)
