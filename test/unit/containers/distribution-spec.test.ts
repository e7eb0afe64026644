// The requirements of the OCI distribution specification 1.1, each test named by its section and clause
// (https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md).
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { digestOf } from '#containers/blobs/digest.ts'
import { registryJanitor } from '#containers/registry/janitor.ts'
import { Clock } from '#world/clock.ts'
import { type Lab, openLab } from './lab.ts'
import { INDEX, image, MANIFEST, registryClient } from './registry-client.ts'

let lab: Lab
let ask: ReturnType<typeof registryClient>['ask']
let upload: ReturnType<typeof registryClient>['upload']
let putManifest: ReturnType<typeof registryClient>['putManifest']
let pushImage: ReturnType<typeof registryClient>['pushImage']
beforeAll(async () => {
  lab = await openLab({ world: { clock: new Clock({ speed: 0 }) } })
  lab.world.controllers.start(registryJanitor(lab.world))
  const client = registryClient(lab)
  ;({ ask, upload, putManifest, pushImage } = client)
})
afterAll(() => lab.close())

const ABSENT = digestOf('nobody has this')
const begin = async (repository = 'web') =>
  String((await ask('POST', `/v2/${repository}/blobs/uploads/`)).headers.location)

describe('Determining Support', () => {
  it('GET /v2/ MUST answer 200 to who may, 401 to who must authenticate', async () => {
    expect((await ask('GET', '/v2/')).status).toBe(200)
    const refused = await ask('GET', '/v2/', { headers: { authorization: '' } })
    expect([refused.status, refused.code]).toEqual([401, 'UNAUTHORIZED'])
    expect(refused.headers['www-authenticate']).toContain('Basic realm=')
  })
})

describe('Pull', () => {
  it('<name> MUST match the grammar: NAME_INVALID', async () => {
    for (const name of ['Web', 'a//b', 'a..b', '-a', `a/${'b'.repeat(255)}`]) {
      const { status, code } = await ask('GET', `/v2/${name}/tags/list`)
      expect([name, status, code]).toEqual([name, 400, 'NAME_INVALID'])
    }
  })

  it('<reference> as a tag MUST be at most 128 characters of the grammar', async () => {
    expect((await ask('GET', `/v2/web/manifests/${'t'.repeat(129)}`)).status).toBe(400)
    expect((await ask('GET', '/v2/web/manifests/-x')).status).toBe(400)
  })

  describe('manifests', () => {
    it('GET of an existing one MUST be 200 with the expected bytes, by tag and by digest', async () => {
      const { body, digest } = await pushImage('web', 'v1', 'layer one')
      for (const reference of ['v1', digest]) {
        const got = await ask('GET', `/v2/web/manifests/${reference}`)
        expect([got.status, got.text]).toEqual([200, body])
      }
    })

    it('the answer SHOULD carry Docker-Content-Digest, and the Content-Type that was pushed', async () => {
      const { digest } = await pushImage('web', 'v1', 'layer one')
      const { headers } = await ask('GET', '/v2/web/manifests/v1')
      expect([headers['docker-content-digest'], headers['content-type']]).toEqual([digest, MANIFEST])
    })

    it('one that is not there MUST be 404', async () => {
      expect(await ask('GET', '/v2/web/manifests/none')).toMatchObject({
        status: 404,
        code: 'MANIFEST_UNKNOWN',
      })
      expect((await ask('GET', `/v2/web/manifests/${ABSENT}`)).status).toBe(404)
    })

    it('the Content-Type SHOULD NOT have parameters, also when the one that was pushed had some', async () => {
      const { body } = await pushImage('web', 'v1', 'layer one')
      const put = await ask('PUT', '/v2/web/manifests/parameters', {
        headers: { 'content-type': `${MANIFEST}; charset=utf-8` },
        body,
      })
      expect(put.status).toBe(201)
      expect((await ask('GET', '/v2/web/manifests/parameters')).headers['content-type']).toBe(MANIFEST)
    })

    it('`ns`, which only a proxy understands, MAY be ignored', async () => {
      await pushImage('web', 'v1', 'layer one')
      const got = await ask('GET', '/v2/web/manifests/v1?ns=docker.io')
      expect([got.status, got.headers['oci-namespace']]).toEqual([200, undefined])
    })

    it('an attempt to pull from a nonexistent repository MUST be 404', async () => {
      expect(await ask('GET', '/v2/nope/manifests/v1')).toMatchObject({ status: 404, code: 'NAME_UNKNOWN' })
    })

    it('RFC 9110: a matching If-None-Match gives 304', async () => {
      const { digest } = await pushImage('web', 'v1', 'layer one')
      const conditional = (tag: string) =>
        ask('GET', '/v2/web/manifests/v1', { headers: { 'if-none-match': tag } })
      expect((await conditional(`"x", W/"${digest}"`)).status).toBe(304)
      expect((await conditional('*')).status).toBe(304)
      expect((await conditional('"other"')).status).toBe(200)
    })
  })

  describe('blobs', () => {
    it('GET of an existing one MUST be 200; Docker-Content-Digest MUST be that of the body', async () => {
      await upload('web', 'some blob')
      const got = await ask('GET', `/v2/web/blobs/${digestOf('some blob')}`)
      expect([got.status, got.text]).toEqual([200, 'some blob'])
      expect(got.headers['docker-content-digest']).toBe(digestOf(got.text))
    })

    it('one that is not there MUST be 404', async () => {
      expect(await ask('GET', `/v2/web/blobs/${ABSENT}`)).toMatchObject({ status: 404, code: 'BLOB_UNKNOWN' })
    })

    it.each([
      ['bytes=2-4', 206, '234', 'bytes 2-4/10'],
      ['bytes=7-', 206, '789', 'bytes 7-9/10'],
      ['bytes=-2', 206, '89', 'bytes 8-9/10'],
      ['bytes=5-99', 206, '56789', 'bytes 5-9/10'],
      ['bytes=10-', 416, '', 'bytes */10'],
      ['bytes=4-2', 200, '0123456789', undefined],
      ['bytes=0-1,3-4', 200, '0123456789', undefined],
    ])('SHOULD support Range (RFC 9110): %s', async (range, status, text, contentRange) => {
      await upload('web', '0123456789')
      const got = await ask('GET', `/v2/web/blobs/${digestOf('0123456789')}`, { headers: { range } })
      expect([got.status, got.text, got.headers['content-range']]).toEqual([status, text, contentRange])
    })

    it('RFC 9110: If-Range of something else gives the whole, If-None-Match 304', async () => {
      await upload('web', '0123456789')
      const path = `/v2/web/blobs/${digestOf('0123456789')}`
      const stale = await ask('GET', path, { headers: { range: 'bytes=1-2', 'if-range': '"old"' } })
      expect([stale.status, stale.text]).toEqual([200, '0123456789'])
      const tag = `"${digestOf('0123456789')}"`
      expect((await ask('GET', path, { headers: { 'if-none-match': tag } })).status).toBe(304)
    })
  })

  it('HEAD of an existing blob or manifest MUST be 200, SHOULD tell size and digest; otherwise MUST be 404', async () => {
    const { body, digest } = await pushImage('web', 'v1', 'layer one')
    const manifest = await ask('HEAD', '/v2/web/manifests/v1')
    expect([manifest.status, manifest.headers['content-length'], manifest.text]).toEqual([
      200,
      String(body.length),
      '',
    ])
    expect(manifest.headers['docker-content-digest']).toBe(digest)
    const blob = await ask('HEAD', `/v2/web/blobs/${digestOf('layer one')}`)
    expect([blob.status, blob.headers['content-length'], blob.text]).toEqual([200, '9', ''])
    expect(blob.headers['docker-content-digest']).toBe(digestOf('layer one'))
    expect((await ask('HEAD', '/v2/web/manifests/none')).status).toBe(404)
    expect((await ask('HEAD', `/v2/web/blobs/${ABSENT}`)).status).toBe(404)
  })
})

describe('Push: a blob in one piece', () => {
  it('the Location of an upload MUST contain an id of its own, and MUST lead to it', async () => {
    const [one, other] = [await begin(), await begin()]
    const id = /^\/v2\/web\/blobs\/uploads\/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/
    expect(id.exec(one)![1]).not.toBe(id.exec(other)![1])
    expect((await ask('GET', one)).status).toBe(204)
  })

  it('POST MUST be 202 with a Location; PUT there MUST be 201 with a pullable Location', async () => {
    const started = await ask('POST', '/v2/web/blobs/uploads/')
    expect([started.status, started.headers['docker-upload-uuid']]).toEqual([202, expect.any(String)])
    const done = await ask('PUT', `${started.headers.location}?digest=${digestOf('post then put')}`, {
      headers: { 'content-type': 'application/octet-stream' },
      body: 'post then put',
    })
    expect(done.status).toBe(201)
    expect((await ask('GET', String(done.headers.location))).text).toBe('post then put')
  })

  it('a single POST with ?digest= MAY be taken at once: 201 with a Location', async () => {
    const { status, headers } = await upload('web', 'single post')
    expect(status).toBe(201)
    expect((await ask('GET', String(headers.location))).text).toBe('single post')
  })

  it('bytes of another digest MUST NOT be stored: DIGEST_INVALID', async () => {
    const answer = await ask('POST', `/v2/web/blobs/uploads/?digest=${digestOf('right')}`, { body: 'wrong' })
    expect([answer.status, answer.code]).toEqual([400, 'DIGEST_INVALID'])
    for (const text of ['right', 'wrong'])
      expect((await ask('HEAD', `/v2/web/blobs/${digestOf(text)}`)).status).toBe(404)
  })

  it('a PUT without or with an unusable digest is DIGEST_INVALID and leaves the upload', async () => {
    const location = await begin()
    for (const query of ['', '?digest=md5:abc'])
      expect(await ask('PUT', location + query, { body: 'x' })).toMatchObject({
        status: 400,
        code: 'DIGEST_INVALID',
      })
    expect((await ask('GET', location)).status).toBe(204)
  })
})

describe('Push: a blob in chunks', () => {
  it('each chunk MUST be 202 with Location and Range; the final PUT MUST be 201', async () => {
    const location = await begin()
    const first = await ask('PATCH', location, { headers: { 'content-range': '0-2' }, body: 'abc' })
    expect([first.status, first.headers.range, first.headers.location]).toEqual([202, '0-2', location])
    const second = await ask('PATCH', location, { headers: { 'content-range': '3-5' }, body: 'def' })
    expect([second.status, second.headers.range]).toEqual([202, '0-5'])
    const done = await ask('PUT', `${location}?digest=${digestOf('abcdefgh')}`, {
      headers: { 'content-range': '6-7' },
      body: 'gh',
    })
    expect(done.status).toBe(201)
    expect((await ask('GET', String(done.headers.location))).text).toBe('abcdefgh')
  })

  it('the last chunk MAY come by PATCH: the session MUST be closed by a PUT without a body', async () => {
    const location = await begin()
    await ask('PATCH', location, { headers: { 'content-range': '0-2' }, body: 'all' })
    const digest = digestOf('all')
    expect((await ask('HEAD', `/v2/web/blobs/${digest}`)).status).toBe(404)
    const done = await ask('PUT', `${location}?digest=${digest}`)
    expect([done.status, done.headers['docker-content-digest']]).toEqual([201, digest])
    expect((await ask('GET', String(done.headers.location))).text).toBe('all')
    expect((await ask('GET', location)).code).toBe('BLOB_UPLOAD_UNKNOWN')
  })

  it('the digest of the closing PUT MUST be that of the whole blob, not of the last chunk', async () => {
    const location = await begin()
    await ask('PATCH', location, { headers: { 'content-range': '0-4' }, body: 'first' })
    const closed = await ask('PUT', `${location}?digest=${digestOf('last')}`, { body: 'last' })
    expect([closed.status, closed.code]).toEqual([400, 'DIGEST_INVALID'])
    expect((await ask('HEAD', `/v2/web/blobs/${digestOf('last')}`)).status).toBe(404)
  })

  it('the first chunk MUST begin with 0', async () => {
    const location = await begin()
    const late = await ask('PATCH', location, { headers: { 'content-range': '1-3' }, body: 'abc' })
    expect(late.status).toBe(416)
  })

  it('a chunk out of order MUST be 416, and tells where to go on', async () => {
    const location = await begin()
    await ask('PATCH', location, { headers: { 'content-range': '0-2' }, body: 'abc' })
    for (const range of ['7-9', '0-2']) {
      const refused = await ask('PATCH', location, { headers: { 'content-range': range }, body: 'xyz' })
      expect([refused.status, refused.headers.range]).toEqual([416, '0-2'])
    }
    const last = await ask('PUT', `${location}?digest=${digestOf('abcz')}`, {
      headers: { 'content-range': '9-9' },
      body: 'z',
    })
    expect(last.status).toBe(416)
  })

  it('Content-Range MUST match its grammar and the length of the chunk', async () => {
    const location = await begin()
    const patch = (range: string) =>
      ask('PATCH', location, { headers: { 'content-range': range }, body: 'abc' })
    expect(await patch('some')).toMatchObject({ status: 400, code: 'BLOB_UPLOAD_INVALID' })
    expect(await patch('0-9')).toMatchObject({ status: 400, code: 'SIZE_INVALID' })
    expect((await ask('GET', location)).headers.range).toBe('0-0')
  })

  it('GET of the upload MUST be 204 with Location and Range, so that a client can resume', async () => {
    const location = await begin()
    await ask('PATCH', location, { body: 'streamed' })
    const state = await ask('GET', location)
    expect([state.status, state.headers.location, state.headers.range]).toEqual([204, location, '0-7'])
  })

  it('DELETE ends an upload: 204, and it is unknown afterwards', async () => {
    const location = await begin()
    expect((await ask('DELETE', location)).status).toBe(204)
    expect(await ask('GET', location)).toMatchObject({ status: 404, code: 'BLOB_UPLOAD_UNKNOWN' })
  })

  it('an upload that nobody finishes SHOULD time out', async () => {
    const location = await begin()
    await lab.world.advance(2 * 24 * 3600 * 1000)
    expect(await ask('GET', location)).toMatchObject({ status: 404, code: 'BLOB_UPLOAD_UNKNOWN' })
  })

  it('an upload belongs to its repository', async () => {
    const location = await begin('web')
    expect((await ask('GET', location.replace('/web/', '/team/api/'))).code).toBe('BLOB_UPLOAD_UNKNOWN')
  })
})

describe('Push: mounting a blob from another repository', () => {
  const mount = (repository: string, query: string) =>
    ask('POST', `/v2/${repository}/blobs/uploads/?${query}`)

  it('success MUST be 201 with a Location in the new repository', async () => {
    const digest = digestOf('mounted from web')
    await upload('web', 'mounted from web')
    expect((await ask('HEAD', `/v2/team/api/blobs/${digest}`)).status).toBe(404)
    const mounted = await mount('team/api', `mount=${digest}&from=web`)
    expect([mounted.status, mounted.headers.location]).toEqual([201, `/v2/team/api/blobs/${digest}`])
    expect((await ask('GET', `/v2/team/api/blobs/${digest}`)).text).toBe('mounted from web')
  })

  it('the digest of a mount MUST be named in its answer', async () => {
    const digest = digestOf('mounted and named')
    await upload('web', 'mounted and named')
    const { headers } = await mount('team/api', `mount=${digest}&from=web`)
    expect(headers['docker-content-digest']).toBe(digest)
  })

  it('without `from` the registry finds a repository that has it (automatic content discovery)', async () => {
    const digest = digestOf('found by itself')
    await upload('web', 'found by itself')
    expect((await mount('team/api', `mount=${digest}`)).status).toBe(201)
  })

  it('what cannot be mounted SHOULD begin an upload: 202', async () => {
    const unknown = await mount('team/api', `mount=${ABSENT}&from=web`)
    expect([unknown.status, unknown.headers.location]).toEqual([202, expect.stringContaining('/uploads/')])
    expect((await mount('team/api', `mount=${ABSENT}`)).status).toBe(202)
  })
})

describe('Push: manifests', () => {
  it('MUST be 201 with a pullable Location and SHOULD carry the digest', async () => {
    const { answer, digest } = await pushImage('web', 'pushed', 'pushed layer')
    expect([answer.status, answer.headers['docker-content-digest']]).toEqual([201, digest])
    expect((await ask('HEAD', String(answer.headers.location))).status).toBe(200)
  })

  it('MUST be stored in exactly the bytes that came', async () => {
    await pushImage('web', 'any', 'exact layer')
    const odd = `  ${JSON.stringify(image('exact layer'), null, 7)}\n\n`
    const put = await ask('PUT', '/v2/web/manifests/odd', {
      headers: { 'content-type': MANIFEST },
      body: odd,
    })
    expect([put.status, put.headers['docker-content-digest']]).toEqual([201, digestOf(odd)])
    expect((await ask('GET', '/v2/web/manifests/odd')).text).toBe(odd)
  })

  it('a mediaType in the manifest MUST be that of the Content-Type', async () => {
    await upload('web', 'layer')
    const { answer } = await putManifest('web', 'bad', image('layer'), INDEX)
    expect([answer.status, answer.code]).toEqual([400, 'MANIFEST_INVALID'])
  })

  it.each([
    ['no JSON', '{'],
    ['no object', '[]'],
    ['no schema version', '{"mediaType":"application/vnd.oci.image.manifest.v1+json"}'],
    ['a layer without size', JSON.stringify({ ...image('x'), layers: [{ digest: digestOf('x') }] })],
  ])('%s is MANIFEST_INVALID', async (_what, body) => {
    const put = await ask('PUT', '/v2/web/manifests/bad', { headers: { 'content-type': MANIFEST }, body })
    expect([put.status, put.code]).toEqual([400, 'MANIFEST_INVALID'])
  })

  it('a manifest that names unknown blobs or manifests is MANIFEST_BLOB_UNKNOWN', async () => {
    await upload('web', '{}')
    const { answer } = await putManifest('web', 'bad', image('nobody pushed this'))
    expect([answer.status, answer.code]).toEqual([404, 'MANIFEST_BLOB_UNKNOWN'])
    const index = {
      schemaVersion: 2,
      mediaType: INDEX,
      manifests: [{ mediaType: MANIFEST, digest: ABSENT, size: 2 }],
    }
    expect((await putManifest('web', 'bad', index, INDEX)).answer.code).toBe('MANIFEST_BLOB_UNKNOWN')
  })

  it('a push by digest MUST have that digest', async () => {
    await pushImage('web', 'any', 'by digest')
    expect((await putManifest('web', ABSENT, image('by digest'))).answer.code).toBe('DIGEST_INVALID')
    const right = digestOf(JSON.stringify(image('by digest')))
    expect((await putManifest('web', right, image('by digest'))).answer.status).toBe(201)
  })

  it('at least 4 MiB MUST be taken; more SHOULD be 413', async () => {
    await pushImage('web', 'any', 'large')
    const padded = (size: number) => {
      const text = JSON.stringify(image('large', { annotations: { pad: '' } }))
      return text.replace('"pad":""', `"pad":"${'x'.repeat(size - text.length)}"`)
    }
    const put = (body: string) =>
      ask('PUT', '/v2/web/manifests/large', { headers: { 'content-type': MANIFEST }, body })
    expect((await put(padded(4 * 1024 * 1024))).status).toBe(201)
    expect((await put(padded(4 * 1024 * 1024 + 1))).status).toBe(413)
  })

  it('takes an index of several platforms, Docker’s own types, and an artifact with the empty descriptor', async () => {
    const { digest, body } = await pushImage('web', 'amd64', 'one platform')
    const entry = {
      mediaType: MANIFEST,
      digest,
      size: body.length,
      platform: { os: 'linux', architecture: 'amd64' },
    }
    const index = { schemaVersion: 2, mediaType: INDEX, manifests: [entry] }
    expect((await putManifest('web', 'multi', index, INDEX)).answer.status).toBe(201)
    const docker = 'application/vnd.docker.distribution.manifest.v2+json'
    expect(
      (await putManifest('web', 'docker', image('one platform', { mediaType: docker }), docker)).answer
        .status,
    ).toBe(201)
    const list = 'application/vnd.docker.distribution.manifest.list.v2+json'
    expect((await putManifest('web', 'list', { ...index, mediaType: list }, list)).answer.status).toBe(201)
    const empty = { mediaType: 'application/vnd.oci.empty.v1+json', digest: digestOf('{}'), size: 2 }
    const artifact = {
      schemaVersion: 2,
      mediaType: MANIFEST,
      artifactType: 'application/example',
      config: empty,
      layers: [empty],
    }
    expect((await putManifest('web', 'artifact', artifact)).answer.status).toBe(201)
  })

  it('layers that are not distributable need not be there', async () => {
    await upload('web', '{}')
    const foreign = {
      mediaType: 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip',
      digest: ABSENT,
      size: 9,
    }
    expect((await putManifest('web', 'windows', image('x', { layers: [foreign] }))).answer.status).toBe(201)
  })

  it('a manifest with a subject MUST be answered with OCI-Subject, and MUST be taken before its subject is there', async () => {
    const subject = { mediaType: MANIFEST, digest: ABSENT, size: 7 }
    const { answer } = await pushImage('web', 'early', 'early referrer', { subject })
    expect([answer.status, answer.headers['oci-subject']]).toEqual([201, ABSENT])
  })
})

describe('Push: manifests with a subject', () => {
  const subject = { mediaType: MANIFEST, digest: ABSENT, size: 7 }

  it('an index with a subject MUST be answered with OCI-Subject too', async () => {
    const index = { schemaVersion: 2, mediaType: INDEX, manifests: [], subject }
    const { answer } = await putManifest('web', 'early-index', index, INDEX)
    expect([answer.status, answer.headers['oci-subject']]).toEqual([201, ABSENT])
  })

  it('one without MUST NOT be', async () => {
    const { answer } = await pushImage('web', 'plain', 'no subject')
    expect(answer.headers['oci-subject']).toBeUndefined()
  })
})

describe('Content Discovery: tags', () => {
  const tags = async (query = '') => {
    const { status, headers, text } = await ask('GET', `/v2/team/api/tags/list${query}`)
    return { status, link: headers.link, ...(status === 200 ? JSON.parse(text) : {}) }
  }
  beforeAll(async () => {
    for (const tag of ['b', 'C', 'a', 'latest']) await pushImage('team/api', tag, `layer ${tag}`)
  })

  it('MUST be 200 with name and tags, in lexical order without regard to case', async () => {
    expect(await tags()).toEqual({
      status: 200,
      link: undefined,
      name: 'team/api',
      tags: ['a', 'b', 'C', 'latest'],
    })
  })

  it('n MUST bound the list; a Link MUST lead on when there is more', async () => {
    const page = await tags('?n=2')
    expect([page.tags, page.link]).toEqual([['a', 'b'], '</v2/team/api/tags/list?last=b&n=2>; rel="next"'])
    expect(await tags('?n=2&last=b')).toMatchObject({ tags: ['C', 'latest'], link: undefined })
  })

  it('n=0 MUST give an empty list and MUST NOT give a Link', async () => {
    expect(await tags('?n=0')).toMatchObject({ tags: [], link: undefined })
  })

  it('last MUST begin after that tag, which need not exist', async () => {
    expect((await tags('?last=bb')).tags).toEqual(['C', 'latest'])
  })

  it('a number that is none is refused', async () => {
    for (const n of ['-1', 'x']) expect((await tags(`?n=${n}`)).status).toBe(400)
  })

  it('last MUST NOT be read as a number of a tag', async () => {
    expect((await tags('?last=1')).tags).toEqual(['a', 'b', 'C', 'latest'])
  })

  it('exactly n MUST be given while there are as many, and no Link with the last of them', async () => {
    expect(await tags('?n=4')).toMatchObject({ tags: ['a', 'b', 'C', 'latest'], link: undefined })
    expect(await tags('?n=100')).toMatchObject({ tags: ['a', 'b', 'C', 'latest'], link: undefined })
  })

  it('a nonexistent repository MUST be 404', async () => {
    expect(await ask('GET', '/v2/nope/tags/list')).toMatchObject({ status: 404, code: 'NAME_UNKNOWN' })
  })
})

describe('Content Discovery: referrers', () => {
  let subject: { digest: string; size: number }
  const referrers = async (digest: string, query = '') => {
    const { status, headers, text } = await ask('GET', `/v2/web/referrers/${digest}${query}`)
    return { status, headers, index: status === 200 ? JSON.parse(text) : undefined }
  }
  beforeAll(async () => {
    const { digest, body } = await pushImage('web', 'subject', 'subject layer')
    subject = { digest, size: body.length }
  })

  it('MUST be 200 and an index in the body, also when there are none', async () => {
    const { status, headers, index } = await referrers(digestOf('nothing refers to this'))
    expect([status, headers['content-type']]).toEqual([200, INDEX])
    expect(index).toEqual({ schemaVersion: 2, mediaType: INDEX, manifests: [] })
  })

  it('a digest that is none MUST be 400', async () => {
    expect((await referrers('latest')).status).toBe(400)
  })

  it('descriptors MUST have the artifactType and annotations of the manifest', async () => {
    const named = { subject: { mediaType: MANIFEST, ...subject } }
    const signature = await pushImage('web', 'signature', 'signature', {
      ...named,
      artifactType: 'application/example.signature',
      annotations: { by: 'ada' },
    })
    // Without artifactType: the media type of the configuration; an index without one: none.
    const plain = await pushImage('web', 'plain', 'plain', named)
    const index = { schemaVersion: 2, mediaType: INDEX, manifests: [], ...named }
    const group = await putManifest('web', 'group', index, INDEX)
    const { index: list } = await referrers(subject.digest)
    const byDigest = Object.fromEntries(
      list.manifests.map((entry: { digest: string }) => [entry.digest, entry]),
    )
    expect(byDigest).toEqual({
      [signature.digest]: {
        mediaType: MANIFEST,
        digest: signature.digest,
        size: signature.body.length,
        artifactType: 'application/example.signature',
        annotations: { by: 'ada' },
      },
      [plain.digest]: expect.objectContaining({ artifactType: 'application/vnd.oci.image.config.v1+json' }),
      [group.digest]: { mediaType: INDEX, digest: group.digest, size: group.body.length },
    })
  })

  it('an empty artifactType MUST count as none', async () => {
    const of = digestOf('subject of an empty type')
    await pushImage('web', 'empty-type', 'empty type', {
      artifactType: '',
      subject: { mediaType: MANIFEST, digest: of, size: 1 },
    })
    const { index } = await referrers(of)
    expect(index.manifests[0].artifactType).toBe('application/vnd.oci.image.config.v1+json')
  })

  it('an index MUST be listed with its artifactType and annotations', async () => {
    const of = digestOf('subject of an index')
    const index = {
      schemaVersion: 2,
      mediaType: INDEX,
      manifests: [],
      artifactType: 'application/example.group',
      annotations: { of: 'many' },
      subject: { mediaType: MANIFEST, digest: of, size: 1 },
    }
    await putManifest('web', 'typed-index', index, INDEX)
    expect((await referrers(of)).index.manifests).toMatchObject([
      { mediaType: INDEX, artifactType: 'application/example.group', annotations: { of: 'many' } },
    ])
  })

  it('a subject of another digest algorithm MUST be listed as well: the API MUST NOT answer 404', async () => {
    const digest = `sha512:${'b'.repeat(128)}`
    expect((await referrers(digest)).index.manifests).toEqual([])
    await pushImage('web', 'of-sha512', 'of sha512', { subject: { mediaType: MANIFEST, digest, size: 1 } })
    expect((await referrers(digest)).index.manifests).toHaveLength(1)
  })

  it('a filter that was applied MUST be named in OCI-Filters-Applied', async () => {
    const { headers, index } = await referrers(subject.digest, '?artifactType=application/example.signature')
    expect([headers['oci-filters-applied'], index.manifests.length]).toEqual(['artifactType', 1])
    expect((await referrers(subject.digest, '?artifactType=other')).index.manifests).toEqual([])
    expect((await referrers(subject.digest)).headers['oci-filters-applied']).toBeUndefined()
  })

  it('lists too long for one answer SHOULD go on by Link', async () => {
    const many = digestOf('a subject with many referrers')
    for (let n = 0; n < 1001; n++) {
      lab.registry.contents.metadata.putManifest(
        'web',
        {
          digest: digestOf(`referrer ${n}`),
          mediaType: MANIFEST,
          size: 1,
          pushedAt: 0,
          subject: many,
          references: [],
          imageSize: 0,
        },
        undefined,
      )
    }
    const { headers, index } = await referrers(many)
    expect(index.manifests).toHaveLength(1000)
    const next = /<(.*)>; rel="next"/.exec(String(headers.link))![1]!
    expect(JSON.parse((await ask('GET', next)).text).manifests).toHaveLength(1)
  })

  it('the tag schema of registries without the API works beside it', async () => {
    const tag = subject.digest.replace(':', '-')
    const index = { schemaVersion: 2, mediaType: INDEX, manifests: [] }
    expect((await putManifest('web', tag, index, INDEX)).answer.status).toBe(201)
    expect((await ask('GET', `/v2/web/manifests/${tag}`)).headers['content-type']).toBe(INDEX)
  })
})

describe('Content Management', () => {
  it('DELETE of a tag MUST be 202 and leaves the manifest', async () => {
    const { digest } = await pushImage('web', 'old', 'old layer')
    expect((await ask('DELETE', '/v2/web/manifests/old')).status).toBe(202)
    expect((await ask('GET', '/v2/web/manifests/old')).status).toBe(404)
    expect((await ask('GET', `/v2/web/manifests/${digest}`)).status).toBe(200)
  })

  it('DELETE of a manifest MUST be 202; afterwards it and its tags MUST be 404', async () => {
    const { digest } = await pushImage('web', 'gone', 'gone layer')
    expect((await ask('DELETE', `/v2/web/manifests/${digest}`)).status).toBe(202)
    expect((await ask('GET', `/v2/web/manifests/${digest}`)).status).toBe(404)
    expect((await ask('GET', '/v2/web/manifests/gone')).status).toBe(404)
    expect((await ask('DELETE', `/v2/web/manifests/${digest}`)).status).toBe(404)
  })

  it('DELETE in a nonexistent repository MUST be 404', async () => {
    expect(await ask('DELETE', `/v2/nope/manifests/${ABSENT}`)).toMatchObject({
      status: 404,
      code: 'NAME_UNKNOWN',
    })
  })

  it('a deleted referrer leaves the referrers list', async () => {
    const subject = digestOf('subject of a deleted referrer')
    const { digest } = await pushImage('web', 'ref', 'ref', {
      subject: { mediaType: MANIFEST, digest: subject, size: 1 },
    })
    const list = async () =>
      JSON.parse((await ask('GET', `/v2/web/referrers/${subject}`)).text).manifests.length
    expect(await list()).toBe(1)
    await ask('DELETE', `/v2/web/manifests/${digest}`)
    expect(await list()).toBe(0)
  })

  it('DELETE of a blob MUST be 202, of an unknown one 404', async () => {
    await upload('web', 'blob to delete')
    const path = `/v2/web/blobs/${digestOf('blob to delete')}`
    expect((await ask('DELETE', path)).status).toBe(202)
    expect((await ask('GET', path)).status).toBe(404)
    expect(await ask('DELETE', path)).toMatchObject({ status: 404, code: 'BLOB_UNKNOWN' })
  })
})

describe('Error Codes', () => {
  it('a 4xx answer is JSON with code, message and detail', async () => {
    const { headers, text } = await ask('GET', `/v2/web/blobs/${ABSENT}`)
    expect(headers['content-type']).toBe('application/json')
    expect(JSON.parse(text)).toEqual({
      errors: [{ code: 'BLOB_UNKNOWN', message: 'blob unknown to registry', detail: ABSENT }],
    })
  })

  it('a method that a path does not have is UNSUPPORTED', async () => {
    for (const [method, path] of [
      ['POST', '/v2/web/tags/list'],
      ['PUT', `/v2/web/referrers/${ABSENT}`],
      ['PATCH', '/v2/web/manifests/v1'],
      ['GET', '/v2/web/blobs/uploads/'],
    ] as const)
      expect([path, (await ask(method, path)).code]).toEqual([path, 'UNSUPPORTED'])
  })

  it('a path that is none of the specification’s is 404, in no JSON: its codes would not fit', async () => {
    const { status, headers, text } = await ask('GET', '/v2/web/nothing')
    expect([status, headers['content-type'], text]).toEqual([
      404,
      'text/plain; charset=utf-8',
      '404 page not found\n',
    ])
  })

  it('what is no digest is DIGEST_INVALID; one of another algorithm is unknown', async () => {
    const sha512 = `sha512:${'a'.repeat(128)}`
    for (const where of ['blobs', 'manifests']) {
      for (const text of ['sha256:abc', 'sha256:', `sha512:${'a'.repeat(64)}`])
        expect(await ask('GET', `/v2/web/${where}/${text}`)).toMatchObject({
          status: 400,
          code: 'DIGEST_INVALID',
        })
      expect((await ask('GET', `/v2/web/${where}/${sha512}`)).status).toBe(404)
    }
  })

  it('the codes are those of the specification: letters and underscores', async () => {
    const codes = await Promise.all([
      ask('GET', '/v2/', { headers: { authorization: '' } }),
      ask('GET', '/v2/Web/tags/list'),
      ask('GET', '/v2/nope/tags/list'),
      ask('GET', `/v2/web/blobs/${ABSENT}`),
      ask('GET', `/v2/web/manifests/${ABSENT}`),
      ask('GET', '/v2/web/blobs/uploads/none'),
      ask('PUT', '/v2/web/manifests/bad', { body: '{' }),
      ask('POST', `/v2/web/blobs/uploads/?digest=${ABSENT}`, { body: 'other' }),
      ask('DELETE', '/v2/web/tags/list'),
      ask('GET', '/v2/web/tags/list?n=x'),
    ])
    expect(codes.map(({ code }) => code)).toEqual([
      'UNAUTHORIZED',
      'NAME_INVALID',
      'NAME_UNKNOWN',
      'BLOB_UNKNOWN',
      'MANIFEST_UNKNOWN',
      'BLOB_UPLOAD_UNKNOWN',
      'MANIFEST_INVALID',
      'DIGEST_INVALID',
      'UNSUPPORTED',
      // Not of its table, but what CNCF Distribution answers.
      'PAGINATION_NUMBER_INVALID',
    ])
  })
})
