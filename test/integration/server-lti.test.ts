import { generateKeyPair } from 'jose'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { AuditEntry } from '../../src/classroom/audit.ts'
import type { Cohort } from '../../src/classroom/cohorts.ts'
import type { BoardState, SessionState } from '../../src/server/api.ts'
import { createLogger } from '../../src/server/logger.ts'
import { launchBrowser } from '../support/browser.ts'
import { freePort } from '../support/free-port.ts'
import { firstAdministrator, startHosted, Visitor } from '../support/hosted.ts'
import { type Click, TestLtiPlatform } from '../support/lti-platform.ts'
import { TEST_LAB, type TestServer } from '../support/server.ts'

const EXAM = { ...TEST_LAB, id: 'test-exam', title: 'Test exam', scored: { about: [] } }
/** Where somebody ends who is not let in. */
const REFUSED = '/sign-in/#launch-refused'
const lines: string[] = []
let platform: TestLtiPlatform
let server: TestServer
let admin: Visitor
let lab: string

beforeAll(async () => {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  platform = await TestLtiPlatform.start(url)
  server = await startHosted(
    { url, port, lti: [platform.settings] },
    {
      labs: Promise.resolve([TEST_LAB, EXAM]),
      log: createLogger({ level: 'trace' }, { write: (line) => void lines.push(line) }),
    },
  )
  admin = await firstAdministrator(server)
  lab = `${url}/labs/test-lab/`
  for (const step of ['one', 'two']) server.passing.add(step)
})
afterAll(async () => {
  await server.close()
  platform.close()
})
beforeEach(() => {
  platform.changes = {}
  platform.forger = undefined
})

/** A browser that comes from the platform. As browsers do, it sends cookies that are Lax with a GET only. */
class Browser extends Visitor {
  lti = ''

  async go(path: string, init: RequestInit = {}): Promise<string> {
    const get = (init.method ?? 'GET') === 'GET'
    const response = await fetch(new URL(path, server.url), {
      ...init,
      redirect: 'manual',
      headers: {
        'sec-fetch-site': 'cross-site',
        ...(get ? { cookie: this.lti } : { origin: platform.issuer }),
        ...init.headers,
      },
    })
    for (const cookie of response.headers.getSetCookie()) {
      const [pair, ...attributes] = cookie.split('; ')
      expect(attributes).toContain('HttpOnly')
      expect(attributes).toContain(pair!.startsWith('drydock-lti') ? 'SameSite=Lax' : 'SameSite=Strict')
      if (pair!.startsWith('drydock-lti')) this.lti = pair!
      else this.cookie = pair!
    }
    return response.headers.get('location') ?? `${response.status}`
  }

  /** The login up to what the platform's page posts. */
  async begin(click: Click) {
    return platform.launch(await this.go(`/auth/lti/login?${platform.click(click)}`))
  }

  post({ action, fields }: { action: string; fields: Record<string, string> }): Promise<string> {
    return this.go(action, { method: 'POST', body: new URLSearchParams(fields) })
  }

  /** All of it: the page that it ends at. */
  async launch(click: Click): Promise<string> {
    const location = await this.post(await this.begin(click))
    return location === REFUSED ? location : this.go(location)
  }

  async person(): Promise<SessionState['person']> {
    return (await this.call<SessionState>('GET', '/api/session')).body.person
  }
}

const launched = async (click: Click) => {
  const browser = new Browser(server)
  expect(await browser.launch(click)).not.toBe(REFUSED)
  return browser
}
const cohorts = async () => (await admin.call<Cohort[]>('GET', '/api/cohorts')).body
const acts = async () =>
  (await admin.call<AuditEntry[]>('GET', '/api/audit?limit=500')).body.map(({ act, detail }) => ({
    act,
    detail,
  }))

describe('a launch', () => {
  it('signs a learner in, in the course of the same name, at the lab of the link', async () => {
    const browser = new Browser(server)
    expect(await browser.launch({ user: 'u1', name: 'Lin', target: lab })).toBe('/labs/test-lab/')
    expect(await browser.person()).toMatchObject({ name: 'Lin', role: 'learner' })
    const [cohort] = await cohorts()
    expect(cohort).toMatchObject({ name: 'Clouds 101', labs: ['test-lab'] })
    const { body } = await browser.call<{ cohorts: { id: string }[] }>('GET', '/api/classroom')
    expect(body.cohorts).toMatchObject([{ id: cohort!.id }])
    expect(await acts()).toEqual(
      expect.arrayContaining([
        { act: 'sign-in', detail: { way: 'lti' } },
        { act: 'cohort-join', detail: { way: 'lti', role: 'learner' } },
        { act: 'cohort-create', detail: { way: 'lti', role: 'learner' } },
      ]),
    )
  })

  it('makes who teaches there an instructor of that course alone, and no administrator of anybody', async () => {
    const [cohort] = await cohorts()
    const teacher = new Browser(server)
    const click: Click = { user: 'u2', role: 'Instructor', target: `${server.url}/` }
    expect(await teacher.launch(click)).toBe(`/classroom/#${cohort!.id}`)
    expect((await teacher.call<Cohort[]>('GET', '/api/cohorts')).body.map(({ id }) => id)).toEqual([
      cohort!.id,
    ])
    const board = (await teacher.call<BoardState>('GET', `/api/cohorts/${cohort!.id}/board`)).body
    expect(board.people.map(({ name }) => name)).toEqual(['Lin'])
    platform.changes = {
      'https://purl.imsglobal.org/spec/lti/claim/roles': [
        'http://purl.imsglobal.org/vocab/lis/v2/institution/person#Administrator',
        'http://purl.imsglobal.org/vocab/lis/v2/system/person#SysAdmin',
        'http://purl.imsglobal.org/vocab/lis/v2/institution/person#Instructor',
      ],
    }
    expect(await (await launched({ user: 'u3', target: lab })).person()).toMatchObject({ role: 'learner' })
  })

  it('is the same person again, who is what they are there now, and has another course’s labs by themselves', async () => {
    const before = await (await launched({ user: 'u4', name: 'Mo', target: lab })).person()
    const other = { id: 'c2', title: 'Clouds 202' }
    const again = await launched({
      user: 'u4',
      name: 'Mo Example',
      target: lab,
      course: other,
      role: 'Instructor',
    })
    expect(await again.person()).toEqual({ id: before!.id, name: 'Mo Example', role: 'instructor' })
    const [second, first] = await cohorts()
    expect(second!.name).toBe('Clouds 202')
    expect((await again.call('GET', `/api/cohorts/${second!.id}/board`)).status).toBe(200)
    expect((await again.call('GET', `/api/cohorts/${first!.id}/board`)).status).toBe(404)
    // They teach there no more.
    const learner = await launched({ user: 'u4', name: 'Mo Example', target: lab, course: other })
    expect((await learner.call('GET', `/api/cohorts/${second!.id}/board`)).status).toBe(404)
  })

  it('leads to the lab that its custom parameter names, which the course then has', async () => {
    const browser = new Browser(server)
    const click = { user: 'u5', target: `${server.url}/auth/lti/launch`, custom: { lab: 'test-exam' } }
    expect(await browser.launch(click)).toBe('/labs/test-exam/')
    expect((await cohorts()).at(-1)!.labs).toEqual(['test-lab', 'test-exam'])
  })

  it('into a frame is offered in a window of its own, which is all that may be framed', async () => {
    const login = `/auth/lti/login?${platform.click({ user: 'u1', target: lab })}`
    const framed = await fetch(server.url + login, { headers: { 'sec-fetch-dest': 'iframe' } })
    expect(framed.headers.get('content-security-policy')).toContain('frame-ancestors *')
    expect(framed.headers.get('x-frame-options')).toBeNull()
    expect(framed.headers.getSetCookie()).toEqual([])
    const html = await framed.text()
    const [, href] = /<a href="([^"]+)" target="_blank" rel="noopener"/.exec(html)!
    expect(href!.replaceAll('&amp;', '&')).toBe(login)
    const home = await fetch(server.url)
    expect(home.headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
    const nasty = await fetch(`${server.url}/auth/lti/login?iss="><script>alert(1)</script>`, {
      headers: { 'sec-fetch-dest': 'iframe' },
    })
    expect(await nasty.text()).not.toContain('<script>')
  })

  it('shows a name without what cannot be seen', async () => {
    const browser = await launched({ user: 'u6', name: '  Eve\u202e\u0007 ', target: lab })
    expect((await browser.person())!.name).toBe('Eve')
  })
})

describe('a launch is refused', () => {
  const refused = async () => {
    const browser = new Browser(server)
    const end = await browser.launch({ user: 'victim', target: lab })
    expect(await browser.person()).toBeUndefined()
    return end
  }
  const now = () => Math.floor(Date.now() / 1000)

  it('when another signed it', async () => {
    platform.forger = (await generateKeyPair('RS256')).privateKey
    expect(await refused()).toBe(REFUSED)
  })

  it.each<[string, () => Record<string, unknown>]>([
    ['of another issuer', () => ({ iss: 'https://evil.example' })],
    ['for another tool', () => ({ aud: 'somebody-else' })],
    ['that has expired', () => ({ iat: now() - 900, exp: now() - 600 })],
    ['with another nonce', () => ({ nonce: 'made-up' })],
    ['without a nonce', () => ({ nonce: undefined })],
    [
      'of a deployment that is not ours',
      () => ({ 'https://purl.imsglobal.org/spec/lti/claim/deployment_id': '2' }),
    ],
    ['of another version', () => ({ 'https://purl.imsglobal.org/spec/lti/claim/version': '1.1' })],
    [
      'that is no resource link',
      () => ({ 'https://purl.imsglobal.org/spec/lti/claim/message_type': 'LtiDeepLinkingRequest' }),
    ],
    ['of nobody', () => ({ sub: undefined })],
  ])('%s', async (_what, changes) => {
    platform.changes = changes()
    expect(await refused()).toBe(REFUSED)
  })

  it('without a signature', async () => {
    const browser = new Browser(server)
    const posted = await browser.begin({ user: 'victim', target: lab })
    const [, claims] = posted.fields.id_token!.split('.')
    const header = Buffer.from('{"alg":"none"}').toString('base64url')
    posted.fields.id_token = `${header}.${claims}.`
    expect(await browser.go(await browser.post(posted))).toBe(REFUSED)
  })

  it('when it is replayed, by the same login or into another', async () => {
    const browser = new Browser(server)
    const posted = await browser.begin({ user: 'u1', target: lab })
    const location = await browser.post(posted)
    expect(await browser.post(posted)).toBe(REFUSED)
    const before = browser.lti
    expect(await browser.go(location)).toBe('/labs/test-lab/')
    browser.lti = before
    expect(await browser.go(location)).toBe(REFUSED)
    const thief = new Browser(server)
    const own = await thief.begin({ user: 'thief', target: lab })
    own.fields.id_token = posted.fields.id_token!
    expect(await thief.go(await thief.post(own))).toBe(REFUSED)
    expect(await thief.person()).toBeUndefined()
  })

  it('in a browser that did not begin it', async () => {
    const attacker = new Browser(server)
    const location = await attacker.post(await attacker.begin({ user: 'attacker', target: lab }))
    const victim = new Browser(server)
    await victim.begin({ user: 'victim', target: lab })
    expect(await victim.go(location)).toBe(REFUSED)
    expect(await victim.person()).toBeUndefined()
    const posted = await attacker.begin({ user: 'attacker', target: lab })
    posted.fields.state = 'made-up'
    expect(await attacker.post(posted)).toBe(REFUSED)
  })

  it('by a platform that is not in the settings, by a login without what it must have, and when the platform says no', async () => {
    const browser = new Browser(server)
    const click = () => platform.click({ user: 'u1', target: lab })
    for (const [name, value] of [
      ['iss', 'https://evil.example'],
      ['client_id', 'other'],
    ] as const) {
      const parameters = click()
      parameters.set(name, value)
      expect(await browser.go(`/auth/lti/login?${parameters}`)).toBe(REFUSED)
      expect(await browser.go('/auth/lti/login', { method: 'POST', body: parameters })).toBe(REFUSED)
    }
    expect(await browser.go('/auth/lti/login')).toBe(REFUSED)
    expect(await browser.go('/auth/lti/launch')).toBe(REFUSED)
    const error = new URLSearchParams({ error: 'login_required', state: 'x' })
    expect(await browser.go('/auth/lti/launch', { method: 'POST', body: error })).toBe(REFUSED)
  })

  it('for who may not sign in any more', async () => {
    const browser = await launched({ user: 'u7', target: lab })
    const { id } = (await browser.person())!
    await admin.call('PATCH', `/api/people/${id}`, { disabled: true })
    await browser.launch({ user: 'u7', target: lab })
    expect(await browser.person()).toBeUndefined()
  })

  it('and leaves a trace, in which is no token', async () => {
    platform.changes = { aud: 'somebody-else' }
    lines.length = 0
    const browser = new Browser(server)
    const posted = await browser.begin({ user: 'victim', target: lab })
    await browser.go(await browser.post(posted))
    expect(await acts()).toContainEqual({ act: 'sign-in-refused', detail: { way: 'lti' } })
    const log = lines.join('')
    expect(log).toContain('was refused')
    for (const secret of [...posted.fields.id_token!.split('.').slice(1), posted.fields.state!, 'victim'])
      expect(log).not.toContain(secret)
  })

  it('to go anywhere but to a page of this site', async () => {
    for (const target of [
      'https://evil.example/',
      '//evil.example/',
      `${server.url}//evil.example/`,
      `${server.url}/\\evil.example`,
      `${server.url}/api/session`,
      `${server.url}/auth/oidc?to=/x`,
      `${server.url.replace('127.0.0.1', 'evil@127.0.0.2')}/labs/`,
      'javascript:alert(1)',
    ])
      expect(await new Browser(server).launch({ user: 'u1', target }), target).toBe('/labs/')
  })

  it('by all but these routes, which other sites may ask', () => {
    expect(server.server.routes.filter(({ path }) => !path.startsWith('/api/'))).toEqual([
      { method: 'GET', path: '/auth/lti/login', access: 'anyone' },
      { method: 'POST', path: '/auth/lti/login', access: 'anyone' },
      { method: 'POST', path: '/auth/lti/launch', access: 'anyone' },
      { method: 'GET', path: '/auth/lti/launch', access: 'anyone' },
      { method: 'GET', path: '/auth/lti/keys', access: 'anyone' },
    ])
  })

  it('to other forms: they are read by these routes alone, and a page elsewhere posts to no other', async () => {
    const body = new URLSearchParams({ code: 'x', name: 'y' })
    const own = { method: 'POST', body, headers: { origin: server.url } }
    expect((await fetch(`${server.url}/api/session/join`, own)).status).toBe(415)
    const elsewhere = { method: 'POST', body, headers: { origin: platform.issuer } }
    expect((await fetch(`${server.url}/api/session/join`, elsewhere)).status).toBe(403)
    const host = await new Visitor(server).call('GET', '/auth/lti/keys')
    expect(host.body).toEqual({ keys: [expect.objectContaining({ kty: 'RSA', alg: 'RS256' })] })
    expect(JSON.stringify(host.body)).not.toContain('"d"')
  })
})

describe('a real browser', () => {
  it('launches from another site: by the platform’s form, without a cookie that other sites could use', async () => {
    const browser = await launchBrowser()
    try {
      const page = await browser.newPage()
      // `localhost` and 127.0.0.1 are two sites.
      await page.goto(`${platform.issuer}/keys`)
      const login = `${server.url}/auth/lti/login?${platform.click({ user: 'b1', name: 'Bo', target: lab })}`
      await page.evaluate((to) => location.assign(to), login)
      await page.waitForURL(lab)
      const session = () => fetch('/api/session').then((response) => response.json())
      expect(await page.evaluate(session)).toMatchObject({ person: { name: 'Bo' } })
      const [cookie] = await page.context().cookies(server.url)
      expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Strict' })
    } finally {
      await browser.close()
    }
  })

  it('shows a launch in a frame as a link, which opens the lab in a window of its own', async () => {
    const browser = await launchBrowser()
    try {
      const page = await browser.newPage()
      await page.goto(`${platform.issuer}/keys`)
      const login = `${server.url}/auth/lti/login?${platform.click({ user: 'b2', name: 'Flo', target: lab })}`
      await page.setContent(`<iframe src="${login.replaceAll('&', '&amp;')}"></iframe>`)
      const opened = page.context().waitForEvent('page')
      await page.frameLocator('iframe').getByRole('link').click()
      await (await opened).waitForURL(lab)
    } finally {
      await browser.close()
    }
  })
})

describe('results', () => {
  const check = (browser: Browser, id: string, step: string) =>
    browser.call('POST', `/api/labs/${id}/steps/${step}/check`)

  it('of a lab go to the gradebook as its steps pass, and are not taken back', async () => {
    platform.scores.length = 0
    const lineItem = '/courses/1/items/7?type=a'
    const browser = await launched({ user: 'g1', target: lab, lineItem })
    await browser.call('POST', '/api/labs/test-lab/start')
    await check(browser, 'test-lab', 'one')
    await platform.until(() => platform.scores.length === 1)
    await check(browser, 'test-lab', 'one')
    await check(browser, 'test-lab', 'two')
    await platform.until(() => platform.scores.length === 2)
    const score = { lineItem, userId: 'g1', scoreMaximum: 2, gradingProgress: 'FullyGraded' }
    expect(platform.scores).toMatchObject([
      { ...score, scoreGiven: 1, activityProgress: 'InProgress' },
      { ...score, scoreGiven: 2, activityProgress: 'Completed' },
    ])
    expect(platform.problems).toEqual([])
    await browser.call('POST', '/api/labs/test-lab/reset')
    await check(browser, 'test-lab', 'one')
    // Another's comes after, so there was none between.
    const exam = await launched({
      user: 'g2',
      target: `${server.url}/`,
      custom: { lab: 'test-exam' },
      lineItem: '/items/8',
    })
    await exam.call('POST', '/api/labs/test-exam/start')
    await check(exam, 'test-exam', 'one')
    await platform.until(() => platform.scores.length >= 3)
    expect(platform.scores.slice(2)).toMatchObject([
      { userId: 'g2', lineItem: '/items/8', scoreGiven: 10, scoreMaximum: 20 },
    ])
  })

  it('wait for a platform that is away, over a restart too', async () => {
    platform.scores.length = 0
    platform.refuses = 503
    const browser = await launched({ user: 'g3', target: lab, lineItem: '/items/9' })
    await browser.call('POST', '/api/labs/test-lab/start')
    await check(browser, 'test-lab', 'one')
    await server.server.close()
    platform.refuses = undefined
    await server.listen()
    await platform.until(() => platform.scores.length === 1)
    expect(platform.scores).toMatchObject([{ userId: 'g3', scoreGiven: 1 }])
  })

  it('are not sent for who teaches, nor to where somebody on the way could read the token', async () => {
    platform.changes = {
      'https://purl.imsglobal.org/spec/lti-ags/claim/endpoint': {
        scope: ['https://purl.imsglobal.org/spec/lti-ags/scope/score'],
        lineitem: 'http://evil.example/items/1',
      },
    }
    const browser = await launched({ user: 'g4', target: lab })
    platform.changes = {}
    const teacher = await launched({ user: 'g5', role: 'Instructor', target: lab, lineItem: '/items/10' })
    for (const one of [browser, teacher]) {
      const { id } = (await one.person())!
      const { body } = await admin.call<{ grades: unknown[] }>('GET', `/api/people/${id}/export`)
      expect(body.grades).toEqual([])
    }
  })

  it('are a person’s data: exported with them, and deleted with them', async () => {
    const browser = await launched({ user: 'g6', target: lab, lineItem: '/items/11' })
    const { id } = (await browser.person())!
    const { body } = await admin.call<{ grades: unknown[] }>('GET', `/api/people/${id}/export`)
    expect(body.grades).toMatchObject([{ lab: 'test-lab', subject: 'g6' }])
    expect((await admin.call('DELETE', `/api/people/${id}`)).status).toBe(204)
    const again = await (await launched({ user: 'g6', target: lab })).person()
    expect(again!.id).not.toBe(id)
  })
})
