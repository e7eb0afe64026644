import { mount } from '../lab/mount.ts'
import { SignIn } from './SignIn.tsx'

mount('sign-in', SignIn)
