import type { V1Pod } from '@kubernetes/client-node'
import type { CheckContext } from '#checks/checker.ts'
import { type Cluster, troubleOf } from '../lib/cluster.ts'
import { ran } from '../lib/processes.ts'

export const NAMESPACE = 'shop'

/** A program of the lab that calls AWS. */
export interface Program {
  /** What to run in the pod; it prints the ARN that AWS knows the pod by. */
  script: string
  /** Name of the role that the pod should have. */
  role: string
}

/** A pod of the service account runs; gives all that do. */
export async function runningPods(t: CheckContext, cluster: Cluster, account: string): Promise<V1Pod[]> {
  const pods = (await cluster.pods(NAMESPACE)).filter(({ spec }) => spec?.serviceAccountName === account)
  const running = pods.filter(
    ({ status, metadata }) => status?.phase === 'Running' && !metadata?.deletionTimestamp,
  )
  t.expect(running.length > 0, {
    id: 'no-pod',
    title: 'A pod of the service account runs',
    expected: `a running pod with serviceAccountName ${account}`,
    observed: `${pods.length} pods, none of them runs`,
    evidence: `kubectl get pods -n ${NAMESPACE}`,
    cause: troubleOf(pods) ?? 'The pods are still starting, or there are none.',
    hint: `kubectl rollout status deployment/${account} -n ${NAMESPACE}`,
  })
  return running
}

/** AWS answers the program in each of the pods, as the role. */
export async function callsAsRole(
  t: CheckContext,
  cluster: Cluster,
  pods: V1Pod[],
  { script, role }: Program,
): Promise<void> {
  for (const pod of pods) {
    const { output, succeeded } = await ran(cluster, pod, ['sh', script])
    t.expect(succeeded && output.includes(`:assumed-role/${role}/`), {
      id: 'call-refused',
      title: 'AWS answers the pod as its role',
      expected: `an answer of AWS to assumed-role/${role}`,
      observed: output || 'the call of the pod ends with an error',
      seen: output,
      evidence: `kubectl exec ${pod.metadata!.name} -n ${NAMESPACE} -- sh ${script}`,
      cause: 'The answer says what is missing.',
      hint: 'Compare the trust policy of the role, and who it names, with what the answer says.',
    })
  }
}

export const variableOf = ({ spec }: V1Pod, name: string): string | undefined =>
  spec?.containers[0]?.env?.find((variable) => variable.name === name)?.value

export const restart = (account: string): string =>
  `kubectl rollout restart deployment/${account} -n ${NAMESPACE}`
