// Log lines and behaviour: https://docs.aws.amazon.com/eks/latest/eksctl/ (creating-and-managing-clusters, managed-nodegroups, iamserviceaccounts).
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { CloudCommand } from '../support/cloud-command.ts'

let cloud: CloudCommand

beforeAll(async () => {
  cloud = await CloudCommand.start('--ephemeral', '--provisioning', 'instant')
})
afterAll(() => cloud.close())

/** What a script prints; fails when it fails. */
async function run(script: string): Promise<string> {
  const { code, stdout, stderr } = await cloud.shell(script)
  if (code !== 0) throw new Error(`${script} failed:\n${stdout}\n${stderr}`)
  return stdout
}
const fails = async (script: string) => (await cloud.shell(script)).stderr

const CONFIG = `
apiVersion: eksctl.io/v1alpha5
kind: ClusterConfig
metadata: {name: dock, region: us-east-1, version: "1.34"}
vpc: {cidr: 10.10.0.0/16}
iam:
  withOIDC: true
  serviceAccounts:
    - metadata: {namespace: default, name: reader}
      attachPolicyARNs: [arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryReadOnly]
managedNodeGroups:
  - {name: managed, instanceType: t3.large, desiredCapacity: 1, labels: {kind: managed}}
nodeGroups:
  - {name: own, instanceType: t3.large, desiredCapacity: 1, privateNetworking: true, labels: {kind: own}}
fargateProfiles:
  - {name: fp, selectors: [{namespace: serverless}]}
cloudWatch: {clusterLogging: {enableTypes: [api]}}
`

it('makes a cluster with the three kinds of nodes from a file, in stacks', async () => {
  await writeFile(join(cloud.home, 'cluster.yaml'), CONFIG)
  const log = await run('eksctl create cluster -f cluster.yaml')
  expect(log).toContain('subnets for us-east-1a - public:10.10.0.0/19 private:10.10.64.0/19')
  expect(log).toContain('building cluster stack "eksctl-dock-cluster"')
  expect(log).toContain('building managed nodegroup stack "eksctl-dock-nodegroup-managed"')
  expect(log).toContain('EKS cluster "dock" in "us-east-1" region is ready')
  const stacks = await run(
    "aws cloudformation describe-stacks --query 'Stacks[].[StackName,StackStatus]' --output text",
  )
  expect(stacks.split('\n').sort()).toEqual(
    [
      'addon-iamserviceaccount-default-reader',
      'cluster',
      'fargate',
      'nodegroup-managed',
      'nodegroup-own',
    ].map((name) => `eksctl-dock-${name}\tCREATE_COMPLETE`),
  )
  const nodes = await run("kubectl get nodes -L kind --no-headers | awk '{print $2, $NF}' | sort")
  expect(nodes.split('\n')).toEqual(['Ready managed', 'Ready own'])
  const role = await run(
    "kubectl get serviceaccount reader -o jsonpath='{.metadata.annotations.eks\\.amazonaws\\.com/role-arn}'",
  )
  expect(role).toMatch(/:role\/eksctl-dock-addon-/)
  expect(
    await run(
      "aws eks describe-cluster --name dock --query 'cluster.logging.clusterLogging[?enabled].types[]' --output text",
    ),
  ).toBe('api')
})

it('runs a pod of a Fargate profile on a node of its own', async () => {
  await run(
    'kubectl create namespace serverless && kubectl -n serverless run web --image=nginx:1.29 && kubectl -n serverless wait --for=condition=Ready pod/web --timeout=60s',
  )
  expect(await run("kubectl -n serverless get pod web -o jsonpath='{.spec.nodeName}'")).toMatch(
    /^fargate-ip-10-10-/,
  )
  expect(await run('eksctl get fargateprofile --cluster dock')).toMatch(/fp\s+serverless\s+<none>/)
})

it('shows, scales, maps and refuses as eksctl does', async () => {
  expect(await run('eksctl get cluster')).toMatch(/NAME\s+REGION\s+EKSCTL CREATED\ndock\s+us-east-1\s+True/)
  expect(await run('eksctl get nodegroup --cluster dock')).toMatch(/dock\s+managed\s+ACTIVE/)
  expect(await run('eksctl scale nodegroup --cluster dock --name managed --nodes 2 --nodes-max 3')).toContain(
    'initiated scaling of nodegroup',
  )
  await run(
    'until [ "$(kubectl get nodes -l kind=managed --no-headers | grep -cw Ready)" = 2 ]; do sleep 0.5; done',
  )
  expect(await run('eksctl get iamserviceaccount --cluster dock')).toMatch(/default\s+reader\s+arn:aws:iam::/)
  expect(await run('eksctl get addon --cluster dock --name coredns')).toMatch(/coredns\s+v1\.\S+\s+ACTIVE/)
  await run(
    'eksctl create iamidentitymapping --cluster dock --arn arn:aws:iam::111122223333:user/ada --username ada --group viewers',
  )
  expect(await run('eksctl get iamidentitymapping --cluster dock')).toMatch(/user\/ada\s+ada\s+viewers/)
  expect(await run("kubectl -n kube-system get configmap aws-auth -o jsonpath='{.data.mapUsers}'")).toContain(
    'username: ada',
  )
  expect(await fails('eksctl create cluster --name dock')).toContain(
    'Error: creating CloudFormation stack "eksctl-dock-cluster": a cluster named "dock" already exists in region "us-east-1"',
  )
  expect(await fails('eksctl get nodegroup --cluster none')).toContain(
    'cluster "none" does not exist in region "us-east-1"',
  )
})

it('gives an account that is in the cluster already a role only when it is told to', async () => {
  const create =
    'eksctl create iamserviceaccount --cluster dock --name theirs --attach-policy-arn arn:aws:iam::aws:policy/AmazonSSMReadOnlyAccess --approve'
  await run('kubectl create serviceaccount theirs && kubectl annotate serviceaccount theirs team=shop')
  const left = await run(create)
  expect(left).toContain(
    '1 iamserviceaccount (default/theirs) was excluded (based on the include/exclude rules)',
  )
  expect(left).toContain('no tasks')
  expect(await run(`${create} --override-existing-serviceaccounts`)).toContain(
    'updated serviceaccount "default/theirs"',
  )
  const annotations = JSON.parse(
    await run("kubectl get serviceaccount theirs -o jsonpath='{.metadata.annotations}'"),
  )
  expect(annotations).toEqual({
    team: 'shop',
    'eks.amazonaws.com/role-arn': expect.stringContaining(':role/eksctl-dock-addon-iamserviceaccount-'),
  })
})

it('upgrades a control plane by one minor version', async () => {
  expect(await run('eksctl upgrade cluster --name dock')).toContain(
    '(plan) would upgrade cluster "dock" control plane from current version "1.34" to "1.35"',
  )
  expect(await run('eksctl upgrade cluster --name dock --approve')).toContain(
    'control plane has been upgraded to version "1.35"',
  )
  expect(await run('aws eks describe-cluster --name dock --query cluster.version --output text')).toBe('1.35')
})

it('takes everything down again', async () => {
  const log = await run('eksctl delete cluster --name dock --wait')
  expect(log).toContain('will delete stack "eksctl-dock-nodegroup-own"')
  expect(log).toContain('all cluster resources were deleted')
  expect(await run("aws ec2 describe-vpcs --query 'Vpcs[].CidrBlock' --output text")).toBe('172.31.0.0/16')
  expect(
    await run("aws iam list-roles --query 'Roles[?starts_with(RoleName, `eksctl`)].RoleName' --output text"),
  ).toBe('')
  expect(
    await run("aws iam list-open-id-connect-providers --query 'OpenIDConnectProviderList' --output text"),
  ).toBe('')
})

it('makes a cluster in Auto Mode, with roles that may run it and no node groups', async () => {
  const log = await run('eksctl create cluster --name auto --enable-auto-mode --no-write-kubeconfig')
  expect(log).toContain('default addons metrics-server were not specified, will install them as EKS addons')
  const described = await run(
    "aws eks describe-cluster --name auto --query 'cluster.[computeConfig.enabled,computeConfig.nodePools,computeConfig.nodeRoleArn]' --output json",
  )
  expect(JSON.parse(described)).toEqual([
    true,
    ['general-purpose', 'system'],
    expect.stringMatching(/role\/eksctl-auto-cluster-AutoModeNodeRole-/),
  ])
})
