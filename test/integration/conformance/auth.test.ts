import { createPublicKey, generateKeyPairSync, sign as signBytes, verify } from 'node:crypto'
import { beforeAll, describe, expect, it } from 'vitest'
import { createAuthority } from '#network/authority.ts'
import { allOperations } from './operations.ts'
import { type Json, workbench } from './workbench.ts'

// Conformance of sig-auth. Each `it` is named after the testname of test/conformance/testdata/conformance.yaml (kubernetes/kubernetes, 1.35).

const bench = workbench(1)
const AGNHOST = 'registry.k8s.io/e2e-test-images/agnhost:2.53'
const MOUNT = '/var/run/secrets/kubernetes.io/serviceaccount'

let space: string
let core: string
beforeAll(async () => {
  const made = await bench.namespace()
  space = made.name
  core = made.core
})

const pod = (name: string, spec: object = {}) => ({
  metadata: { name },
  spec: {
    terminationGracePeriodSeconds: 0,
    containers: [{ name: 'main', image: AGNHOST, args: ['pause'] }],
    ...spec,
  },
})
const running = (name: string) =>
  bench.until(`${core}/pods/${name}`, (pod) => pod?.status.phase === 'Running')
const read = (name: string, path: string) => bench.cluster.kubectl(`exec -n ${space} ${name} -- cat ${path}`)
const claimsOf = (token: string) => JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString())

/** A certificate request in DER, signed by its key: enough of PKCS #10 for a subject's common name. */
function certificateRequest(commonName: string): string {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const tag = (number: number, ...parts: Buffer[]) => {
    const content = Buffer.concat(parts)
    const length = content.length < 128 ? Buffer.from([content.length]) : Buffer.from([0x81, content.length])
    return Buffer.concat([Buffer.from([number]), length, content])
  }
  const name = tag(
    0x30,
    tag(0x31, tag(0x30, tag(0x06, Buffer.from([0x55, 4, 3])), tag(0x0c, Buffer.from(commonName)))),
  )
  const info = tag(
    0x30,
    tag(0x02, Buffer.from([0])),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    tag(0xa0),
  )
  const signature = signBytes('sha256', info, privateKey)
  const algorithm = tag(0x30, tag(0x06, Buffer.from([0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2])))
  const request = tag(0x30, info, algorithm, tag(0x03, Buffer.from([0]), signature))
  const pem = `-----BEGIN CERTIFICATE REQUEST-----\n${request
    .toString('base64')
    .match(/.{1,64}/g)!
    .join('\n')}\n-----END CERTIFICATE REQUEST-----\n`
  return Buffer.from(pem).toString('base64')
}

describe('certificates', () => {
  const base = '/apis/certificates.k8s.io/v1'
  it('CertificateSigningRequest API', async () => {
    const { certificate } = await createAuthority('e2e-example', Date.now())
    await allOperations(bench, {
      base,
      plural: 'certificatesigningrequests',
      object: {
        spec: {
          request: certificateRequest('e2e-example'),
          signerName: 'example.com/e2e',
          expirationSeconds: 3600,
          usages: ['client auth'],
        },
      },
      subresources: ['approval'],
      status: () => ({ certificate: Buffer.from(certificate).toString('base64') }),
    })
    const requests = `${base}/certificatesigningrequests`
    await bench.post(requests, {
      metadata: { name: 'approved' },
      spec: {
        request: certificateRequest('approved'),
        signerName: 'example.com/e2e',
        usages: ['client auth'],
      },
    })
    const wrong = { status: { certificate: Buffer.from('none').toString('base64') } }
    const merge = { 'content-type': 'application/merge-patch+json' }
    expect((await bench.refused('PATCH', `${requests}/approved/status`, wrong, merge)).message).toContain(
      'status.certificate: Invalid value: "<certificate data>": must contain at least one CERTIFICATE PEM block',
    )
    const path = `${requests}/approved/approval`
    const object = await bench.get(path)
    object.status = {
      conditions: [{ type: 'Approved', status: 'True', reason: 'E2E', message: 'set by a test' }],
    }
    expect((await bench.put(path, object)).status.conditions[0]).toMatchObject({
      type: 'Approved',
      reason: 'E2E',
    })
    const patched = await bench.patch(path, { metadata: { annotations: { patchedapproval: 'patched' } } })
    expect(patched.metadata.annotations.patchedapproval).toBe('patched')
  })
})

describe('ServiceAccounts', () => {
  it('Service Account Tokens Must AutoMount', async () => {
    await bench.post(`${core}/pods`, pod('mounted'))
    await running('mounted')
    const claims = claimsOf(await read('mounted', `${MOUNT}/token`))
    expect(claims.sub).toBe(`system:serviceaccount:${space}:default`)
    expect(claims['kubernetes.io']).toMatchObject({
      namespace: space,
      pod: { name: 'mounted' },
      serviceaccount: { name: 'default' },
    })
    expect(await read('mounted', `${MOUNT}/namespace`)).toBe(space)
    const { data } = await bench.get(`${core}/configmaps/kube-root-ca.crt`)
    expect(await read('mounted', `${MOUNT}/ca.crt`)).toBe(data['ca.crt'])
  })

  it('Service account tokens auto mount optionally', async () => {
    for (const [name, automount] of [
      ['mounts', true],
      ['mounts-not', false],
    ] as const)
      await bench.post(`${core}/serviceaccounts`, {
        metadata: { name },
        automountServiceAccountToken: automount,
      })
    const isMounted = async (serviceAccountName: string, own: boolean | undefined) => {
      const spec = { serviceAccountName, ...(own !== undefined && { automountServiceAccountToken: own }) }
      const made = await bench.post(`${core}/pods?dryRun=All`, pod('automount', spec))
      return made.spec.containers[0].volumeMounts?.some(({ mountPath }: Json) => mountPath === MOUNT) ?? false
    }
    const found = []
    for (const own of [undefined, true, false])
      for (const account of ['default', 'mounts', 'mounts-not'])
        found.push([own, account, await isMounted(account, own)])
    expect(found).toEqual([
      [undefined, 'default', true],
      [undefined, 'mounts', true],
      [undefined, 'mounts-not', false],
      [true, 'default', true],
      [true, 'mounts', true],
      [true, 'mounts-not', true],
      [false, 'default', false],
      [false, 'mounts', false],
      [false, 'mounts-not', false],
    ])
  })

  it('TokenRequestProjection should mount a projected volume with token using TokenRequest API.', async () => {
    const volumes = [
      {
        name: 'token',
        projected: {
          sources: [
            { serviceAccountToken: { path: 'token', expirationSeconds: 7200, audience: 'somebody' } },
          ],
        },
      },
    ]
    const volumeMounts = [{ name: 'token', mountPath: '/var/run/projected' }]
    await bench.post(
      `${core}/pods`,
      pod('projected', {
        volumes,
        containers: [{ name: 'main', image: AGNHOST, args: ['pause'], volumeMounts }],
      }),
    )
    await running('projected')
    const { aud, exp, iat, sub } = claimsOf(await read('projected', '/var/run/projected/token'))
    expect(aud).toEqual(['somebody'])
    expect(exp - iat).toBe(7200)
    expect(sub).toBe(`system:serviceaccount:${space}:default`)
  })

  it('RootCA ConfigMap test', async () => {
    const path = `${core}/configmaps/kube-root-ca.crt`
    const { data, metadata } = await bench.get(path)
    expect(data['ca.crt']).toContain('BEGIN CERTIFICATE')
    await bench.delete(path)
    await bench.until(path, (map) => map && map.metadata.uid !== metadata.uid)
    await bench.patch(path, { data: { 'ca.crt': '' } })
    await bench.until(path, (map) => map.data['ca.crt'] === data['ca.crt'])
  })

  it('ServiceAccount lifecycle test', async () => {
    const accounts = `${core}/serviceaccounts`
    const watch = await bench.watch(`${accounts}?labelSelector=test-serviceaccount-static%3Dtrue`)
    await bench.post(accounts, {
      metadata: { name: 'lifecycle', labels: { 'test-serviceaccount-static': 'true' } },
    })
    await watch.next(({ type }) => type === 'ADDED')
    expect(
      (await bench.patch(`${accounts}/lifecycle`, { automountServiceAccountToken: false }, 'strategic'))
        .automountServiceAccountToken,
    ).toBe(false)
    const { items } = await bench.get(
      '/api/v1/serviceaccounts?labelSelector=test-serviceaccount-static%3Dtrue',
    )
    expect(
      items.map(({ metadata, automountServiceAccountToken }: Json) => [
        metadata.name,
        automountServiceAccountToken,
      ]),
    ).toEqual([['lifecycle', false]])
    await bench.delete(`${accounts}?labelSelector=test-serviceaccount-static%3Dtrue`)
    await watch.next(({ type }) => type === 'DELETED')
    watch.close()
  })

  it('ServiceAccount, update a ServiceAccount', async () => {
    const path = `${core}/serviceaccounts/updated`
    await bench.post(`${core}/serviceaccounts`, {
      metadata: { name: 'updated' },
      automountServiceAccountToken: true,
    })
    const updated = await bench.change(path, (account) => {
      account.automountServiceAccountToken = false
    })
    expect(updated.automountServiceAccountToken).toBe(false)
  })

  it('ServiceAccount, create and review token', async () => {
    const { status } = await bench.post(`${core}/serviceaccounts/default/token`, { spec: {} })
    expect(status.token).toBeTruthy()
    const review = await bench.post('/apis/authentication.k8s.io/v1/tokenreviews', {
      spec: { token: status.token },
    })
    expect(review.status).toMatchObject({
      authenticated: true,
      user: { username: `system:serviceaccount:${space}:default` },
    })
    expect(review.status.error).toBeUndefined()
  })

  it('OIDC Discovery (ServiceAccountIssuerDiscovery)', async () => {
    const { status } = await bench.post(`${core}/serviceaccounts/default/token`, {
      spec: { audiences: ['oidc-discovery-test'] },
    })
    const [head, payload, signature] = status.token.split('.')
    const { alg, kid } = JSON.parse(Buffer.from(head, 'base64url').toString())
    // A pod asks with its own token, as its service account may.
    const asPod = { authorization: `Bearer ${(await read('mounted', `${MOUNT}/token`)).trim()}` }
    const discovery = await bench.get('/.well-known/openid-configuration', asPod)
    expect(discovery).toMatchObject({
      issuer: claimsOf(status.token).iss,
      response_types_supported: ['id_token'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: [alg],
    })
    const { keys } = JSON.parse(await bench.get(new URL(discovery.jwks_uri).pathname, asPod))
    const key = createPublicKey({ key: keys.find((key: Json) => key.kid === kid), format: 'jwk' })
    const signed = Buffer.from(`${head}.${payload}`)
    const options = alg.startsWith('ES') ? { key, dsaEncoding: 'ieee-p1363' as const } : key
    expect(verify('sha256', signed, options, Buffer.from(signature, 'base64url'))).toBe(true)
  })
})

describe('SubjectReviews', () => {
  it('SubjectReview, API Operations', async () => {
    await bench.post(`${core}/serviceaccounts`, { metadata: { name: 'reviewed' } })
    const user = `system:serviceaccount:${space}:reviewed`
    const groups = ['system:authenticated', 'system:serviceaccounts', `system:serviceaccounts:${space}`]
    const resourceAttributes = { verb: 'list', resource: 'configmaps', version: 'v1', namespace: space }
    const both = async () => {
      const review = { spec: { user, groups, resourceAttributes } }
      const everywhere = await bench.post('/apis/authorization.k8s.io/v1/subjectaccessreviews', review)
      const local = await bench.post(
        `/apis/authorization.k8s.io/v1/namespaces/${space}/localsubjectaccessreviews`,
        review,
      )
      const asUser = await bench.ask('GET', `${core}/configmaps`, undefined, { 'impersonate-user': user })
      return [everywhere.status.allowed, local.status.allowed, asUser.status]
    }
    expect(await both()).toEqual([false, false, 403])
    const rbac = `/apis/rbac.authorization.k8s.io/v1/namespaces/${space}`
    await bench.post(`${rbac}/roles`, {
      metadata: { name: 'lists' },
      rules: [{ verbs: ['list'], apiGroups: [''], resources: ['configmaps'] }],
    })
    await bench.post(`${rbac}/rolebindings`, {
      metadata: { name: 'lists' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'lists' },
      subjects: [{ kind: 'ServiceAccount', name: 'reviewed', namespace: space }],
    })
    expect(await both()).toEqual([true, true, 200])
  })
})
