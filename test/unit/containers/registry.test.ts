import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { digestOf } from '#containers/blobs/digest.ts'
import { readAnswer } from '#containers/images/transport.ts'
import { type Lab, openLab, REGISTRY } from './lab.ts'

let lab: Lab
beforeAll(async () => {
  lab = await openLab()
})
afterAll(() => lab.close())

const auth = { authorization: `Basic ${Buffer.from('AWS:token').toString('base64')}` }

async function ask(
  method: string,
  path: string,
  options: { headers?: Record<string, string>; body?: string } = {},
) {
  const url = new URL(path, `https://${REGISTRY}`)
  const body = options.body === undefined ? undefined : Buffer.from(options.body)
  const answer = await lab.transport.send(url, { method, headers: { ...auth, ...options.headers }, body })
  const bytes = await readAnswer(answer)
  return { status: answer.statusCode, headers: answer.headers, text: bytes.toString() }
}

const upload = (repository: string, text: string) =>
  ask('POST', `/v2/${repository}/blobs/uploads/?digest=${digestOf(text)}`, { body: text })

const MANIFEST = 'application/vnd.oci.image.manifest.v1+json'

async function pushImage(repository: string, tag: string, layer: string, extra: object = {}) {
  await upload(repository, '{}')
  await upload(repository, layer)
  const body = JSON.stringify({
    schemaVersion: 2,
    mediaType: MANIFEST,
    config: { mediaType: 'application/vnd.oci.image.config.v1+json', digest: digestOf('{}'), size: 2 },
    layers: [
      { mediaType: 'application/vnd.oci.image.layer.v1.tar', digest: digestOf(layer), size: layer.length },
    ],
    ...extra,
  })
  const answer = await ask('PUT', `/v2/${repository}/manifests/${tag}`, {
    headers: { 'content-type': MANIFEST },
    body,
  })
  return { answer, body, digest: digestOf(body) }
}

describe('registry: the distribution specification', () => {
  it('challenges a ping without credentials', async () => {
    const answer = await ask('GET', '/v2/', { headers: { authorization: '' } })
    expect(answer.status).toBe(401)
    expect(answer.headers['www-authenticate']).toContain('Basic realm=')
    expect(JSON.parse(answer.text).errors[0].code).toBe('UNAUTHORIZED')
  })

  it('takes a monolithic blob and serves it, also by range', async () => {
    const made = await upload('web', 'monolith')
    expect(made.status).toBe(201)
    const path = made.headers.location!
    expect((await ask('GET', path)).text).toBe('monolith')
    const part = await ask('GET', path, { headers: { range: 'bytes=4-5' } })
    expect([part.status, part.text, part.headers['content-range']]).toEqual([206, 'li', 'bytes 4-5/8'])
    expect((await ask('GET', path, { headers: { range: 'bytes=90-' } })).status).toBe(416)
  })

  it('takes chunks in order, tells where it is, and refuses others with 416', async () => {
    const { headers } = await ask('POST', '/v2/web/blobs/uploads/')
    const location = headers.location!
    const first = await ask('PATCH', location, { headers: { 'content-range': '0-2' }, body: 'abc' })
    expect([first.status, first.headers.range]).toEqual([202, '0-2'])
    expect((await ask('PATCH', location, { headers: { 'content-range': '7-9' }, body: 'xyz' })).status).toBe(
      416,
    )
    expect((await ask('GET', location)).headers.range).toBe('0-2')
    await ask('PATCH', location, { headers: { 'content-range': '3-5' }, body: 'def' })
    const done = await ask('PUT', `${location}?digest=${digestOf('abcdefgh')}`, { body: 'gh' })
    expect(done.status).toBe(201)
    expect((await ask('HEAD', done.headers.location!)).headers['content-length']).toBe('8')
  })

  it('refuses bytes that do not match their digest and keeps none of them', async () => {
    const answer = await ask('POST', `/v2/web/blobs/uploads/?digest=${digestOf('right')}`, { body: 'wrong' })
    expect([answer.status, JSON.parse(answer.text).errors[0].code]).toEqual([400, 'DIGEST_INVALID'])
    expect((await ask('HEAD', `/v2/web/blobs/${digestOf('right')}`)).status).toBe(404)
    expect((await ask('HEAD', `/v2/web/blobs/${digestOf('wrong')}`)).status).toBe(404)
  })

  it('does not serve a blob of another repository until it is mounted', async () => {
    await upload('web', 'shared bytes')
    const digest = digestOf('shared bytes')
    expect((await ask('HEAD', `/v2/team/api/blobs/${digest}`)).status).toBe(404)
    expect((await ask('POST', `/v2/team/api/blobs/uploads/?mount=${digest}&from=web`)).status).toBe(201)
    expect((await ask('GET', `/v2/team/api/blobs/${digest}`)).text).toBe('shared bytes')
    expect(
      (await ask('POST', `/v2/team/api/blobs/uploads/?mount=${digestOf('nothing')}&from=web`)).status,
    ).toBe(202)
  })

  it('stores a manifest by tag and digest and answers conditional requests', async () => {
    const { answer, body, digest } = await pushImage('web', 'v1', 'layer one')
    expect([answer.status, answer.headers['docker-content-digest']]).toEqual([201, digest])
    for (const reference of ['v1', digest]) {
      const got = await ask('GET', `/v2/web/manifests/${reference}`)
      expect([got.text, got.headers['content-type']]).toEqual([body, MANIFEST])
    }
    expect(
      (await ask('GET', '/v2/web/manifests/v1', { headers: { 'if-none-match': `"${digest}"` } })).status,
    ).toBe(304)
    const unknown = await ask('GET', '/v2/web/manifests/v9')
    expect([unknown.status, JSON.parse(unknown.text).errors[0].code]).toEqual([404, 'MANIFEST_UNKNOWN'])
  })

  it('refuses a manifest whose blobs are not there', async () => {
    const body = JSON.stringify({
      schemaVersion: 2,
      mediaType: MANIFEST,
      config: { mediaType: 'x', digest: digestOf('absent'), size: 6 },
      layers: [],
    })
    const answer = await ask('PUT', '/v2/web/manifests/bad', { headers: { 'content-type': MANIFEST }, body })
    expect([answer.status, JSON.parse(answer.text).errors[0].code]).toEqual([404, 'MANIFEST_BLOB_UNKNOWN'])
  })

  it('lists tags in order and in pages', async () => {
    for (const tag of ['b', 'a', 'c']) await pushImage('team/api', tag, `layer ${tag}`)
    expect(JSON.parse((await ask('GET', '/v2/team/api/tags/list')).text)).toEqual({
      name: 'team/api',
      tags: ['a', 'b', 'c'],
    })
    const page = await ask('GET', '/v2/team/api/tags/list?n=2')
    expect(JSON.parse(page.text).tags).toEqual(['a', 'b'])
    expect(page.headers.link).toBe('</v2/team/api/tags/list?last=b&n=2>; rel="next"')
    expect(JSON.parse((await ask('GET', '/v2/team/api/tags/list?n=2&last=b')).text).tags).toEqual(['c'])
  })

  it('deletes a manifest with its tags, and a tag alone', async () => {
    const { digest } = await pushImage('web', 'old', 'old layer')
    expect((await ask('DELETE', '/v2/web/manifests/old')).status).toBe(202)
    expect((await ask('GET', `/v2/web/manifests/${digest}`)).status).toBe(200)
    expect((await ask('DELETE', `/v2/web/manifests/${digest}`)).status).toBe(202)
    expect((await ask('GET', `/v2/web/manifests/${digest}`)).status).toBe(404)
  })

  it('lists what refers to a manifest', async () => {
    const { digest, body } = await pushImage('web', 'subject', 'subject layer')
    const { digest: referrer, answer } = await pushImage('web', 'signature', 'signature layer', {
      artifactType: 'application/example.signature',
      subject: { mediaType: MANIFEST, digest, size: body.length },
    })
    expect(answer.headers['oci-subject']).toBe(digest)
    const list = JSON.parse((await ask('GET', `/v2/web/referrers/${digest}`)).text)
    expect(list.manifests.map((entry: { digest: string }) => entry.digest)).toEqual([referrer])
    const filtered = await ask('GET', `/v2/web/referrers/${digest}?artifactType=other`)
    expect([JSON.parse(filtered.text).manifests, filtered.headers['oci-filters-applied']]).toEqual([
      [],
      'artifactType',
    ])
  })

  it('answers NAME_UNKNOWN for a repository that the policy does not have', async () => {
    const answer = await upload('nope', 'x')
    expect([answer.status, JSON.parse(answer.text).errors[0].code]).toEqual([404, 'NAME_UNKNOWN'])
  })

  it('keeps two worlds apart on one blob store', async () => {
    const other = await openLab({ folder: lab.folder, world: { id: 'other' } })
    const answer = await other.transport.send(`https://${REGISTRY}/v2/web/manifests/v1`, { headers: auth })
    expect(answer.statusCode).toBe(404)
    const blob = await other.transport.send(`https://${REGISTRY}/v2/web/blobs/${digestOf('layer one')}`, {
      headers: auth,
    })
    expect(blob.statusCode).toBe(404)
    other.world.close()
  })
})

describe('pulling as containerd does', () => {
  it.each([
    [
      'docker.io/library/nginx:nope',
      'failed to resolve reference "docker.io/library/nginx:nope": docker.io/library/nginx:nope: not found',
      'not-found',
    ],
    [
      'docker.io/acme/private:1',
      'failed to resolve reference "docker.io/acme/private:1": pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed',
      'unauthorized',
    ],
    [
      `${REGISTRY}/web:v1`,
      `failed to resolve reference "${REGISTRY}/web:v1": pull access denied, repository does not exist or may require authorization: authorization failed: no basic auth credentials`,
      'unauthorized',
    ],
  ])('%s', async (reference, message, kind) => {
    await expect(lab.puller.pull(reference, undefined)).rejects.toMatchObject({ message, kind })
  })

  it('pulls a private image of Docker Hub only for its owner', async () => {
    await lab.hub.setAccount('ada', 'secret')
    lab.hub.setRepository('ada/app', { private: true })
    const credentials = { username: 'ada', password: 'secret' }
    await expect(lab.puller.pull('docker.io/ada/app:1', undefined)).rejects.toMatchObject({
      kind: 'unauthorized',
    })
    await expect(
      lab.puller.pull('docker.io/ada/app:1', { ...credentials, password: 'wrong' }),
    ).rejects.toMatchObject({ kind: 'unauthorized' })
    await expect(lab.puller.pull('docker.io/ada/app:1', credentials)).rejects.toMatchObject({
      kind: 'not-found',
    })
  })
})
