import type { V1ConfigMap, V1Secret } from '@kubernetes/client-node'
import { type CheckContext, defineChecker } from '#checks/checker.ts'
import { type Cluster, kindCluster, readyDeployment } from './lib/cluster.ts'

/** The revisions of a release, as Helm keeps them in Secrets: `sh.helm.release.v1.<name>.v<revision>`. */
async function revisions(cluster: Cluster, release: string): Promise<{ revision: number; status: string }[]> {
  const secrets = await cluster.list<V1Secret>('v1/Secret', 'default', `owner=helm,name=${release}`)
  return secrets
    .map(({ metadata }) => ({
      revision: Number(metadata?.labels?.version),
      status: metadata?.labels?.status ?? '',
    }))
    .sort((a, b) => a.revision - b.revision)
}

async function expectRelease(t: CheckContext, cluster: Cluster, name: string, values: string): Promise<void> {
  const hint = `helm install ${name} site${values} --wait`
  await readyDeployment(t, cluster, { name, hint })
  const known = await revisions(cluster, name)
  t.expect(known.length > 0, {
    id: 'not-by-helm',
    title: `Helm knows the release ${name}`,
    expected: `a release ${name}`,
    observed: 'the Deployment is there, the release is not',
    evidence: 'helm list',
    cause: 'What kubectl applies is not Helm’s: it cannot upgrade it or roll it back.',
    hint: `kubectl delete deployment/${name} configmap/${name}-page; then ${hint}`,
  })
}

async function install(t: CheckContext): Promise<void> {
  const cluster = await kindCluster(t)
  await expectRelease(t, cluster, 'test', '')
  await expectRelease(t, cluster, 'live', ' --set replicas=3 --set title=Live')
  await expectReplicas(t, cluster, 'too-few-replicas')
}

async function expectReplicas(t: CheckContext, cluster: Cluster, id: string): Promise<void> {
  const live = await readyDeployment(t, cluster, { name: 'live', hint: 'helm install live site' })
  t.expect(live.spec?.replicas === 3, {
    id,
    title: 'live has three replicas',
    expected: '3 replicas',
    observed: `${live.spec?.replicas}`,
    evidence: 'helm get values live',
    cause: 'A value that is given neither now nor by --reuse-values comes from values.yaml: 1.',
    hint: 'helm upgrade live site --reuse-values --set replicas=3',
  })
}

async function titleOf(cluster: Cluster): Promise<string> {
  const page = await cluster.get<V1ConfigMap>('v1/ConfigMap', 'live-page', 'default')
  return page?.data?.['index.html']?.trim() ?? 'no page'
}

async function upgrade(t: CheckContext): Promise<void> {
  const cluster = await kindCluster(t)
  const title = await titleOf(cluster)
  t.expect(title.includes('Spring'), {
    id: 'title-not-changed',
    title: 'The page of live says Spring',
    expected: '<h1>Spring</h1>',
    observed: title,
    evidence: 'kubectl get configmap live-page -o yaml',
    cause: 'The release was not upgraded, or another one was.',
    hint: 'helm upgrade live site --reuse-values --set title=Spring',
  })
  await expectReplicas(t, cluster, 'values-lost')
}

async function rollBack(t: CheckContext): Promise<void> {
  const cluster = await kindCluster(t)
  await readyDeployment(t, cluster, { name: 'live', hint: 'helm rollback live 2' })
  const all = await revisions(cluster, 'live')
  const failed = all.findIndex(({ status }) => status === 'failed')
  t.expect(failed >= 0, {
    id: 'no-bad-upgrade',
    title: 'Helm knows of an upgrade that failed',
    expected: 'a revision that is failed',
    observed: all.map(({ revision, status }) => `${revision} ${status}`).join(', '),
    evidence: 'helm history live',
    cause:
      'The bad upgrade is not done yet, or it was done without --wait: then Helm does not see that it is bad.',
    hint: 'helm upgrade live site --reuse-values --set image=nginx:1.29.99 --wait --timeout 10s',
  })
  t.expect(failed < all.length - 1 && all.at(-1)?.status === 'deployed', {
    id: 'not-rolled-back',
    title: 'A bad upgrade was rolled back',
    expected: 'a failed revision and a deployed one after it',
    observed: all.map(({ revision, status }) => `${revision} ${status}`).join(', '),
    evidence: 'helm history live',
    cause: 'The newest revision is the bad one still.',
    hint: 'helm rollback live 2',
  })
  const title = await titleOf(cluster)
  t.expect(title.includes('Spring'), {
    id: 'wrong-revision',
    title: 'live is as it was before the bad upgrade',
    expected: '<h1>Spring</h1>',
    observed: title,
    evidence: 'helm history live',
    cause: 'The rollback went further back than to the last good revision.',
    hint: 'helm rollback live 2',
  })
}

export default defineChecker({ lab: 'helm', steps: { install, upgrade, 'roll-back': rollBack } })
