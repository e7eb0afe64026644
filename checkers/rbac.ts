import {
  AuthorizationV1Api,
  type V1ClusterRoleBinding,
  type V1Pod,
  type V1RoleBinding,
  type V1ServiceAccount,
} from '@kubernetes/client-node'
import { type CheckContext, defineChecker } from '#checks/checker.ts'
import { type Cluster, existing, isReady, kindCluster } from './lib/cluster.ts'

const NAMESPACE = 'shop'

/** Whether a service account of the namespace may do something, as `kubectl auth can-i --as` asks. */
async function may(
  cluster: Cluster,
  account: string,
  verb: string,
  resource: string,
  { group = '', namespace = NAMESPACE }: { group?: string; namespace?: string } = {},
): Promise<boolean> {
  const { status } = await cluster.config.makeApiClient(AuthorizationV1Api).createSubjectAccessReview({
    body: {
      spec: {
        user: `system:serviceaccount:${NAMESPACE}:${account}`,
        groups: ['system:serviceaccounts', `system:serviceaccounts:${NAMESPACE}`, 'system:authenticated'],
        resourceAttributes: { verb, resource, group, namespace },
      },
    },
  })
  return status?.allowed ?? false
}

/** The bindings of the namespace that name a robot which is not its service account, as `robot-reads is for default/robot`. */
async function boundToOthers(cluster: Cluster): Promise<string[]> {
  const bindings = await cluster.list<V1RoleBinding>('rbac.authorization.k8s.io/v1/RoleBinding', NAMESPACE)
  return bindings.flatMap(({ metadata, subjects = [] }) =>
    subjects
      .filter(
        ({ kind, name, namespace }) =>
          /robot/.test(name) && !(kind === 'ServiceAccount' && name === 'robot' && namespace === NAMESPACE),
      )
      .map(
        ({ kind, name, namespace }) =>
          `${metadata?.name} is for ${kind === 'ServiceAccount' ? `${namespace}/${name}` : `the ${kind} ${name}`}`,
      ),
  )
}

const canI = (account: string, question: string) =>
  `kubectl auth can-i ${question} --as=system:serviceaccount:${NAMESPACE}:${account}`

async function reader(t: CheckContext): Promise<void> {
  const cluster = await kindCluster(t)
  await existing<V1ServiceAccount>(t, cluster, 'v1/ServiceAccount', 'robot', {
    namespace: NAMESPACE,
    cause: 'It was not created, or in another namespace.',
    hint: `kubectl create serviceaccount robot -n ${NAMESPACE}`,
  })
  const canList = await may(cluster, 'robot', 'list', 'pods')
  const strangers = canList ? [] : await boundToOthers(cluster)
  t.expect(strangers.length === 0, {
    id: 'bound-to-another',
    title: 'The binding is for the robot of shop',
    expected: `a binding for ${NAMESPACE}/robot`,
    observed: strangers.join(', '),
    evidence: `kubectl get rolebindings -n ${NAMESPACE} -o wide`,
    cause: 'A binding takes every name, also that of a service account that does not exist.',
    hint: `kubectl delete the binding, and make it again with --serviceaccount=${NAMESPACE}:robot`,
  })
  t.expect(canList, {
    id: 'robot-cannot-read',
    title: 'The robot may list pods',
    expected: 'yes',
    observed: 'no',
    evidence: canI('robot', `list pods -n ${NAMESPACE}`),
    cause: 'A role does nothing until a binding gives it to somebody.',
    hint: `kubectl create rolebinding robot-reads --role=reader --serviceaccount=${NAMESPACE}:robot -n ${NAMESPACE}`,
  })
  const tooMuch =
    (await may(cluster, 'robot', 'delete', 'pods')) || (await may(cluster, 'robot', 'get', 'secrets'))
  t.expect(!tooMuch, {
    id: 'robot-may-too-much',
    title: 'The robot may only read pods',
    expected: 'no right to delete pods or to read Secrets',
    observed: 'it may do one of these',
    evidence: canI('robot', `--list -n ${NAMESPACE}`),
    cause: 'It is bound to a wide role such as admin or edit.',
    hint: 'Bind it to a role with the verbs get, list and watch on pods only.',
  })
}

async function tooMuch(t: CheckContext): Promise<void> {
  const cluster = await kindCluster(t)
  const bindings = await cluster.list<V1ClusterRoleBinding>('rbac.authorization.k8s.io/v1/ClusterRoleBinding')
  const wide = bindings.filter(({ subjects = [] }) =>
    subjects.some(({ name, namespace }) => name === 'deployer' && namespace === NAMESPACE),
  )
  t.expect(wide.length === 0, {
    id: 'still-admin',
    title: 'The deployer has no rights over the whole cluster',
    expected: 'no ClusterRoleBinding with the deployer',
    observed: wide.map(({ metadata, roleRef }) => `${metadata?.name} gives ${roleRef.name}`).join(', '),
    evidence: 'kubectl get clusterrolebindings -o wide | grep deployer',
    cause: 'Rights add up: a smaller role beside the big one takes nothing away.',
    hint: `kubectl delete clusterrolebinding ${wide[0]?.metadata?.name}`,
  })
  t.expect(await may(cluster, 'deployer', 'patch', 'deployments', { group: 'apps' }), {
    id: 'deployer-cannot-deploy',
    title: 'The deployer may change Deployments of shop',
    expected: 'yes',
    observed: 'no',
    evidence: canI('deployer', `patch deployments.apps -n ${NAMESPACE}`),
    cause: 'It lost its old rights and got no new ones.',
    hint: 'Create a Role for deployments.apps in shop and bind it to the deployer.',
  })
  t.expect(!(await may(cluster, 'deployer', 'get', 'secrets')), {
    id: 'deployer-reads-secrets',
    title: 'The deployer may not read Secrets',
    expected: 'no',
    observed: 'yes',
    evidence: canI('deployer', `get secrets -n ${NAMESPACE}`),
    cause: 'The ClusterRoles admin and edit include Secrets.',
    hint: 'Use a Role that names deployments.apps alone.',
  })
}

async function fromAPod(t: CheckContext): Promise<void> {
  const cluster = await kindCluster(t)
  const pod = await existing<V1Pod>(t, cluster, 'v1/Pod', 'watcher', {
    namespace: NAMESPACE,
    cause: 'The file was changed but not applied.',
    hint: 'kubectl apply -f watcher.yaml',
  })
  t.expect(pod.spec?.serviceAccountName === 'robot', {
    id: 'wrong-identity',
    title: 'The pod runs as the robot',
    expected: 'serviceAccountName robot',
    observed: `serviceAccountName ${pod.spec?.serviceAccountName}`,
    evidence: `kubectl get pod watcher -n ${NAMESPACE} -o jsonpath='{.spec.serviceAccountName}'`,
    cause: 'A pod that names no service account gets default. It cannot be changed later.',
    hint: 'Delete the pod, write serviceAccountName: robot under spec: and apply the file again.',
  })
  t.expect(isReady(pod), {
    id: 'watcher-not-ready',
    title: 'The pod runs',
    expected: 'Ready',
    observed: pod.status?.phase ?? 'no status',
    evidence: `kubectl describe pod watcher -n ${NAMESPACE}`,
    hint: `kubectl wait --for=condition=Ready pod/watcher -n ${NAMESPACE}`,
  })
}

export default defineChecker({
  lab: 'rbac',
  steps: { reader, 'too-much': tooMuch, 'from-a-pod': fromAPod },
})
