import { afterAll, beforeAll, expect, it } from 'vitest'
import { Catalogue } from '#containers/catalogue/catalogue.ts'
import { type Lab, openLab } from './lab.ts'

let lab: Lab
beforeAll(async () => {
  lab = await openLab()
})
afterAll(() => lab.close())

// Where they are named: kubernetes.io/docs/concepts/workloads/controllers/deployment (1.14.2, 1.16.1), the chart of `helm create` (1.16.0),
// kubernetes.io/docs/tasks/configure-pod-container/configure-liveness-readiness-startup-probes (busybox 1.27.2).
it.each([
  ['registry-1.docker.io', 'library/nginx', '1.14.2'],
  ['registry-1.docker.io', 'library/nginx', '1.16.1'],
  ['registry-1.docker.io', 'library/nginx', '1.16.0'],
  ['registry.k8s.io', 'busybox', '1.27.2'],
])('has what tutorials run: %s/%s:%s', async (host, repository, tag) => {
  const catalogue = new Catalogue(lab.blobs)
  const index = await catalogue.manifest(host, repository, tag)
  expect(await catalogue.manifest(host, repository, index!.digest)).toEqual(index)
})
