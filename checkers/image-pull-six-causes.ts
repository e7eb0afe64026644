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
): Promise<void> {
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
}

const NGINX = /^nginx(:1\.29(\.\d+)?)?(@sha256:[0-9a-f]{64})?$/

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
  await runs(t, cluster, 'digest', NGINX, 'nginx:1.29')
  for (const name of ['tag', 'typo', 'host', 'private']) {
    await readyDeployment(t, cluster, { name, hint: 'It was mended in a step before; make it again.' })
  }
}

export default defineChecker({
  lab: 'image-pull-six-causes',
  steps: { names, private: privateImage, policies },
})
