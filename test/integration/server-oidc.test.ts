import { once } from 'node:events'
import { Provider } from 'oidc-provider'
import { describe, expect, it } from 'vitest'
import { freePort } from '../support/free-port.ts'
import { startHosted } from '../support/hosted.ts'

describe('OpenID Connect', () => {
  it('signs in by a real provider, in the right browser only', async () => {
    const providerPort = await freePort()
    const issuer = `http://127.0.0.1:${providerPort}`
    const port = await freePort()
    const url = `http://127.0.0.1:${port}`
    const provider = new Provider(issuer, {
      clients: [
        {
          client_id: 'drydock',
          client_secret: 'a secret of the tests',
          redirect_uris: [`${url}/auth/oidc/callback`],
        },
      ],
      claims: { profile: ['name'], email: ['email', 'email_verified'] },
      findAccount: (_context, id) => ({
        accountId: id,
        claims: () => ({ sub: id, name: 'Ida Instructor', email: 'ida@example.com', email_verified: true }),
      }),
      features: { devInteractions: { enabled: true } },
      cookies: { keys: ['a key of the tests'] },
    })
    const listening = provider.listen(providerPort, '127.0.0.1')
    await once(listening, 'listening')
    const own = await startHosted({
      url,
      port,
      signIn: {
        join: false,
        password: false,
        oidc: {
          issuer,
          clientId: 'drydock',
          clientSecret: 'a secret of the tests',
          name: 'Acme',
          administrators: [],
          instructors: ['Ida@example.com'],
        },
      },
    })
    try {
      const browser = new CookieJar()
      expect(await (await browser.get(`${url}/api/session`)).json()).toEqual({
        ways: ['oidc'],
        oidcName: 'Acme',
      })
      const end = await browser.signIn(`${url}/auth/oidc?to=/labs/`, 'ida')
      expect(end.url).toBe(`${url}/labs/`)
      expect(await (await browser.get(`${url}/api/session`)).json()).toMatchObject({
        person: { name: 'Ida Instructor', role: 'instructor' },
      })
      // The same person again; an open redirect and somebody else's answer lead nowhere.
      const again = new CookieJar()
      expect((await again.signIn(`${url}/auth/oidc?to=//evil.example/`, 'ida')).url).toBe(`${url}/`)
      const victim = new CookieJar()
      await victim.get(`${url}/auth/oidc`)
      const answer = await victim.get(`${url}/auth/oidc/callback?code=stolen&state=made-up`)
      expect(answer.headers.get('location')).toBe('/sign-in/#refused')
      expect(await (await victim.get(`${url}/api/session`)).json()).not.toHaveProperty('person')
    } finally {
      await own.close()
      listening.closeAllConnections()
      listening.close()
    }
  })
})

/** A browser that follows redirects over two sites and fills in the provider's forms. */
class CookieJar {
  readonly #cookies = new Map<string, Map<string, string>>()

  async get(url: string, init: RequestInit = {}): Promise<Response> {
    const { origin } = new URL(url)
    const jar = this.#cookies.get(origin) ?? new Map<string, string>()
    this.#cookies.set(origin, jar)
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
    const response = await fetch(url, { ...init, redirect: 'manual', headers: { ...init.headers, cookie } })
    for (const line of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line)!
      if (value) jar.set(name!, value)
      else jar.delete(name!)
    }
    return response
  }

  async signIn(start: string, account: string): Promise<{ url: string }> {
    let url = start
    let response = await this.get(url)
    for (let hops = 0; hops < 20; hops++) {
      const location = response.headers.get('location')
      if (location) {
        url = new URL(location, url).href
        response = await this.get(url)
        continue
      }
      const page = await response.text()
      const action = /<form[^>]*action="([^"]+)"/.exec(page)?.[1]
      if (!action) return { url }
      const prompt = /name="prompt" value="(\w+)"/.exec(page)![1]!
      url = new URL(action, url).href
      const body = new URLSearchParams({
        prompt,
        ...(prompt === 'login' && { login: account, password: 'any' }),
      })
      response = await this.get(url, { method: 'POST', body })
    }
    throw new Error(`the sign-in does not end: ${url}`)
  }
}
