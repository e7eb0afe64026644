import type { V1ConfigMap, V1Container, V1Deployment, V1Namespace, V1Secret } from '@kubernetes/client-node'
import type { CheckContext } from '#checks/checker.ts'
import { type Cluster, containersOf, eksCluster, existing, readyDeployment } from '../lib/cluster.ts'
import { drawnNames } from '../lib/names.ts'

const IMAGE = 'public.ecr.aws/nginx/nginx:1.29'

export async function namespace(t: CheckContext): Promise<void> {
  const { project, person } = await drawnNames(t)
  const cluster = await eksCluster(t)
  const there = await existing<V1Namespace>(t, cluster, 'v1/Namespace', project!, {
    id: 'no-namespace',
    cause: 'It was not created yet, or under another name.',
    hint: 'kubectl create namespace',
  })
  const owner = there.metadata!.labels?.owner
  t.expect(owner === person, {
    id: 'namespace-without-owner',
    title: 'It says who owns it',
    expected: `the label owner=${person}`,
    observed: owner ? `owner=${owner}` : 'no such label',
    evidence: `kubectl get namespace ${project} --show-labels`,
    cause: 'The label is missing, or has another value.',
    hint: 'kubectl label --help; --overwrite changes a label that is there.',
  })
}

export async function deploy(t: CheckContext): Promise<void> {
  const { team, worker } = await drawnNames(t)
  const cluster = await eksCluster(t)
  const deployment = await existing<V1Deployment>(t, cluster, 'apps/v1/Deployment', worker!, {
    id: 'no-worker',
    namespace: team!,
    cause: 'It was not created yet, or in another namespace.',
    hint: 'kubectl create deployment --help',
  })
  const { spec, status } = deployment
  t.expect((spec?.replicas ?? 0) >= 2 && (status?.readyReplicas ?? 0) >= 2, {
    id: 'worker-not-ready',
    title: 'Two copies are ready',
    expected: '2 ready',
    observed: `${status?.readyReplicas ?? 0} ready of ${spec?.replicas}`,
    evidence: `kubectl get pods -n ${team}`,
    cause: 'It wants one only, or its pods are still starting.',
    hint: `kubectl rollout status deployment/${worker} -n ${team}`,
  })
  const image = containersOf(deployment)[0]?.image
  t.expect(image === IMAGE, {
    id: 'worker-other-image',
    title: 'It runs the image of the task',
    expected: IMAGE,
    observed: `${image}`,
    evidence: `kubectl get deployment ${worker} -n ${team} -o wide`,
    cause: 'Another image, or another tag.',
    hint: 'kubectl set image --help',
  })
}

/** The container of the Deployment that the exam brings. */
async function appContainer(t: CheckContext): Promise<{
  cluster: Cluster
  app: string
  team: string
  deployment: V1Deployment
  container: V1Container
  evidence: string
}> {
  const names = await drawnNames(t)
  const [app, team] = [names.app!, names.team!]
  const cluster = await eksCluster(t)
  const deployment = await existing<V1Deployment>(t, cluster, 'apps/v1/Deployment', app, {
    id: 'no-app',
    namespace: team,
    cause: 'It was there when the exam began. Somebody deleted it.',
    hint: 'Take “Back to where it began” in the task.',
  })
  const evidence = `kubectl get deployment ${app} -n ${team} -o yaml`
  return { cluster, app, team, deployment, container: containersOf(deployment)[0]!, evidence }
}

/** A change of the template has reached all pods. */
async function rolledOut(t: CheckContext, name: string, team: string, cluster: Cluster): Promise<void> {
  await readyDeployment(t, cluster, { name, namespace: team, hint: 'kubectl describe pods' })
}

export async function settings(t: CheckContext): Promise<void> {
  const { cluster, app, team, container, evidence } = await appContainer(t)
  const map = await existing<V1ConfigMap>(t, cluster, 'v1/ConfigMap', app, {
    id: 'no-app-settings',
    namespace: team,
    cause: 'The value may be in the Deployment itself: then a change of it is a release.',
    hint: 'kubectl create configmap --help',
  })
  t.expect(map.data?.MODE === 'exam', {
    id: 'settings-without-mode',
    title: 'The setting is in it',
    expected: 'MODE: exam',
    observed: JSON.stringify(map.data ?? {}),
    evidence: `kubectl get configmap ${app} -n ${team} -o yaml`,
    cause: 'Another key, or another value.',
    hint: 'kubectl edit configmap',
  })
  const one = container.env?.some(
    ({ name, valueFrom }) =>
      name === 'MODE' && valueFrom?.configMapKeyRef?.name === app && valueFrom.configMapKeyRef.key === 'MODE',
  )
  const all = container.envFrom?.some(({ configMapRef }) => configMapRef?.name === app)
  t.expect(Boolean(one || all), {
    id: 'app-without-mode',
    title: 'The container has it as a variable',
    expected: `MODE from the ConfigMap ${app}`,
    observed: 'no variable from it',
    evidence,
    cause: 'A ConfigMap is found by nobody who does not name it.',
    hint: 'env with configMapKeyRef, or envFrom',
  })
  await rolledOut(t, app, team, cluster)
}

export async function secret(t: CheckContext): Promise<void> {
  const { cluster, app, team, deployment, container, evidence } = await appContainer(t)
  const there = await existing<V1Secret>(t, cluster, 'v1/Secret', app, {
    id: 'no-app-secret',
    namespace: team,
    cause: 'It was not created yet, or in another namespace.',
    hint: 'kubectl create secret generic --help',
  })
  t.expect(Object.hasOwn(there.data ?? {}, 'api-key'), {
    id: 'no-api-key',
    title: 'It has the key api-key',
    expected: 'api-key',
    observed: Object.keys(there.data ?? {}).join(', ') || 'nothing',
    evidence: `kubectl describe secret ${app} -n ${team}`,
    cause: 'Another name of the key.',
    hint: '--from-literal=api-key=…',
  })
  const volumes = deployment.spec?.template.spec?.volumes ?? []
  const volume = volumes.find((one) => one.secret?.secretName === app)?.name
  t.expect(
    volume !== undefined &&
      (container.volumeMounts ?? []).some(({ name, mountPath }) => name === volume && mountPath === '/keys'),
    {
      id: 'app-without-keys',
      title: 'The container has it at /keys',
      expected: `a volume of the Secret ${app}, mounted at /keys`,
      observed: volume ? 'a volume that is mounted elsewhere' : 'no such volume',
      evidence,
      cause: 'Both are needed: a volume of the pod, and a mount of the container.',
      hint: 'kubectl explain pod.spec.volumes.secret',
    },
  )
  await rolledOut(t, app, team, cluster)
}

export async function readiness(t: CheckContext): Promise<void> {
  const { cluster, app, team, container, evidence } = await appContainer(t)
  const probe = t.found(container.readinessProbe, {
    id: 'app-without-readiness',
    title: 'The container has a readiness probe',
    expected: 'a readinessProbe',
    observed: container.livenessProbe ? 'a livenessProbe only' : 'no probe',
    evidence,
    cause: 'A liveness probe restarts a container; it keeps no request away.',
    hint: 'kubectl explain pod.spec.containers.readinessProbe',
  })
  const port = String(probe.httpGet?.port ?? '')
  t.expect(port === '80' && (probe.httpGet?.path ?? '/') === '/', {
    id: 'app-other-probe',
    title: 'It asks for / on port 80',
    expected: 'httpGet / on 80',
    observed: probe.httpGet ? `httpGet ${probe.httpGet.path} on ${port}` : 'no httpGet',
    evidence,
    cause: 'A probe on another port never succeeds, and the rollout stops.',
    hint: 'httpGet with path and port',
  })
  await rolledOut(t, app, team, cluster)
}

export async function resources(t: CheckContext): Promise<void> {
  const { cluster, app, team, container, evidence } = await appContainer(t)
  const { requests = {}, limits = {} } = container.resources ?? {}
  t.expect(requests.cpu === '50m' && requests.memory === '64Mi', {
    id: 'app-other-requests',
    title: 'Each pod requests what it needs',
    expected: 'cpu 50m, memory 64Mi',
    observed: `cpu ${requests.cpu ?? 'none'}, memory ${requests.memory ?? 'none'}`,
    evidence,
    cause: 'A limit alone is taken as the request, too.',
    hint: 'kubectl set resources --requests=…',
  })
  t.expect(limits.memory === '128Mi', {
    id: 'app-other-limit',
    title: 'It is stopped above 128 MiB',
    expected: 'limits.memory 128Mi',
    observed: limits.memory ?? 'no limit',
    evidence,
    cause: 'Requests are for the scheduler. What stops a container is its limit.',
    hint: 'kubectl set resources --limits=…',
  })
  await rolledOut(t, app, team, cluster)
}

export async function mend(t: CheckContext): Promise<void> {
  const { app } = await drawnNames(t)
  const cluster = await eksCluster(t)
  const deployment = await existing<V1Deployment>(t, cluster, 'apps/v1/Deployment', app!, {
    id: 'no-legacy',
    namespace: 'legacy',
    cause: 'It was there when the exam began.',
    hint: 'Take “Back to where it began” in the task.',
  })
  const { status, spec } = deployment
  t.expect(
    (status?.readyReplicas ?? 0) >= (spec?.replicas ?? 2) && status?.updatedReplicas === status?.replicas,
    {
      id: 'legacy-not-ready',
      title: 'All its pods are ready and of one version',
      expected: `${spec?.replicas} ready of the newest template`,
      observed: `${status?.readyReplicas ?? 0} ready, ${status?.updatedReplicas ?? 0} of the newest template`,
      evidence: 'kubectl get pods -n legacy',
      cause: 'The new version cannot start. Trying again changes nothing.',
      hint: `kubectl rollout history deployment/${app} -n legacy`,
    },
  )
  const image = containersOf(deployment)[0]?.image ?? ''
  t.expect(image.endsWith(':1.28'), {
    id: 'legacy-other-image',
    title: 'It runs what ran before',
    expected: 'the image of the revision before',
    observed: image,
    evidence: `kubectl rollout history deployment/${app} -n legacy --revision=1`,
    cause: 'It runs, but it is a third version that nobody has tried.',
    hint: 'kubectl rollout undo --help',
  })
}
