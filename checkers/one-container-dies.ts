import type { V1Node } from '@kubernetes/client-node'
import { type CheckContext, defineChecker } from '#checks/checker.ts'
import { expectAnswers } from './lib/answers.ts'
import { kindCluster, readyDeployment } from './lib/cluster.ts'
import { podReplaced, recordedPods } from './lib/replaced.ts'

interface Inspected {
  State: { Running: boolean; Status: string }
  HostConfig: { RestartPolicy: { Name: string } }
}

async function onDocker(t: CheckContext): Promise<void> {
  const web = t.found(await t.docker<Inspected>('/containers/web/json'), {
    id: 'no-container',
    title: 'The container web exists',
    expected: 'a container named web',
    observed: 'there is none',
    evidence: 'docker ps --all',
    cause: 'Nobody makes a removed container again.',
    hint: 'docker run --detach --name web --restart=always --publish 8080:80 nginx:1.29',
  })
  const policy = web.HostConfig.RestartPolicy.Name
  t.expect(policy === 'always' || policy === 'unless-stopped', {
    id: 'no-restart-policy',
    title: 'It is started again when it ends',
    expected: 'restart policy always or unless-stopped',
    observed: policy || 'no',
    evidence: "docker inspect web --format '{{.HostConfig.RestartPolicy.Name}}'",
    cause: 'Without a policy a container that ends stays ended.',
    hint: 'docker update --restart=always web',
  })
  t.expect(web.State.Running, {
    id: 'container-not-running',
    title: 'It runs',
    expected: 'running',
    observed: web.State.Status,
    evidence: 'docker ps --all',
    hint: 'docker start web',
  })
  await expectAnswers(t, 'answers.yaml', [
    {
      key: 'comes-back',
      title: 'What the engine does about a removed container is seen',
      right: ['no', 'false'],
      why: {
        yes: 'The policy acts when a container ends. A removed one is not there to be started.',
        true: 'The policy acts when a container ends. A removed one is not there to be started.',
      },
      evidence: 'docker ps --all',
      hint: 'Try it: docker rm --force web, then docker ps --all.',
    },
  ])
}

async function onKubernetes(t: CheckContext): Promise<void> {
  const cluster = await kindCluster(t)
  await readyDeployment(t, cluster, {
    name: 'web',
    replicas: 3,
    hint: 'kubectl create deployment web --image=nginx:1.29 --replicas=3',
  })
  const recorded = await recordedPods(t)
  await podReplaced(t, cluster, recorded)
}

async function loseAMachine(t: CheckContext): Promise<void> {
  const cluster = await kindCluster(t)
  const node = await cluster.get<V1Node>('v1/Node', 'kind-worker')
  t.expect(node?.spec?.unschedulable ?? false, {
    id: 'node-open',
    title: 'kind-worker takes no new pods',
    expected: 'SchedulingDisabled',
    observed: 'it is open for pods',
    evidence: 'kubectl get nodes',
    cause: 'It was not drained yet, or opened again.',
    hint: 'kubectl drain kind-worker --ignore-daemonsets',
  })
  const pods = await cluster.pods('default', 'app=web')
  const left = pods.filter(({ spec }) => spec?.nodeName === 'kind-worker')
  t.expect(left.length === 0, {
    id: 'pods-left-on-node',
    title: 'No pod of web is on kind-worker',
    expected: 'none',
    observed: left.map(({ metadata }) => metadata?.name).join(', '),
    evidence: 'kubectl get pods -l app=web -o wide',
    cause: 'A cordon keeps new pods away; it does not move those that are there.',
    hint: 'kubectl drain kind-worker --ignore-daemonsets',
  })
  await readyDeployment(t, cluster, {
    name: 'web',
    replicas: 3,
    hint: 'kubectl rollout status deployment/web',
  })
}

export default defineChecker({
  lab: 'one-container-dies',
  steps: { 'on-docker': onDocker, 'on-kubernetes': onKubernetes, 'lose-a-machine': loseAMachine },
})
