import type { SessionState } from '#server/api.ts'
import { request } from './api.ts'

/** Where the reader wanted to go: a page of this site, whatever the address says. */
function destination(): string {
  const to = new URLSearchParams(location.search).get('to') ?? '/'
  const url = new URL(to, location.origin)
  return url.origin === location.origin ? url.pathname : '/'
}

/** Goes where the reader wanted to go if this browser is signed in already, else says why it is not. */
export async function leaveIfSignedIn(): Promise<void> {
  if (location.hash === '#refused') document.querySelector<HTMLElement>('[data-refused]')!.hidden = false
  const { person } = await request<SessionState>('GET', '/api/session')
  if (person) location.replace(destination())
}
