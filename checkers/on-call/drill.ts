import type { V1Deployment } from '@kubernetes/client-node'
import type { CheckContext } from '#checks/checker.ts'
import { type Cluster, containersOf, eksCluster, readyDeployment } from '../lib/cluster.ts'

export const PROD = 'prod'
const IMAGE = 'public.ecr.aws/nginx/nginx:1.29'

/** A drill: what must be mended, then that nothing else was touched. */
export const drill =
  (mended: (t: CheckContext, cluster: Cluster) => Promise<void>) =>
  async (t: CheckContext): Promise<void> => {
    const cluster = await eksCluster(t)
    await mended(t, cluster)
    const other = await cluster.get<V1Deployment>('apps/v1/Deployment', 'untouched', PROD)
    t.expect(other?.spec?.replicas === 2 && containersOf(other)[0]?.image === IMAGE, {
      id: 'others-touched',
      title: 'What belongs to others is as it was',
      expected: `the Deployment untouched with 2 replicas of ${IMAGE}`,
      observed: other ? `${other.spec?.replicas} replicas of ${containersOf(other)[0]?.image}` : 'it is gone',
      evidence: `kubectl get deployment untouched -n ${PROD} -o wide`,
      cause: 'A command hit more than it should.',
      hint: `Put it back: 2 replicas, ${IMAGE}.`,
    })
  }

/** The Deployment of a drill exists, and all its pods are ready. */
export const mend = (t: CheckContext, cluster: Cluster, name: string, namespace = PROD) =>
  readyDeployment(t, cluster, {
    name,
    namespace,
    hint: `Deployment, pods, events, logs: kubectl describe pods -l app=${name} -n ${namespace}`,
  })

/** The Deployment of a drill still runs the command that it ran when the night began. */
export async function unreplaced(
  t: CheckContext,
  cluster: Cluster,
  name: string,
  id: string,
  isOwn: (command: string) => boolean,
): Promise<void> {
  const deployment = await cluster.get<V1Deployment>('apps/v1/Deployment', name, PROD)
  // That it is gone, `mend` says.
  if (!deployment) return
  const command = (containersOf(deployment)[0]?.command ?? []).join(' ')
  t.expect(isOwn(command), {
    id,
    title: `${name} runs its own program`,
    expected: 'the command as it was',
    observed: command || 'the command of the image',
    evidence: `kubectl get deployment ${name} -n ${PROD} -o jsonpath='{.spec.template.spec.containers[0].command}'`,
    cause: 'A pod that runs something else is green and useless.',
    hint: `kubectl rollout undo deployment/${name} -n ${PROD}; then read its log`,
  })
}
