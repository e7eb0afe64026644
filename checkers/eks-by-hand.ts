import {
  DescribeInternetGatewaysCommand,
  DescribeNatGatewaysCommand,
  DescribeVpcAttributeCommand,
  DescribeVpcsCommand,
  EC2Client,
  type Subnet,
} from '@aws-sdk/client-ec2'
import { DescribeClusterCommand, EKSClient } from '@aws-sdk/client-eks'
import type { V1Node, V1Pod, V1StorageClass } from '@kubernetes/client-node'
import { type CheckContext, defineChecker, unlessMissing } from '#checks/checker.ts'
import { eksCluster, existing, isReady, troubleOf } from './lib/cluster.ts'
import { expectEncryptedSecrets } from './lib/encryption.ts'
import { expectKubeconfig } from './lib/kubeconfig.ts'
import { expectRole } from './lib/roles.ts'
import { boundClaim, expectEbsDriver } from './lib/volumes.ts'
import { Network, nameOf, zonesOf } from './lib/vpc.ts'

const CLUSTER = 'harbor'
const PUBLIC = 'kubernetes.io/role/elb'
const PRIVATE = 'kubernetes.io/role/internal-elb'
const DEFAULT_CLASS = 'storageclass.kubernetes.io/is-default-class'

/** The id of the VPC that the learner built. */
async function builtVpc(t: CheckContext): Promise<string> {
  const { Vpcs = [] } = await t
    .aws(EC2Client)
    .send(new DescribeVpcsCommand({ Filters: [{ Name: 'tag:Name', Values: [CLUSTER] }] }))
  const vpc = t.found(Vpcs[0], {
    id: 'no-vpc',
    title: `The VPC ${CLUSTER} exists`,
    expected: `a VPC with the tag Name=${CLUSTER}`,
    observed: 'there is none',
    evidence: `aws ec2 describe-vpcs --query 'Vpcs[].[VpcId,CidrBlock,Tags]'`,
    cause: 'It was not created yet, in another region, or without the tag.',
    hint: `aws ec2 create-vpc --cidr-block 10.20.0.0/16 --tag-specifications 'ResourceType=vpc,Tags=[{Key=Name,Value=${CLUSTER}}]'`,
  })
  return vpc.VpcId!
}

async function network(t: CheckContext): Promise<void> {
  const vpc = await builtVpc(t)
  const ec2 = t.aws(EC2Client)
  const { EnableDnsHostnames } = await ec2.send(
    new DescribeVpcAttributeCommand({ VpcId: vpc, Attribute: 'enableDnsHostnames' }),
  )
  t.expect(EnableDnsHostnames?.Value === true, {
    id: 'dns-names-off',
    title: 'Machines of the VPC have names',
    expected: 'enableDnsHostnames is true',
    observed: 'false',
    evidence: `aws ec2 describe-vpc-attribute --vpc-id ${vpc} --attribute enableDnsHostnames`,
    cause: 'It is off in a VPC that you make, and on in the default one. Without it nodes cannot register.',
    hint: `aws ec2 modify-vpc-attribute --vpc-id ${vpc} --enable-dns-hostnames`,
  })
  const net = await Network.read(t, vpc)
  const open = net.tagged(PUBLIC)
  for (const [kind, subnets, tag] of [
    ['public', open, PUBLIC],
    ['private', net.tagged(PRIVATE), PRIVATE],
  ] as const) {
    t.expect(zonesOf(subnets) >= 2, {
      id: `too-few-${kind}-subnets`,
      title: `There are ${kind} subnets in two zones`,
      expected: `two subnets with the tag ${tag}, in two zones`,
      observed: `${subnets.length} of ${net.subnets.length} subnets have it, in ${zonesOf(subnets)} zones`,
      seen: subnets.map(nameOf).join(', '),
      evidence: `aws ec2 describe-subnets --filters Name=vpc-id,Values=${vpc} --query 'Subnets[].[SubnetId,AvailabilityZone,Tags]'`,
      cause: 'A subnet is missing, lacks the tag, or both are in one zone.',
      hint: `Forgotten tags can be added: aws ec2 create-tags --resources <subnet> --tags Key=${tag},Value=1`,
    })
  }
  const { InternetGateways = [] } = await ec2.send(
    new DescribeInternetGatewaysCommand({ Filters: [{ Name: 'attachment.vpc-id', Values: [vpc] }] }),
  )
  t.expect(InternetGateways.length > 0, {
    id: 'no-internet-gateway',
    title: 'The VPC has a door',
    expected: 'an internet gateway attached to the VPC',
    observed: 'none is attached',
    evidence: `aws ec2 describe-internet-gateways --query 'InternetGateways[].[InternetGatewayId,Attachments]'`,
    cause: 'A new gateway belongs to no VPC until it is attached.',
    hint: `aws ec2 attach-internet-gateway --internet-gateway-id <id> --vpc-id ${vpc}`,
  })
  const closed = open.find(({ SubnetId }) => net.wayOut(SubnetId!) !== 'internet-gateway')
  t.expect(closed === undefined, {
    id: 'public-without-route',
    title: 'The public subnets lead to it',
    expected: '0.0.0.0/0 to the internet gateway, in the route table of each public subnet',
    observed: `${closed && nameOf(closed)} has no such route`,
    evidence: routesEvidence(vpc),
    cause: 'The route is missing, or its table is not associated with the subnet.',
    hint: 'aws ec2 create-route … --gateway-id <id>, then aws ec2 associate-route-table for both subnets',
  })
}

const routesEvidence = (vpc: string) =>
  `aws ec2 describe-route-tables --filters Name=vpc-id,Values=${vpc} --query 'RouteTables[].{Routes:Routes[].[DestinationCidrBlock,GatewayId,NatGatewayId],Subnets:Associations[].SubnetId}'`

async function wayOut(t: CheckContext): Promise<void> {
  const vpc = await builtVpc(t)
  const net = await Network.read(t, vpc)
  const { NatGateways = [] } = await t
    .aws(EC2Client)
    .send(new DescribeNatGatewaysCommand({ Filter: [{ Name: 'vpc-id', Values: [vpc] }] }))
  const evidence = `aws ec2 describe-nat-gateways --filter Name=vpc-id,Values=${vpc} --query 'NatGateways[].[NatGatewayId,State,SubnetId,FailureMessage]'`
  const usable = NatGateways.filter(({ State }) => State === 'available')
  const standing = NatGateways.filter(({ State }) => State === 'available' || State === 'pending')
  t.expect(
    standing.length === 0 || standing.some(({ SubnetId }) => net.wayOut(SubnetId!) === 'internet-gateway'),
    {
      id: 'nat-not-public',
      title: 'A NAT gateway stands in a public subnet',
      expected: 'its subnet leads to the internet gateway',
      observed: 'it stands in a private subnet',
      evidence,
      cause: 'It has an address, and its own way out leads nowhere.',
      hint: 'A NAT gateway cannot be moved. Delete it and make one in a public subnet; the address can be used again.',
    },
  )
  t.expect(usable.length > 0, {
    id: 'no-nat-gateway',
    title: 'A NAT gateway is available',
    expected: 'a NAT gateway of the VPC with the state available',
    observed: NatGateways[0]
      ? `state ${NatGateways[0].State} ${NatGateways[0].FailureMessage ?? ''}`.trim()
      : 'there is none',
    evidence,
    cause: standing.length > 0 ? 'AWS takes about two minutes to make it.' : 'It was not created yet.',
    hint: 'aws ec2 allocate-address --domain vpc, then aws ec2 create-nat-gateway --subnet-id <public> --allocation-id <id>',
  })
  const leading = (way: string) => (subnet: Subnet) => net.wayOut(subnet.SubnetId!) === way
  const inside = net.tagged(PRIVATE)
  const open = inside.find(leading('internet-gateway'))
  t.expect(open === undefined, {
    id: 'private-is-public',
    title: 'The private subnets are private',
    expected: 'no route to the internet gateway',
    observed: `${open && nameOf(open)} leads to the internet gateway`,
    evidence: routesEvidence(vpc),
    cause: 'The route names the internet gateway where the NAT gateway should stand.',
    hint: 'aws ec2 replace-route --route-table-id <id> --destination-cidr-block 0.0.0.0/0 --nat-gateway-id <id>',
  })
  const without = inside.find((subnet) => !leading('nat-gateway')(subnet))
  t.expect(without === undefined, {
    id: 'private-without-way-out',
    title: 'The private subnets have a way out',
    expected: '0.0.0.0/0 to the NAT gateway, in the route table of each private subnet',
    observed: `${without && nameOf(without)} has no such route`,
    evidence: routesEvidence(vpc),
    cause: 'Its route table is the main one of the VPC, which leads nowhere, or the route is missing.',
    hint: 'aws ec2 associate-route-table --route-table-id <private table> --subnet-id <subnet>',
  })
}

async function roles(t: CheckContext): Promise<void> {
  await expectRole(t, {
    name: 'harbor-cluster-role',
    service: 'eks.amazonaws.com',
    policies: ['AmazonEKSClusterPolicy'],
    why: 'EKS works with it',
  })
  await expectRole(t, {
    name: 'harbor-node-role',
    service: 'ec2.amazonaws.com',
    policies: ['AmazonEKSWorkerNodePolicy', 'AmazonEKS_CNI_Policy', 'AmazonEC2ContainerRegistryPullOnly'],
    why: 'the nodes are EC2 instances',
  })
}

async function controlPlane(t: CheckContext): Promise<void> {
  const answer = await unlessMissing(
    t.aws(EKSClient).send(new DescribeClusterCommand({ name: CLUSTER })),
    'ResourceNotFoundException',
  )
  const cluster = t.found(answer?.cluster, {
    id: 'no-cluster',
    title: `The cluster ${CLUSTER} exists`,
    expected: `a cluster named ${CLUSTER} in ${await t.region()}`,
    observed: 'there is none',
    evidence: 'aws eks list-clusters',
    cause: 'It was not created yet, under another name, or in another region.',
    hint: `aws eks create-cluster --name ${CLUSTER} --role-arn … --resources-vpc-config subnetIds=…`,
  })
  t.expect(cluster.status === 'ACTIVE' || cluster.status === 'UPDATING', {
    id: 'cluster-not-active',
    title: 'It is ACTIVE',
    expected: 'status ACTIVE',
    observed: `status ${cluster.status}`,
    evidence: `aws eks describe-cluster --name ${CLUSTER} --query cluster.status`,
    cause: 'AWS needs about ten minutes to build a control plane; the lab shortens the wait.',
    hint: `aws eks wait cluster-active --name ${CLUSTER}`,
  })
  const vpc = await builtVpc(t)
  t.expect(cluster.resourcesVpcConfig?.vpcId === vpc, {
    id: 'cluster-in-another-vpc',
    title: 'It is in your VPC',
    expected: vpc,
    observed: `${cluster.resourcesVpcConfig?.vpcId}`,
    evidence: `aws eks describe-cluster --name ${CLUSTER} --query cluster.resourcesVpcConfig`,
    cause: 'Its subnets are of another VPC, such as the default one.',
    hint: `A cluster cannot move. aws eks delete-cluster --name ${CLUSTER}, then create it with the private subnets.`,
  })
  await expectEncryptedSecrets(t, CLUSTER)
  await expectKubeconfig(t, cluster)
}

async function nodes(t: CheckContext): Promise<void> {
  const cluster = await eksCluster(t)
  const ready = (await cluster.list<V1Node>('v1/Node')).filter(isReady)
  t.expect(ready.length >= 2, {
    id: 'too-few-nodes',
    title: 'Two nodes are Ready',
    expected: '2 nodes that are Ready',
    observed: `${ready.length}`,
    seen: ready.map(({ metadata }) => metadata!.name).join(', '),
    evidence: `kubectl get nodes; aws eks describe-nodegroup --cluster-name ${CLUSTER} --nodegroup-name workers --query 'nodegroup.[status,health.issues]'`,
    cause: 'There is no node group, its desired size is smaller, or its instances have not joined.',
    hint: `aws eks update-nodegroup-config --cluster-name ${CLUSTER} --nodegroup-name workers --scaling-config minSize=1,maxSize=3,desiredSize=2`,
  })
  const reachable = ready.find(({ status }) => status?.addresses?.some(({ type }) => type === 'ExternalIP'))
  t.expect(reachable === undefined, {
    id: 'nodes-have-public-addresses',
    title: 'No node has a public address',
    expected: 'no EXTERNAL-IP',
    observed: `${reachable?.metadata?.name} has one`,
    evidence: 'kubectl get nodes -o wide',
    cause: 'The node group is in the public subnets.',
    hint: `The subnets of a node group cannot be changed. Make another one in the private subnets, then aws eks delete-nodegroup for this one.`,
  })
  const zones = new Set(ready.map(({ metadata }) => metadata!.labels?.['topology.kubernetes.io/zone']))
  t.expect(zones.size >= 2, {
    id: 'nodes-in-one-zone',
    title: 'They are in two zones',
    expected: 'nodes in two availability zones',
    observed: [...zones].join(', '),
    seen: [...zones].join(', '),
    evidence: 'kubectl get nodes -L topology.kubernetes.io/zone',
    cause: 'The node group names one subnet only.',
    hint: 'Make a node group with both private subnets, then delete this one.',
  })
}

async function storage(t: CheckContext): Promise<void> {
  await expectEbsDriver(t, CLUSTER)
  const cluster = await eksCluster(t)
  const classes = await cluster.list<V1StorageClass>('storage.k8s.io/v1/StorageClass')
  const normal = classes.find(({ metadata }) => metadata?.annotations?.[DEFAULT_CLASS] === 'true')
  t.expect(normal?.provisioner === 'ebs.csi.aws.com' && normal.parameters?.encrypted === 'true', {
    id: 'no-default-class',
    title: 'Claims get encrypted EBS volumes by default',
    expected: 'a default storage class of ebs.csi.aws.com with encrypted: "true"',
    observed: normal
      ? `${normal.metadata!.name} of ${normal.provisioner}, encrypted: ${normal.parameters?.encrypted ?? 'not said'}`
      : 'no default storage class',
    evidence: 'kubectl get storageclasses -o yaml',
    cause: `No class has the annotation ${DEFAULT_CLASS}: "true", or it does not encrypt.`,
    hint: 'kubectl apply -f storage.yaml',
  })
  await boundClaim(t, cluster, 'data', 'kubectl apply -f storage.yaml')
  const writer = await existing<V1Pod>(t, cluster, 'v1/Pod', 'writer', {
    hint: 'kubectl apply -f storage.yaml',
  })
  t.expect(isReady(writer), {
    id: 'writer-not-ready',
    title: 'The pod writes to it',
    expected: 'Ready',
    observed: `${writer.status?.phase}`,
    evidence: 'kubectl describe pod writer',
    cause: troubleOf([writer]) ?? 'The volume is being attached.',
    hint: 'kubectl wait --for=condition=Ready pod/writer --timeout=5m',
  })
}

export default defineChecker({
  lab: 'eks-by-hand',
  steps: { network, 'way-out': wayOut, roles, 'control-plane': controlPlane, nodes, storage },
})
