import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { RegistryClient } from '#containers/images/registry-client.ts'
import { HostTransport, readAnswer } from '#containers/images/transport.ts'
import { Clock } from '#world/clock.ts'
import { type Lab, openLab } from './lab.ts'
import { MANIFEST, registryClient } from './registry-client.ts'

let lab: Lab
let token: string
beforeEach(async () => {
  lab = await openLab({ world: { clock: new Clock({ speed: 0 }) } })
  await lab.hub.accounts.set('ada', 'secret')
  token = (await api('POST', '/v2/users/login', { username: 'ada', password: 'secret' })).value.token
})
afterEach(() => lab.close())

async function ask(method: string, url: string, headers: Record<string, string> = {}, body?: object) {
  const bytes = body === undefined ? undefined : Buffer.from(JSON.stringify(body))
  const answer = await lab.transport.send(url, { method, headers, body: bytes })
  const text = (await readAnswer(answer)).toString()
  return {
    status: answer.statusCode!,
    headers: answer.headers,
    value: text === '' ? undefined : JSON.parse(text),
  }
}
const api = (method: string, path: string, body?: object) =>
  ask(method, `https://hub.docker.com${path}`, token ? { authorization: `Bearer ${token}` } : {}, body)

const basic = (name: string, password: string) => ({ authorization: `Basic ${btoa(`${name}:${password}`)}` })
const registryToken = async (scope: string, headers = {}) =>
  (await ask('GET', `https://auth.docker.io/token?service=registry.docker.io&scope=${scope}`, headers)).value
const claims = (jwt: string) => JSON.parse(Buffer.from(jwt.split('.')[1]!, 'base64url').toString())
const bearer = async (repository: string, actions: string, headers = {}) => ({
  authorization: `Bearer ${(await registryToken(`repository:${repository}:${actions}`, headers)).token}`,
})

/** Pushes an image as an account. */
async function push(repository: string, tag: string, credentials = basic('ada', 'secret')) {
  const client = registryClient(
    lab,
    'registry-1.docker.io',
    await bearer(repository, 'pull,push', credentials),
  )
  return (await client.pushImage(repository, tag, `layer of ${repository}`)).answer
}

describe('the token service', () => {
  it('gives anybody a token for public images, and for others one that allows nothing', async () => {
    const {
      token,
      access_token: same,
      expires_in: seconds,
    } = await registryToken('repository:library/nginx:pull,push')
    expect([same, seconds]).toEqual([token, 300])
    expect(claims(token).access).toEqual([{ repository: 'library/nginx', actions: ['pull'] }])
    expect(claims((await registryToken('repository:ada/none:pull')).token).access[0].actions).toEqual([])
  })

  it('says in its own words that a password is wrong', async () => {
    const answer = await ask(
      'GET',
      'https://auth.docker.io/token?service=registry.docker.io',
      basic('ada', 'wrong'),
    )
    expect([answer.status, answer.value]).toEqual([401, { details: 'incorrect username or password' }])
  })

  it('challenges with the scope that is needed', async () => {
    const answer = await ask('GET', 'https://registry-1.docker.io/v2/ada/app/tags/list')
    expect(answer.headers['www-authenticate']).toBe(
      'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:ada/app:pull"',
    )
  })

  it('gives a refresh token to who asks for offline access', async () => {
    const form =
      'grant_type=password&service=registry.docker.io&client_id=x&access_type=offline&username=ada&password=secret'
    const post = async (body: string) => {
      const answer = await lab.transport.send('https://auth.docker.io/token', {
        method: 'POST',
        body: Buffer.from(body),
      })
      return JSON.parse((await readAnswer(answer)).toString())
    }
    const { refresh_token: refresh } = await post(form)
    const again = await post(
      `grant_type=refresh_token&service=registry.docker.io&scope=repository:ada/app:push&refresh_token=${refresh}`,
    )
    expect(claims(again.token)).toMatchObject({
      sub: 'ada',
      access: [{ repository: 'ada/app', actions: ['push'] }],
    })
  })

  it('takes an access token for a password, within its scope, until it is switched off', async () => {
    const make = (scope: string) => api('POST', '/v2/access-tokens', { token_label: scope, scopes: [scope] })
    const { status, value } = await make('repo:read')
    expect([status, value.token]).toEqual([201, expect.stringMatching(/^dckr_pat_[\w-]{27}$/)])
    await push('ada/app', 'v1')
    const actions = async (pat: string) =>
      claims((await registryToken('repository:ada/app:pull,push', basic('ada', pat))).token).access[0].actions
    expect(await actions(value.token)).toEqual(['pull'])
    expect(await actions((await make('repo:write')).value.token)).toEqual(['pull', 'push'])
    expect((await api('GET', '/v2/access-tokens')).value.count).toBe(2)
    await api('PATCH', `/v2/access-tokens/${value.uuid}`, { is_active: false })
    expect((await registryToken('repository:ada/app:pull', basic('ada', value.token))).details).toBe(
      'incorrect username or password',
    )
    expect((await api('DELETE', `/v2/access-tokens/${value.uuid}`)).status).toBe(204)
  })
})

describe('repositories', () => {
  it('are public when they are made by a push, and show their tags', async () => {
    expect((await push('ada/app', 'v1')).status).toBe(201)
    expect((await api('GET', '/v2/repositories/ada/app/')).value).toMatchObject({
      name: 'app',
      namespace: 'ada',
      is_private: false,
    })
    const { value } = await api('GET', '/v2/namespaces/ada/repositories/app/tags')
    const looks = ['v1', 'v2'].map((tag) =>
      ask('HEAD', `https://hub.docker.com/v2/namespaces/ada/repositories/app/tags/${tag}`),
    )
    expect((await Promise.all(looks)).map(({ status }) => status)).toEqual([200, 404])
    expect(value.results).toEqual([expect.objectContaining({ name: 'v1', full_size: expect.any(Number) })])
    expect((await api('GET', '/v2/repositories/library/nginx/tags?page_size=2')).value).toMatchObject({
      next: 'https://hub.docker.com/v2/repositories/library/nginx/tags?page=2&page_size=2',
      results: [
        expect.objectContaining({
          images: expect.arrayContaining([expect.objectContaining({ architecture: 'arm64' })]),
        }),
        expect.anything(),
      ],
    })
  })

  it('of a Personal plan: one may be private, a second is refused', async () => {
    const make = (name: string, isPrivate: boolean) =>
      api('POST', '/v2/namespaces/ada/repositories', { name, namespace: 'ada', is_private: isPrivate })
    expect((await make('first', true)).status).toBe(201)
    const second = await make('second', true)
    expect([second.status, second.value.message]).toEqual([
      403,
      expect.stringContaining('Private repository limit exceeded'),
    ])
    expect((await make('second', false)).status).toBe(201)
    expect((await api('PATCH', '/v2/repositories/ada/second/', { is_private: true })).status).toBe(403)
    await api('PATCH', '/v2/repositories/ada/first/', { is_private: false })
    expect((await api('PATCH', '/v2/repositories/ada/second/', { is_private: true })).value.is_private).toBe(
      true,
    )
  })

  it('are seen, pulled and deleted only by their owners while they are private', async () => {
    await push('ada/app', 'v1')
    await api('POST', '/v2/repositories/ada/app/privacy/', { is_private: true })
    await lab.hub.accounts.set('bob', 'secret')
    expect((await ask('GET', 'https://hub.docker.com/v2/repositories/ada/app/')).status).toBe(404)
    await expect(
      lab.puller.pull('docker.io/ada/app:v1', { username: 'bob', password: 'secret' }),
    ).rejects.toMatchObject({ kind: 'unauthorized' })
    const manifest = 'https://registry-1.docker.io/v2/ada/app/manifests/v1'
    expect(
      (await ask('HEAD', manifest, await bearer('ada/app', 'pull', basic('bob', 'secret')))).status,
    ).toBe(401)
    expect(
      (await ask('HEAD', manifest, await bearer('ada/app', 'pull', basic('ada', 'secret')))).status,
    ).toBe(200)
    expect((await api('DELETE', '/v2/repositories/ada/app/tags/v1/')).status).toBe(204)
    expect((await api('DELETE', '/v2/repositories/ada/app/')).status).toBe(202)
    expect((await api('GET', '/v2/repositories/ada/app/')).status).toBe(404)
    expect((await api('DELETE', '/v2/repositories/library/nginx/')).status).toBe(403)
  })

  it('of an organization belong to its members', async () => {
    lab.hub.accounts.setOrganization('acme', ['ada'])
    expect((await api('GET', '/v2/user/orgs/')).value.results[0].orgname).toBe('acme')
    expect((await push('acme/app', 'v1')).status).toBe(201)
    await lab.hub.accounts.set('bob', 'secret')
    expect(
      claims((await registryToken('repository:acme/app:push', basic('bob', 'secret'))).token).access[0]
        .actions,
    ).toEqual([])
  })
})

describe('accounts', () => {
  it('are made by signing up, and log in', async () => {
    const made = await api('POST', '/v2/users/', {
      username: 'grace',
      email: 'grace@example.com',
      password: 'long enough',
    })
    expect([made.status, made.value.username]).toEqual([201, 'grace'])
    expect(
      (
        await api('POST', '/v2/users/', {
          username: 'grace',
          email: 'g@example.com',
          password: 'long enough',
        })
      ).status,
    ).toBe(409)
    expect(
      (await api('POST', '/v2/auth/token', { identifier: 'grace', secret: 'long enough' })).value
        .access_token,
    ).toBeDefined()
    const wrong = await api('POST', '/v2/users/login/', { username: 'grace', password: 'no' })
    expect([wrong.status, wrong.value.detail]).toEqual([401, 'Incorrect authentication credentials'])
    expect((await api('GET', '/v2/user/')).value.username).toBe('ada')
  })
})

describe('pull limits', () => {
  const manifests = 'https://registry-1.docker.io/v2/library/nginx/manifests'
  async function pullAll(count: number, credentials = {}) {
    const headers = { ...(await bearer('library/nginx', 'pull', credentials)), accept: MANIFEST }
    const index = await ask('GET', `${manifests}/latest`, headers)
    const digest = index.value.manifests[0].digest
    let last = index
    for (let n = 0; n < count; n++) last = await ask('GET', `${manifests}/${digest}`, headers)
    return { last, head: () => ask('HEAD', `${manifests}/latest`, headers) }
  }

  it('count anonymous pulls for six hours of the world’s time and tell what is left', async () => {
    const { last, head } = await pullAll(3)
    expect(last.headers).toMatchObject({
      'ratelimit-limit': '100;w=21600',
      'ratelimit-remaining': '97;w=21600',
      'docker-ratelimit-source': '203.0.113.7',
    })
    expect((await head()).headers['ratelimit-remaining']).toBe('97;w=21600')
    const preview = await bearer('ratelimitpreview/test', 'pull', {})
    const asked = await ask(
      'HEAD',
      'https://registry-1.docker.io/v2/ratelimitpreview/test/manifests/latest',
      preview,
    )
    expect([asked.status, asked.headers['ratelimit-remaining']]).toEqual([200, '97;w=21600'])
    const { last: refused } = await pullAll(98)
    expect([refused.status, refused.headers['ratelimit-remaining'], refused.value.errors[0]]).toEqual([
      429,
      '0;w=21600',
      {
        code: 'TOOMANYREQUESTS',
        message:
          'You have reached your unauthenticated pull rate limit. https://www.docker.com/increase-rate-limit',
      },
    ])
    // A node of a cluster has an address of its own.
    expect((await lab.puller.pull('docker.io/library/nginx:latest', undefined)).id).toMatch(/^sha256:/)
    await lab.world.advance(6 * 3600_000)
    expect((await pullAll(1)).last.headers['ratelimit-remaining']).toBe('99;w=21600')
  })

  it('count an account’s pulls apart, and name it in the refusal', async () => {
    const { last } = await pullAll(201, basic('ada', 'secret'))
    expect(last.status).toBe(429)
    expect(last.value.errors[0].message).toMatch(
      /^You have reached your pull rate limit as 'ada': dckr_jti_[\w-]+=\. You may increase the limit by upgrading\. https:\/\/www\.docker\.com\/increase-rate-limit$/,
    )
    const client = new RegistryClient(new HostTransport(lab.hosts), 'registry-1.docker.io', undefined)
    expect((await client.manifest('library/nginx', 'latest')).digest).toMatch(/^sha256:/)
  })
})
