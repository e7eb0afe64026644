import type { V1Container, V1EndpointSlice, V1ReplicaSet, V1Service } from '@kubernetes/client-node'
import { type CheckContext, defineChecker } from '#checks/checker.ts'
import { expectAnswers } from './lib/answers.ts'
import { containersOf, existing, kindCluster, readyDeployment } from './lib/cluster.ts'

async function ready(t: CheckContext): Promise<void> {
  const cluster = await kindCluster(t)
  const web = await readyDeployment(t, cluster, {
    name: 'web',
    replicas: 2,
    hint: 'kubectl apply -f web.yaml',
  })
  t.expect(
    containersOf(web).some(({ readinessProbe }) => readinessProbe),
    {
      id: 'no-readiness-probe',
      title: 'web has a readiness probe',
      expected: 'a readinessProbe in the container',
      observed: 'none',
      evidence: "kubectl get deployment web -o jsonpath='{.spec.template.spec.containers[0].readinessProbe}'",
      cause: 'Without one a pod counts as ready as soon as its process runs.',
      hint: 'kubectl apply -f web.yaml',
    },
  )
  await existing<V1Service>(t, cluster, 'v1/Service', 'web', {
    id: 'no-service',
    hint: 'kubectl apply -f web.yaml has it too',
  })
  const slices = await cluster.list<V1EndpointSlice>(
    'discovery.k8s.io/v1/EndpointSlice',
    'default',
    'kubernetes.io/service-name=web',
  )
  const able = slices
    .flatMap(({ endpoints }) => endpoints ?? [])
    .filter(({ conditions }) => conditions?.ready)
  t.expect(able.length >= 2, {
    id: 'service-without-pods',
    title: 'The Service sends to the ready pods',
    expected: 'at least 2 ready endpoints',
    observed: `${able.length}`,
    seen: `${able.length} ready endpoints`,
    evidence: 'kubectl get endpointslices -l kubernetes.io/service-name=web',
    cause: 'The pods fail their probe: a page that is missing, or the wrong port.',
    hint: 'kubectl describe pods -l app=web shows what the probe got.',
  })
}

async function brokenRelease(t: CheckContext): Promise<void> {
  const cluster = await kindCluster(t)
  await readyDeployment(t, cluster, { name: 'web', replicas: 2, hint: 'kubectl rollout undo deployment/web' })
  const sets = await cluster.list<V1ReplicaSet>('apps/v1/ReplicaSet', 'default', 'app=web')
  t.expect(sets.length > 1, {
    id: 'never-released',
    title: 'The broken version was released',
    expected: 'a second ReplicaSet of web',
    observed: `${sets.length} ReplicaSet`,
    evidence: 'kubectl rollout history deployment/web',
    cause: 'The template was not changed yet.',
    hint: 'Patch the path of the probe to /health as the text says.',
  })
  await expectAnswers(t, 'answers.yaml', [
    {
      key: 'kept',
      title: 'The probe that saved the site is named',
      right: ['readiness'],
      choices: ['readiness', 'liveness', 'startup'],
      why: {
        liveness: 'A liveness probe restarts a container. Here nothing was restarted.',
        startup: 'There was no startup probe.',
      },
      hint: 'Which probe does web.yaml have?',
    },
  ])
}

async function slowStart(t: CheckContext): Promise<void> {
  const cluster = await kindCluster(t)
  const slow = t.found(
    await cluster.get<import('@kubernetes/client-node').V1Deployment>(
      'apps/v1/Deployment',
      'slow',
      'default',
    ),
    {
      id: 'no-slow',
      title: 'The Deployment slow exists',
      expected: 'a Deployment slow',
      observed: 'there is none',
      evidence: 'kubectl get deployments',
      hint: 'kubectl apply -f slow.yaml',
    },
  )
  const container = containersOf(slow)[0]!
  t.expect((container.command ?? []).join(' ').includes('sleep 20'), {
    id: 'program-changed',
    title: 'The program is as it was',
    expected: 'a start of 20 seconds',
    observed: (container.command ?? []).join(' '),
    evidence: "kubectl get deployment slow -o jsonpath='{.spec.template.spec.containers[0].command}'",
    cause: 'The program was made faster. In real life it is not yours to change.',
    hint: 'kubectl apply -f slow.yaml brings it back; then change the probes.',
  })
  t.expect(container.livenessProbe !== undefined, {
    id: 'no-liveness-probe',
    title: 'slow still has a liveness probe',
    expected: 'a livenessProbe',
    observed: 'none',
    evidence: "kubectl get deployment slow -o jsonpath='{.spec.template.spec.containers[0].livenessProbe}'",
    cause: 'Without it nobody restarts the program when it hangs.',
    hint: 'Keep it, and add a startupProbe.',
  })
  const patience = patienceOf(container)
  t.expect(patience > 20, {
    id: 'still-killed',
    title: 'The probes give the program time to start',
    expected: 'more than 20 seconds',
    observed: `${patience} seconds until it is killed`,
    seen: `up to ${patience} seconds`,
    evidence: 'kubectl describe pod -l app=slow',
    cause: 'periodSeconds times failureThreshold is less than the start takes.',
    hint: 'A startupProbe with periodSeconds: 2 and failureThreshold: 30 gives it a minute.',
  })
  await readyDeployment(t, cluster, { name: 'slow', hint: 'kubectl apply -f slow.yaml' })
  const [pod] = await cluster.pods('default', 'app=slow')
  t.expect((pod?.status?.containerStatuses?.[0]?.started ?? false) === true, {
    id: 'slow-not-started',
    title: 'slow has started',
    expected: 'started: true',
    observed: 'not yet',
    evidence: 'kubectl get pods -l app=slow',
    hint: 'Wait for it: kubectl rollout status deployment/slow',
  })
}

/** Seconds until a container that does not answer is killed. */
function patienceOf({ livenessProbe, startupProbe }: V1Container): number {
  const probe = startupProbe ?? livenessProbe!
  return (probe.initialDelaySeconds ?? 0) + (probe.periodSeconds ?? 10) * (probe.failureThreshold ?? 3)
}

export default defineChecker({
  lab: 'probes',
  steps: { ready, 'broken-release': brokenRelease, 'slow-start': slowStart },
})
