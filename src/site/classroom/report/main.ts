import { mount } from '../../lab/mount.ts'
import { requireSignIn } from '../../sign-in.ts'
import { loadReport, Report } from './Report.tsx'

await requireSignIn()
mount('attainment', Report)
addEventListener('hashchange', () => void loadReport())
await loadReport()
