import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { worldKubeConfig } from '#checks/world-kubeconfig.ts'

const PROXY = 'http://world:secret@127.0.0.1:4000'
const CONTEXT = 'kind-kind'

/** A kubeconfig as kind writes it, with other entries for its cluster and user. */
const kubeConfig = (cluster: object = {}, user: object = {}) =>
  stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': CONTEXT,
    contexts: [{ name: CONTEXT, context: { cluster: CONTEXT, user: CONTEXT } }],
    clusters: [
      {
        name: CONTEXT,
        cluster: { server: 'https://127.0.0.1:43015', 'certificate-authority-data': 'Y2E=', ...cluster },
      },
    ],
    users: [
      { name: CONTEXT, user: { 'client-certificate-data': 'Y2VydA==', 'client-key-data': 'a2V5', ...user } },
    ],
  })

it('takes what stands in the file, and reaches it through the world', () => {
  const config = worldKubeConfig(kubeConfig(), CONTEXT, PROXY)!
  expect(config.getCurrentCluster()).toMatchObject({
    server: 'https://127.0.0.1:43015',
    caData: 'Y2E=',
    proxyUrl: PROXY,
  })
  expect(config.getCurrentUser()).toMatchObject({ certData: 'Y2VydA==', keyData: 'a2V5' })
})

it('has no access for a context that is not there', () => {
  expect(worldKubeConfig(kubeConfig(), 'other', PROXY)).toBeUndefined()
  expect(worldKubeConfig('kind: Config', CONTEXT, PROXY)).toBeUndefined()
})

describe('a learner’s file is input', () => {
  let folder: string
  let secret: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'drydock-kubeconfig-'))
    secret = join(folder, 'secret')
    await writeFile(secret, 'a secret of the machine')
  })
  afterAll(() => rm(folder, { recursive: true }))

  it.each([
    [
      'a credential program',
      {},
      { exec: { apiVersion: 'client.authentication.k8s.io/v1', command: 'id' } },
      'exec',
    ],
    [
      'a provider that runs a program',
      {},
      { 'auth-provider': { name: 'gcp', config: { 'cmd-path': 'id' } } },
      'auth-provider',
    ],
    ['a certificate from elsewhere', {}, { 'client-certificate': '/etc/passwd' }, 'client-certificate'],
    ['a key from elsewhere', {}, { 'client-key': '/etc/passwd' }, 'client-key'],
    ['a token from elsewhere', {}, { tokenFile: '/etc/passwd' }, 'tokenFile'],
    ['an authority from elsewhere', { 'certificate-authority': '/etc/passwd' }, {}, 'certificate-authority'],
    ['a way around the world', { 'proxy-url': 'http://127.0.0.1:22' }, {}, 'proxy-url'],
  ])('refuses %s', (_, cluster, user, key) => {
    expect(() => worldKubeConfig(kubeConfig(cluster, user), CONTEXT, PROXY)).toThrow(`uses "${key}"`)
  })

  it('does not read a token from a file, which the client library would do', () => {
    expect(() => worldKubeConfig(kubeConfig({}, { 'token-file': secret }), CONTEXT, PROXY)).toThrow(
      'uses "token-file"',
    )
  })

  it.each([
    ['text that is no YAML', '{'],
    ['a list', '- a'],
    ['a server that is no address', kubeConfig({ server: 'file:///etc/passwd' })],
    ['aliases that multiply', `a: &a [x, x]\nb: &b [${'*a, '.repeat(30)}]\nc: [${'*b, '.repeat(30)}]\n`],
  ])('says what is wrong with %s', (_, text) => {
    expect(() => worldKubeConfig(text, CONTEXT, PROXY)).toThrow(
      expect.objectContaining({ name: 'KubeConfigError' }),
    )
  })
})
