import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { OwnedCloud } from '#cloud/api.ts'
import { startCloud } from '#cloud/supervisor.ts'
import { LabShell } from '../support/lab-shell.ts'

// Requests and refusals: https://docs.aws.amazon.com/eks/latest/userguide/automode-get-started-cli.html and
// https://docs.aws.amazon.com/eks/latest/userguide/set-builtin-node-pools.html (read 2026-11); texts as people report them.
let directory: string
let cloud: OwnedCloud
let shell: LabShell

const PLACE = `
  account=$(aws sts get-caller-identity --query Account --output text)
  subnets=$(aws ec2 describe-subnets --query 'Subnets[:3].SubnetId' --output text | tr '\\t' ,)`
const role = (name: string, service: string, ...policies: string[]) => `
  aws iam create-role --role-name ${name} --assume-role-policy-document '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"${service}.amazonaws.com"},"Action":["sts:AssumeRole","sts:TagSession"]}]}' >/dev/null
  ${policies.map((policy) => `aws iam attach-role-policy --role-name ${name} --policy-arn arn:aws:iam::aws:policy/${policy}`).join('\n')}`

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'drydock-auto-'))
  cloud = await startCloud({ directory })
  shell = await LabShell.open(await cloud.createWorld({ id: 'auto', provisioning: 'instant' }))
  await cloud.setSpeed('auto', 10)
  await shell.ok(
    role('auto-cluster', 'eks', 'AmazonEKSClusterPolicy') +
      role('auto-node', 'ec2', 'AmazonEKSWorkerNodeMinimalPolicy', 'AmazonEC2ContainerRegistryPullOnly'),
  )
}, 120_000)
afterAll(async () => {
  await shell?.close()
  await cloud?.stop()
  await rm(directory, { recursive: true, force: true })
})

const ON = `--kubernetes-network-config elasticLoadBalancing={enabled=true} --storage-config blockStorage={enabled=true} --access-config authenticationMode=API`
const create = `aws eks create-cluster --name auto --role-arn arn:aws:iam::$account:role/auto-cluster --resources-vpc-config subnetIds=$subnets`
const NODE_ROLE = 'nodeRoleArn=arn:aws:iam::$account:role/auto-node'
const DEPLOYMENT = `apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: 'nginx:1.28', resources: {requests: {cpu: "1", memory: 1Gi}}}]}
`

describe('EKS Auto Mode', () => {
  it('is not had by halves', async () => {
    const { stderr } = await shell.run(`
      ${PLACE}
      ${create} --compute-config enabled=true --access-config authenticationMode=API || true
      ${create} --compute-config enabled=true ${ON} --bootstrap-self-managed-addons || true
      ${create} --compute-config enabled=true,nodePools=general-purpose ${ON} || true
      ${create} --compute-config enabled=true,${NODE_ROLE} ${ON} || true`)
    const texts = stderr
      .split('\n')
      .filter((line) => line.trim() !== '')
      .map((line) => line.split('calling the CreateCluster operation: ')[1])
    expect(texts).toEqual([
      'For EKS Auto Mode, please ensure that all required configs, including computeConfig, kubernetesNetworkConfig, and blockStorage are all either fully enabled or fully disabled.',
      'When EKS Auto Mode is enabled, bootstrapSelfManagedAddons must be set to false.',
      'When Compute Config nodeRoleArn is null or empty, nodePool list cannot be populated.',
      'When Compute Config nodeRoleArn is not null or empty, nodePool value(s) must be provided.',
    ])
  })

  it('launches a machine that fits the pods that wait, when the role of the cluster may', {
    timeout: 120_000,
  }, async () => {
    await shell.write('web.yaml', DEPLOYMENT)
    const cluster = await shell.ok(`
      ${PLACE}
      ${create} --compute-config enabled=true,nodePools=general-purpose,system,${NODE_ROLE} ${ON} >/dev/null
      aws eks wait cluster-active --name auto && aws eks update-kubeconfig --name auto >/dev/null
      aws eks describe-cluster --name auto --output text --query 'cluster.[computeConfig.enabled,computeConfig.nodePools[0],storageConfig.blockStorage.enabled,kubernetesNetworkConfig.elasticLoadBalancing.enabled]'
      kubectl wait nodepool --all --for=condition=Ready >/dev/null && kubectl get nodepools --no-headers | awk '{print $1,$2,$3,$4}'
      kubectl get nodes,pods -A 2>&1
      kubectl apply -f web.yaml >/dev/null
      kubectl wait nodeclaim --all --for=create --timeout=200s >/dev/null
      until kubectl get nodeclaims -o jsonpath='{.items[0].status.conditions[0].message}' | grep Failed; do sleep 0.2; done`)
    expect(cluster.split('\n')).toEqual([
      'True\tgeneral-purpose\tTrue\tTrue',
      'general-purpose default 0 True',
      'system default 0 True',
      'No resources found',
      expect.stringMatching(
        /^Failed to create instance: UnauthorizedOperation: You are not authorized to perform this operation. User: arn:aws:sts::\d+:assumed-role\/auto-cluster\/eks-auto-mode is not authorized to perform: ec2:RunInstances because no identity-based policy allows the ec2:RunInstances action$/,
      ),
    ])
    const [instance, node, event] = (
      await shell.ok(String.raw`
        aws iam attach-role-policy --role-name auto-cluster --policy-arn arn:aws:iam::aws:policy/AmazonEKSComputePolicy
        kubectl rollout status deployment/web --timeout=300s >/dev/null
        aws ec2 describe-instances --filters Name=tag:eks:kubernetes-node-pool-name,Values=general-purpose Name=instance-state-name,Values=running --query 'Reservations[].Instances[].InstanceId' --output text
        kubectl get nodes --no-headers -o custom-columns=N:.metadata.name,T:.metadata.labels.node\\.kubernetes\\.io/instance-type,P:.metadata.labels.karpenter\\.sh/nodepool,O:.status.nodeInfo.osImage
        kubectl get events | grep Nominated | head -1`)
    ).split('\n')
    expect(node).toMatch(
      /^i-[0-9a-f]{17} +c[56]i?\.xlarge +general-purpose +Bottlerocket \(EKS Auto, Standard\)/,
    )
    expect(instance).toBe(node!.split(' ')[0])
    expect(event).toMatch(/Nominated +pod\/web-\S+ +Pod should schedule on: nodeclaim\/general-purpose-\w{5}/)
  })

  // https://docs.aws.amazon.com/eks/latest/userguide/create-storage-class.html
  it('makes EBS volumes for its own machines, and these cost its fee', {
    timeout: 120_000,
  }, async () => {
    await shell.write(
      'storage.yaml',
      `apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: auto-ebs-sc}
allowedTopologies: [{matchLabelExpressions: [{key: eks.amazonaws.com/compute-type, values: [auto]}]}]
provisioner: ebs.csi.eks.amazonaws.com
volumeBindingMode: WaitForFirstConsumer
parameters: {type: gp3, encrypted: "true"}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data}
spec: {accessModes: [ReadWriteOnce], storageClassName: auto-ebs-sc, resources: {requests: {storage: 8Gi}}}
---
apiVersion: v1
kind: Pod
metadata: {name: store}
spec:
  containers: [{name: main, image: 'nginx:1.28', volumeMounts: [{name: data, mountPath: /data}]}]
  volumes: [{name: data, persistentVolumeClaim: {claimName: data}}]
`,
    )
    await shell.ok(
      'kubectl apply -f storage.yaml && kubectl wait pod/store --for=condition=Ready --timeout=300s',
    )
    const attached = `aws ec2 describe-volumes --filters Name=tag:eks:eks-cluster-name,Values=auto Name=tag-key,Values=CSIVolumeName --output text --query 'Volumes[].[Size,VolumeType,Encrypted,Attachments[0].InstanceId]'`
    const node = await shell.ok(`kubectl get pod store -o jsonpath='{.spec.nodeName}'`)
    await expect.poll(() => shell.ok(attached)).toBe(`8\tgp3\tTrue\t${node}`)
    const { resources } = await cloud.costs('auto')
    const machine = resources.find(({ name }) => name === node)!
    const [price, fee] = machine.charges
    expect(fee!.description).toContain('managed by Amazon EKS Auto Mode')
    expect(fee!.usd / price!.usd).toBeCloseTo(0.12, 3)
    await shell.ok('kubectl delete -f storage.yaml')
    await expect.poll(() => shell.ok(attached), { timeout: 60_000 }).toBe('')
  })

  // https://docs.aws.amazon.com/eks/latest/userguide/auto-configure-alb.html, …/auto-configure-nlb.html
  it('makes load balancers for its Ingresses and Services, with the rights of the cluster’s role', {
    timeout: 180_000,
  }, async () => {
    await shell.write(
      'balancers.yaml',
      `apiVersion: eks.amazonaws.com/v1
kind: IngressClassParams
metadata: {name: alb}
spec: {scheme: internet-facing}
---
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: {name: alb}
spec: {controller: eks.amazonaws.com/alb, parameters: {apiGroup: eks.amazonaws.com, kind: IngressClassParams, name: alb}}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80}]}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web}
spec:
  ingressClassName: alb
  rules: [{http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}}]
---
apiVersion: v1
kind: Service
metadata: {name: net, annotations: {service.beta.kubernetes.io/aws-load-balancer-scheme: internet-facing}}
spec: {type: LoadBalancer, loadBalancerClass: eks.amazonaws.com/nlb, selector: {app: web}, ports: [{port: 80}]}
`,
    )
    await shell.ok(`
      aws iam attach-role-policy --role-name auto-cluster --policy-arn arn:aws:iam::aws:policy/AmazonEKSLoadBalancingPolicy
      kubectl apply -f balancers.yaml
      kubectl wait ingress/web service/net --for=jsonpath='{.status.loadBalancer.ingress[0].hostname}' --timeout=300s`)
    for (const kind of ['ingress/web', 'service/net']) {
      const host = await shell.ok(
        `kubectl get ${kind} -o jsonpath='{.status.loadBalancer.ingress[0].hostname}'`,
      )
      const page = async () => (await shell.run(`curl -s -m 5 http://${host}/`)).stdout
      await expect.poll(page, { timeout: 60_000 }).toContain('Welcome to nginx!')
    }
    expect(
      await shell.ok('kubectl get targetgroupbindings.eks.amazonaws.com -o jsonpath={..spec.targetType}'),
    ).toBe('ip ip')
    await shell.ok('kubectl delete -f balancers.yaml --timeout=120s')
    expect(await shell.ok('aws elbv2 describe-load-balancers --query LoadBalancers --output text')).toBe('')
  })

  it('ends a machine when nothing is left on it, and sends pods that tolerate it to the system pool', {
    timeout: 120_000,
  }, async () => {
    await shell.ok(`kubectl delete deployment web --wait`)
    await shell.ok(
      `kubectl wait nodeclaim --all --for=delete --timeout=300s && test -z "$(kubectl get nodes -o name)"`,
    )
    await shell.write(
      'critical.yaml',
      `apiVersion: v1
kind: Pod
metadata: {name: critical}
spec:
  nodeSelector: {kubernetes.io/arch: arm64}
  tolerations: [{key: CriticalAddonsOnly, operator: Exists}]
  containers: [{name: main, image: 'nginx:1.28'}]
`,
    )
    await shell.ok(
      'kubectl apply -f critical.yaml && kubectl wait pod/critical --for=condition=Ready --timeout=300s',
    )
    expect(
      await shell.ok(
        `kubectl get node -o jsonpath='{.items[*].metadata.labels.karpenter\\.sh/nodepool} {.items[*].spec.taints[0].key}'`,
      ),
    ).toBe('system CriticalAddonsOnly')
  })

  it('goes with its pools when it is switched off', { timeout: 120_000 }, async () => {
    await shell.ok(`
      aws eks update-cluster-config --name auto --compute-config enabled=false \\
        --kubernetes-network-config elasticLoadBalancing={enabled=false} --storage-config blockStorage={enabled=false} >/dev/null
      aws eks wait cluster-active --name auto
      kubectl wait nodeclaim --all --for=delete --timeout=300s`)
    expect(await shell.ok('kubectl get nodepools,nodes 2>&1')).toBe('No resources found')
    expect(await shell.ok(`aws eks list-updates --name auto --query 'length(updateIds)'`)).toBe('1')
  })
})
