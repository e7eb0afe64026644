import type { V1Deployment, V1Secret } from '@kubernetes/client-node'
import { type CheckContext, defineChecker } from '#checks/checker.ts'
import { type Cluster, containersOf, existing, kindCluster, readyDeployment } from './lib/cluster.ts'

const imageOf = (deployment: V1Deployment) =>
  (containersOf(deployment)[0]?.image ?? '').replace(/^docker\.io\//, '').replace(/^library\//, '')

async function runs(
  t: CheckContext,
  cluster: Cluster,
  name: string,
  image: RegExp,
  wanted: string,
): Promise<string> {
  const deployment = await readyDeployment(t, cluster, {
    name,
    hint: `kubectl describe pod -l app=${name} ends with the reason.`,
  })
  t.expect(image.test(imageOf(deployment)), {
    id: `wrong-image-${name}`,
    title: `${name} runs ${wanted}`,
    expected: wanted,
    observed: imageOf(deployment),
    evidence: `kubectl get deployment ${name} -o wide`,
    cause: 'It runs, but not what was wanted.',
    hint: `kubectl set image deployment/${name} '*=${wanted}'`,
  })
  return imageOf(deployment)
}

const NGINX = /^nginx(:1\.29(\.\d+)?)?(@sha256:[0-9a-f]{64})?$/

/** A digest says nothing of a version: the image's own environment does. What has only a tag passes. */
async function isNginx129(t: CheckContext, image: string): Promise<void> {
  const digest = image.split('@')[1]
  if (!digest) return
  const hub = t.registry('registry-1.docker.io')
  const manifest = await hub.manifest('library/nginx', digest)
  const config = manifest && (await hub.config('library/nginx', manifest))
  const version = config?.config?.Env?.find((line) => line.startsWith('NGINX_VERSION='))?.split('=')[1]
  t.expect(version?.startsWith('1.29.') === true, {
    id: 'digest-of-another-version',
    title: 'The digest is one of nginx:1.29',
    expected: 'a digest of nginx 1.29',
    observed: version ? `a digest of nginx ${version}` : 'a digest of another image',
    evidence: 'docker pull nginx:1.29',
    cause: 'A digest names one content and tells no version. This content is another one.',
    hint: 'docker pull nginx:1.29 prints its digest; or use the tag.',
  })
}

async function names(t: CheckContext): Promise<void> {
  const cluster = await kindCluster(t)
  for (const name of ['tag', 'typo', 'host']) await runs(t, cluster, name, /^nginx:1\.29/, 'nginx:1.29')
}

async function privateImage(t: CheckContext): Promise<void> {
  const cluster = await kindCluster(t)
  const deployment = await existing<V1Deployment>(t, cluster, 'apps/v1/Deployment', 'private', {
    hint: 'Make it again with the image <your account>/secret-site:v1.',
  })
  t.expect(/\/secret-site:v1$/.test(imageOf(deployment)), {
    id: 'image-replaced',
    title: 'private runs your private image',
    expected: '<your account>/secret-site:v1',
    observed: imageOf(deployment),
    evidence: 'kubectl get deployment private -o wide',
    cause: 'Another image is no cure: the customer wants this one.',
    hint: 'Set the image back and give the cluster a password.',
  })
  const secrets = await cluster.list<V1Secret>('v1/Secret', 'default')
  t.expect(
    secrets.some(({ type }) => type === 'kubernetes.io/dockerconfigjson'),
    {
      id: 'wrong-secret-type',
      title: 'There is a Secret with a registry password',
      expected: 'a Secret of type kubernetes.io/dockerconfigjson',
      observed: secrets.map(({ metadata, type }) => `${metadata?.name}: ${type}`).join(', ') || 'no Secret',
      evidence: 'kubectl get secrets',
      cause: 'The kubelet reads logins from Secrets of this type only; others are passed over.',
      hint: 'kubectl create secret docker-registry hub --docker-username=… --docker-password=…',
    },
  )
  await readyDeployment(t, cluster, {
    name: 'private',
    hint: 'kubectl describe pod -l app=private: is the Secret named in imagePullSecrets, and the password right?',
  })
}

async function policies(t: CheckContext): Promise<void> {
  const cluster = await kindCluster(t)
  await runs(t, cluster, 'never', /^httpd:2\.4/, 'httpd:2.4')
  const digest = await runs(t, cluster, 'digest', NGINX, 'nginx:1.29')
  await isNginx129(t, digest)
  for (const name of ['tag', 'typo', 'host', 'private']) {
    await readyDeployment(t, cluster, { name, hint: 'It was mended in a step before; make it again.' })
  }
}

export default defineChecker({
  lab: 'image-pull-six-causes',
  steps: { names, private: privateImage, policies },
})
