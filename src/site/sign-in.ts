import type { SessionState } from '#server/api.ts'
import { here, href } from './href.ts'

const TOKEN = 'token'

/** The document's event when whoever was signed in is so no more, without another page. */
export const SIGNED_OUT = 'signed-out'

/**
 * Signs this browser in if the page was opened by a printed link, and takes the secret out of the address. Whoever asks
 * the server waits for it.
 */
export const signedIn: Promise<void> = useLink()

async function useLink(): Promise<void> {
  const token = new URLSearchParams(location.hash.slice(1)).get(TOKEN)
  if (token === null) return
  history.replaceState(history.state, '', location.pathname + location.search)
  const { ok } = await fetch('/api/session/link', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ token }),
  }).catch(() => ({ ok: false }))
  if (!ok) location.assign(signInPage('refused'))
}

/** The address of the page that says how to sign in, and then leads back here. */
export function signInPage(reason?: 'refused'): string {
  const back = here() === '/' ? '' : `?to=${encodeURIComponent(location.pathname)}`
  return `${href('/sign-in/')}${back}${reason ? `#${reason}` : ''}`
}

/** Leads to the sign-in if nobody is signed in. A server that does not answer changes nothing. */
export async function requireSignIn(): Promise<void> {
  await signedIn
  const answer = await fetch('/api/session').catch(() => undefined)
  if (!answer?.ok) return
  const { person } = (await answer.json()) as SessionState
  if (!person) location.replace(signInPage())
}
