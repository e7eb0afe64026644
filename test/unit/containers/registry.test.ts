import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { digestOf } from '#containers/blobs/digest.ts'
import { type Lab, openLab, REGISTRY } from './lab.ts'
import { registryClient } from './registry-client.ts'

let lab: Lab
beforeAll(async () => {
  lab = await openLab()
})
afterAll(() => lab.close())

describe('registries', () => {
  it('keeps two worlds apart on one blob store', async () => {
    await registryClient(lab).pushImage('web', 'v1', 'layer one')
    const other = await openLab({ folder: lab.folder, world: { id: 'other' } })
    const { ask } = registryClient(other)
    expect((await ask('GET', '/v2/web/manifests/v1')).status).toBe(404)
    expect((await ask('GET', `/v2/web/blobs/${digestOf('layer one')}`)).status).toBe(404)
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
    await lab.hub.accounts.set('ada', 'secret')
    lab.hub.repositories.set('ada/app', { private: true })
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
