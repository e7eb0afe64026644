import { DescribeRepositoriesCommand, ECRClient } from '@aws-sdk/client-ecr'
import {
  AppsV1Api,
  CoreV1Api,
  DiscoveryV1Api,
  type KubeConfig,
  type V1Deployment,
  type V1Pod,
  type V1Service,
} from '@kubernetes/client-node'
import { type CheckContext, unlessMissing } from '#checks/checker.ts'
import { APP, CLUSTER, LESSONS, NAMESPACE, REPOSITORY } from './names.ts'

const RECORD = 'before.txt'
const PAGE = 'site/index.html'

/** The pushed image runs, the world can see its page, and a killed pod was replaced. */
export async function deploy(t: CheckContext): Promise<void> {
  const access = await t.kubernetes(CLUSTER)
  const deployment = await expectDeployment(t, access)
  const pods = await listPods(access, deployment)
  expectRunning(t, deployment, pods)
  const service = await expectService(t, access)
  await expectEndpoints(t, access)
  await expectPage(t, service)
  await expectReplacement(t, pods)
}

async function expectDeployment(t: CheckContext, access: KubeConfig): Promise<V1Deployment> {
  const apps = access.makeApiClient(AppsV1Api)
  const deployment = t.found(
    await unlessMissing(apps.readNamespacedDeployment({ name: APP, namespace: NAMESPACE }), 'NotFound'),
    {
      id: 'no-deployment',
      title: `The Deployment ${APP} exists`,
      expected: `a Deployment named ${APP} in the namespace ${NAMESPACE}`,
      observed: 'there is none',
      evidence: 'kubectl get deployments',
      cause: 'It was not created yet, or under another name or in another namespace.',
      hint: `Create it with kubectl create deployment ${APP} --image=… --replicas=2`,
    },
  )
  const { repositories } = await t
    .aws(ECRClient)
    .send(new DescribeRepositoriesCommand({ repositoryNames: [REPOSITORY] }))
  const uri = repositories![0]!.repositoryUri!
  const images = deployment.spec!.template.spec!.containers.map(({ image }) => image!)
  t.expect(
    images.some((image) => image.startsWith(`${uri}:`) || image.startsWith(`${uri}@`)),
    {
      id: 'wrong-image',
      title: 'The Deployment runs your image from ECR',
      expected: `an image ${uri}:…`,
      observed: images.join(', '),
      evidence: `kubectl get deployment ${APP} -o wide`,
      cause: 'A name without a registry host means Docker Hub.',
      hint: `kubectl set image deployment/${APP} '*=${uri}:v1'`,
      lesson: LESSONS.names,
    },
  )
  return deployment
}

async function listPods(access: KubeConfig, deployment: V1Deployment): Promise<V1Pod[]> {
  const labels = Object.entries(deployment.spec!.selector.matchLabels ?? {})
  const labelSelector = labels.map(([key, value]) => `${key}=${value}`).join(',')
  const core = access.makeApiClient(CoreV1Api)
  const { items } = await core.listNamespacedPod({ namespace: NAMESPACE, labelSelector })
  return items.filter(({ metadata }) => !metadata!.deletionTimestamp)
}

function expectRunning(t: CheckContext, deployment: V1Deployment, pods: V1Pod[]): void {
  const waiting = pods
    .map((pod) => ({
      name: pod.metadata!.name,
      image: pod.spec!.containers[0]!.image,
      reason: pod.status?.containerStatuses?.[0]?.state?.waiting?.reason,
    }))
    .find(({ reason }) => reason === 'ErrImagePull' || reason === 'ImagePullBackOff')
  t.expect(!waiting, {
    id: 'image-cannot-be-pulled',
    title: 'The nodes can pull the image',
    expected: 'no pod waits for its image',
    observed: `${waiting?.reason}: ${waiting?.image}`,
    evidence: `kubectl describe pod ${waiting?.name}`,
    cause:
      'The tag does not exist in the repository, or the node role lacks AmazonEC2ContainerRegistryPullOnly.',
    hint: `Compare the image’s tag with: aws ecr list-images --repository-name ${REPOSITORY}`,
    lesson: LESSONS.pull,
  })
  const wanted = deployment.spec!.replicas ?? 1
  const { readyReplicas: ready = 0, updatedReplicas: updated = 0 } = deployment.status ?? {}
  t.expect(ready >= Math.max(wanted, 1) && updated >= wanted, {
    id: 'pods-not-ready',
    title: 'All pods of the Deployment are ready',
    expected: `${Math.max(wanted, 1)} ready`,
    observed: `${ready} ready`,
    evidence: `kubectl get pods -l app=${APP}`,
    cause: 'The pods are still starting, have no node with room, or their container ends.',
    hint: `Watch it: kubectl rollout status deployment/${APP}`,
  })
}

async function expectService(t: CheckContext, access: KubeConfig): Promise<V1Service> {
  const core = access.makeApiClient(CoreV1Api)
  const service = t.found(
    await unlessMissing(core.readNamespacedService({ name: APP, namespace: NAMESPACE }), 'NotFound'),
    {
      id: 'no-service',
      title: `The Service ${APP} exists`,
      expected: `a Service named ${APP} in the namespace ${NAMESPACE}`,
      observed: 'there is none',
      evidence: 'kubectl get services',
      cause: 'Pods have addresses inside the VPC only; a Service makes them reachable.',
      hint: `kubectl expose deployment ${APP} --type=LoadBalancer --port=80`,
    },
  )
  t.expect(service.spec!.type === 'LoadBalancer', {
    id: 'service-not-public',
    title: 'The Service has a load balancer',
    expected: 'type LoadBalancer',
    observed: `type ${service.spec!.type}`,
    evidence: `kubectl get service ${APP}`,
    cause: 'ClusterIP, the default, can be reached from inside the cluster only.',
    hint: `kubectl delete service ${APP}, then expose the Deployment again with --type=LoadBalancer`,
  })
  return service
}

/** The endpoints before the page: a load balancer in front of nothing answers nothing. */
async function expectEndpoints(t: CheckContext, access: KubeConfig): Promise<void> {
  const discovery = access.makeApiClient(DiscoveryV1Api)
  const { items } = await discovery.listNamespacedEndpointSlice({
    namespace: NAMESPACE,
    labelSelector: `kubernetes.io/service-name=${APP}`,
  })
  const ready = items
    .flatMap(({ endpoints }) => endpoints ?? [])
    .filter(({ conditions }) => conditions?.ready !== false)
  t.expect(ready.length > 0, {
    id: 'service-selects-nothing',
    title: 'The Service finds the pods',
    expected: 'at least one endpoint',
    observed: 'no endpoint',
    seen: `${ready.length} endpoints`,
    evidence: `kubectl get endpointslices -l kubernetes.io/service-name=${APP}`,
    cause: 'The selector of the Service does not match the labels of the pods.',
    hint: `Compare kubectl get service ${APP} -o wide with kubectl get pods --show-labels`,
  })
}

async function expectPage(t: CheckContext, service: V1Service): Promise<void> {
  const host = t.found(service.status?.loadBalancer?.ingress?.[0]?.hostname, {
    id: 'load-balancer-pending',
    title: 'The load balancer has a host name',
    expected: 'a name in EXTERNAL-IP',
    observed: '<pending>',
    evidence: `kubectl get service ${APP}`,
    cause: 'AWS is creating the load balancer, which takes a minute or two, or it refuses to.',
    hint: `The events at the end of kubectl describe service ${APP} tell which.`,
  })
  const port = service.spec!.ports![0]!.port
  const url = `http://${host}${port === 80 ? '' : `:${port}`}/`
  const answer = await t.http(url)
  t.expect(answer.status === 200, {
    id: 'page-not-served',
    title: 'The load balancer answers',
    expected: `200 from ${url}`,
    observed: answer.status ? `status ${answer.status}` : answer.failure,
    seen: url,
    evidence: `curl -i ${url}`,
    cause:
      'The name needs a minute at first; later, the Service’s targetPort is not the port of the container.',
    hint: `nginx listens on 80. Compare with: kubectl describe service ${APP}`,
  })
  const page = await t.files.read(PAGE)
  t.expect(page === undefined || answer.body.trim() === page.trim(), {
    id: 'another-page',
    title: 'The page is yours',
    expected: `the content of ~/${PAGE}`,
    observed: `it begins with: ${answer.body.trim().slice(0, 60)}`,
    evidence: `curl ${url}`,
    cause: 'The pods run an image that was built before the page was changed.',
    hint: 'Build and push the image under a new tag, then kubectl set image.',
    lesson: LESSONS.layers,
  })
}

/** Of the pods that the learner recorded, at least one must be gone and another be in its place. */
async function expectReplacement(t: CheckContext, pods: V1Pod[]): Promise<void> {
  const record = t.found(await t.files.read(RECORD), {
    id: 'no-record',
    title: `The pods are recorded in ${RECORD}`,
    expected: `the output of kubectl get pods in ~/${RECORD}`,
    observed: 'there is no such file',
    evidence: `ls ~/${RECORD}`,
    hint: `kubectl get pods -l app=${APP} -o wide | tee ~/${RECORD}`,
  })
  const recorded = [...record.matchAll(new RegExp(`^${APP}-[a-z0-9-]+`, 'gm'))].map(([name]) => name)
  const gone = recorded.filter((name) => !pods.some((pod) => pod.metadata!.name === name))
  const fresh = pods.filter((pod) => !recorded.includes(pod.metadata!.name!))
  const first = fresh[0]
  t.expect(gone.length > 0 && first !== undefined, {
    id: 'no-pod-replaced',
    title: 'A killed pod was replaced',
    expected: `a pod of ${RECORD} that is gone, and a new one with another name and address`,
    observed: 'every pod of the record is still there',
    seen: `${gone[0]} is gone, ${first?.metadata?.name} has come with the address ${first?.status?.podIP}`,
    evidence: `kubectl get pods -l app=${APP} -o wide; cat ~/${RECORD}`,
    cause: 'No pod was deleted after the record was made.',
    hint: `kubectl delete pod ${recorded[0] ?? '<name>'}`,
  })
}
