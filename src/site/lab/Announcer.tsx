import { announcement } from './store.ts'

/** Says to screen readers what happened by itself. */
export function Announcer() {
  return <>{announcement.value}</>
}
