import { CustomObjectsApi, type V1CustomResourceDefinition, type V1Deployment } from '@kubernetes/client-node'
import { type CheckContext, defineChecker } from '#checks/checker.ts'
import { type Cluster, existing, kindCluster, readyDeployment } from './lib/cluster.ts'

const CRD = 'sites.harbor.example'
const KIND = 'harbor.example/v1/Site'

interface Site {
  metadata: { name: string; uid: string }
  spec: { image: string; replicas?: number }
}

async function findKind(t: CheckContext, cluster: Cluster, id: string): Promise<void> {
  const crd = await cluster.get<V1CustomResourceDefinition>(
    'apiextensions.k8s.io/v1/CustomResourceDefinition',
    CRD,
  )
  const established = crd?.status?.conditions?.some(
    ({ type, status }) => type === 'Established' && status === 'True',
  )
  t.expect(established ?? false, {
    id,
    title: 'The API server knows the kind Site',
    expected: `a CustomResourceDefinition ${CRD} that is Established`,
    observed: crd ? 'it is not established' : 'there is none',
    evidence: 'kubectl get crds',
    cause: 'Without the definition kubectl says: no matches for kind "Site".',
    hint: 'kubectl apply -f crd.yaml',
  })
}

async function findSite(t: CheckContext, cluster: Cluster): Promise<Site> {
  return await existing<Site>(t, cluster, KIND, 'blog', { id: 'no-site', hint: 'kubectl apply -f blog.yaml' })
}

async function define(t: CheckContext): Promise<void> {
  const cluster = await kindCluster(t)
  await findKind(t, cluster, 'no-crd')
  await findSite(t, cluster)
}

/** Whether the API server would take a Site with so many replicas; asked without storing anything. */
async function takes(cluster: Cluster, replicas: number): Promise<boolean> {
  try {
    await cluster.config.makeApiClient(CustomObjectsApi).createNamespacedCustomObject({
      group: 'harbor.example',
      version: 'v1',
      namespace: 'default',
      plural: 'sites',
      dryRun: 'All',
      body: {
        apiVersion: 'harbor.example/v1',
        kind: 'Site',
        metadata: { generateName: 'check-' },
        spec: { image: 'nginx:1.29', replicas },
      },
    })
    return true
  } catch (error) {
    if ((error as { code?: number }).code === 422) return false
    throw error
  }
}

async function rules(t: CheckContext): Promise<void> {
  const cluster = await kindCluster(t)
  await findKind(t, cluster, 'no-crd')
  t.expect(!(await takes(cluster, 6)), {
    id: 'too-many-allowed',
    title: 'Six replicas are refused',
    expected: 'the API server refuses replicas: 6',
    observed: 'it takes them',
    evidence: `kubectl patch site blog --type=merge -p '{"spec":{"replicas":6}}' --dry-run=server`,
    cause: 'The schema has no upper limit, or the changed file was not applied.',
    hint: 'maximum: 5 beside minimum: 1 in crd.yaml, then kubectl apply -f crd.yaml',
  })
  t.expect(await takes(cluster, 5), {
    id: 'five-refused',
    title: 'Five replicas are allowed',
    expected: 'replicas: 5 is taken',
    observed: 'it is refused',
    evidence: `kubectl patch site blog --type=merge -p '{"spec":{"replicas":5}}' --dry-run=server`,
    cause: 'The limit is too low.',
    hint: 'maximum: 5 includes five.',
  })
  const { spec } = await findSite(t, cluster)
  t.expect((spec.replicas ?? 0) <= 5, {
    id: 'site-too-large',
    title: 'The Site blog keeps the rule',
    expected: '5 replicas or fewer',
    observed: `${spec.replicas}`,
    evidence: 'kubectl get sites',
    cause: 'A new rule does not change what is stored already.',
    hint: `kubectl patch site blog --type=merge -p '{"spec":{"replicas":2}}'`,
  })
}

async function operate(t: CheckContext): Promise<void> {
  const cluster = await kindCluster(t)
  const site = await findSite(t, cluster)
  t.expect((await cluster.get<V1Deployment>('apps/v1/Deployment', 'operator', 'default')) !== undefined, {
    id: 'no-operator',
    title: 'The operator is deployed',
    expected: 'a Deployment operator',
    observed: 'there is none',
    evidence: 'kubectl get deployments',
    hint: 'kubectl apply -f operator.yaml',
  })
  await readyDeployment(t, cluster, { name: 'operator', hint: 'kubectl apply -f operator.yaml' })
  const blog = await readyDeployment(t, cluster, {
    name: 'blog',
    hint: 'kubectl logs deployment/operator shows why it does not make it: a 403 means that it lacks rights.',
  })
  t.expect(blog.metadata?.ownerReferences?.some(({ uid }) => uid === site.metadata.uid) ?? false, {
    id: 'not-owned',
    title: 'The Deployment blog was made by the operator',
    expected: 'an ownerReference to the Site blog',
    observed: 'none',
    evidence: "kubectl get deployment blog -o jsonpath='{.metadata.ownerReferences}'",
    cause: 'It was made by hand, or the operator may not change Deployments.',
    hint: 'kubectl logs deployment/operator; delete the Deployment blog and let the operator make it.',
  })
}

async function cleanUp(t: CheckContext): Promise<void> {
  const cluster = await kindCluster(t)
  await findKind(t, cluster, 'kind-gone')
  const site = await cluster.get<Site>(KIND, 'blog', 'default')
  t.expect(!site, {
    id: 'site-left',
    title: 'The Site blog is deleted',
    expected: 'no Site blog',
    observed: 'it is there',
    evidence: 'kubectl get sites',
    cause: 'Deleting the Deployment is useless: the operator makes it again.',
    hint: 'kubectl delete site blog',
  })
  const left = await cluster.get<V1Deployment>('apps/v1/Deployment', 'blog', 'default')
  t.expect(!left, {
    id: 'deployment-left',
    title: 'Its Deployment is gone',
    expected: 'no Deployment blog',
    observed: 'it is there',
    evidence: 'kubectl get deployments',
    cause:
      'The garbage collector removes only what has an owner: it was made by hand, or deleted with --cascade=orphan, which takes the owner away.',
    hint: 'Wait a moment, or delete it.',
  })
}

export default defineChecker({
  lab: 'crds-and-operators',
  steps: { define, rules, operate, 'clean-up': cleanUp },
})
