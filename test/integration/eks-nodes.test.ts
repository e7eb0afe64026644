import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { OwnedCloud } from '#cloud/api.ts'
import { startCloud } from '#cloud/supervisor.ts'
import { LabShell } from '../support/lab-shell.ts'

// https://docs.aws.amazon.com/eks/latest/userguide/creating-a-vpc.html, …/worker.html, …/cluster-endpoint.html
let directory: string
let cloud: OwnedCloud
let shell: LabShell

const trust = (service: string) =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: { Service: service }, Action: 'sts:AssumeRole' }],
  })

/** A VPC with a public and two private subnets, a NAT gateway in the public one, and the roles. Ids go to `ids.sh`. */
const FURNISH = `
id() { aws ec2 "$@" --output text; }
VPC=$(id create-vpc --cidr-block 10.0.0.0/16 --query Vpc.VpcId)
PUBLIC=$(id create-subnet --vpc-id $VPC --cidr-block 10.0.0.0/24 --availability-zone us-east-1a --query Subnet.SubnetId)
A=$(id create-subnet --vpc-id $VPC --cidr-block 10.0.1.0/24 --availability-zone us-east-1a --query Subnet.SubnetId)
B=$(id create-subnet --vpc-id $VPC --cidr-block 10.0.2.0/24 --availability-zone us-east-1b --query Subnet.SubnetId)
IGW=$(id create-internet-gateway --query InternetGateway.InternetGatewayId)
aws ec2 attach-internet-gateway --internet-gateway-id $IGW --vpc-id $VPC
OPEN=$(id create-route-table --vpc-id $VPC --query RouteTable.RouteTableId)
CLOSED=$(id create-route-table --vpc-id $VPC --query RouteTable.RouteTableId)
aws ec2 create-route --route-table-id $OPEN --destination-cidr-block 0.0.0.0/0 --gateway-id $IGW
aws ec2 associate-route-table --route-table-id $OPEN --subnet-id $PUBLIC
aws ec2 associate-route-table --route-table-id $CLOSED --subnet-id $A
aws ec2 associate-route-table --route-table-id $CLOSED --subnet-id $B
EIP=$(id allocate-address --query AllocationId)
NAT=$(id create-nat-gateway --subnet-id $PUBLIC --allocation-id $EIP --query NatGateway.NatGatewayId)
aws iam create-role --role-name cluster --assume-role-policy-document '${trust('eks.amazonaws.com')}'
aws iam attach-role-policy --role-name cluster --policy-arn arn:aws:iam::aws:policy/AmazonEKSClusterPolicy
aws iam create-role --role-name node --assume-role-policy-document '${trust('ec2.amazonaws.com')}'
for POLICY in AmazonEKSWorkerNodePolicy AmazonEKS_CNI_Policy AmazonEC2ContainerRegistryPullOnly; do
  aws iam attach-role-policy --role-name node --policy-arn arn:aws:iam::aws:policy/$POLICY
done
aws iam create-instance-profile --instance-profile-name node
aws iam add-role-to-instance-profile --instance-profile-name node --role-name node
aws eks create-cluster --name lab --role-arn $(aws iam get-role --role-name cluster --query Role.Arn --output text) \\
  --resources-vpc-config subnetIds=$A,$B --access-config authenticationMode=API_AND_CONFIG_MAP
aws eks wait cluster-active --name lab
aws eks update-kubeconfig --name lab
NODE_ROLE=$(aws iam get-role --role-name node --query Role.Arn --output text)
GROUP=$(aws eks describe-cluster --name lab --query cluster.resourcesVpcConfig.clusterSecurityGroupId --output text)
PUBLIC_IMAGE=$(id describe-images --owners amazon --filters 'Name=name,Values=amazon-eks-node-al2023-x86_64-standard-1.35-*' --query 'Images[0].ImageId')
IMAGE=$(id copy-image --source-region us-east-1 --source-image-id $PUBLIC_IMAGE --name node --query ImageId)
aws ec2 wait image-available --image-ids $IMAGE
declare -p VPC PUBLIC A B OPEN CLOSED NAT NODE_ROLE GROUP IMAGE > ids.sh
`

/** The NodeConfig of the cluster, in a MIME message. */
const USER_DATA = `
cluster() { aws eks describe-cluster --name lab --query cluster.$1 --output text; }
cat > user-data <<END
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="BOUNDARY"

--BOUNDARY
Content-Type: application/node.eks.aws

---
apiVersion: node.eks.aws/v1alpha1
kind: NodeConfig
spec:
  cluster:
    name: lab
    apiServerEndpoint: $(cluster endpoint)
    certificateAuthority: $(cluster certificateAuthority.data)
    cidr: $(cluster kubernetesNetworkConfig.serviceIpv4Cidr)
  kubelet:
    flags:
      - --node-labels=team=blue
--BOUNDARY--
END
`

const run = (script: string) => shell.ok(`. ./ids.sh\n${script}`)
const nodes = () =>
  shell.ok('kubectl get nodes --no-headers -o custom-columns=N:.metadata.name,S:.status.conditions[3].status')
const poll = { timeout: 60_000, interval: 500 }

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'drydock-nodes-'))
  cloud = await startCloud({ directory })
  const world = await cloud.createWorld({ provisioning: 'instant' })
  await cloud.setSpeed(world.id, 10)
  shell = await LabShell.open(world)
  await shell.ok(FURNISH)
}, 240_000)
afterAll(async () => {
  await shell.close()
  await cloud.stop()
  await rm(directory, { recursive: true })
})

describe('self-managed nodes in private subnets', () => {
  it('do not join without a way out, nor without an access entry, and then do', async () => {
    await run(`${USER_DATA}
      TEMPLATE=$(aws ec2 create-launch-template --launch-template-name own --query LaunchTemplate.LaunchTemplateId --output text \\
        --launch-template-data '{"ImageId":"'$IMAGE'","InstanceType":"t3.medium","SecurityGroupIds":["'$GROUP'"],
          "IamInstanceProfile":{"Name":"node"},"UserData":"'$(base64 -w0 user-data)'"}')
      aws autoscaling create-auto-scaling-group --auto-scaling-group-name own --min-size 1 --max-size 1 \\
        --launch-template LaunchTemplateId=$TEMPLATE --vpc-zone-identifier $A \\
        --tags Key=kubernetes.io/cluster/lab,Value=owned,PropagateAtLaunch=true`)
    const console = () =>
      run(`I=$(aws ec2 describe-instances --filters Name=tag:aws:autoscaling:groupName,Values=own --query 'Reservations[0].Instances[0].InstanceId' --output text)
        aws ec2 get-console-output --instance-id $I --query Output --output text | tr -d '\\r'`)
    await expect.poll(console, poll).toMatch(/Unable to register node.*:443: i\/o timeout/)
    expect(await nodes()).toBe('')
    await run(
      'aws ec2 create-route --route-table-id $CLOSED --destination-cidr-block 0.0.0.0/0 --nat-gateway-id $NAT',
    )
    await expect.poll(console, poll).toContain('err="Unauthorized"')
    await run('aws eks create-access-entry --cluster-name lab --principal-arn $NODE_ROLE --type EC2_LINUX')
    await expect.poll(nodes, poll).toMatch(/^ip-10-0-1-\d+\.ec2\.internal\s+True$/)
    expect(
      await shell.ok("kubectl get nodes -l team=blue -o jsonpath='{.items[*].status.allocatable.pods}'"),
    ).toBe('17')
  })

  // Source: docs.aws.amazon.com/eks/latest/userguide/cert-signing.html; kubernetes.io/docs/reference/access-authn-authz/kubelet-tls-bootstrapping.
  it('have the certificates of their kubelets signed by the cluster', async () => {
    expect(await shell.ok('kubectl get csr --no-headers')).toMatch(
      /^csr-\w{5} +\S+ +kubernetes\.io\/kubelet-serving +system:node:ip-10-0-1-\d+\.ec2\.internal +<none> +Approved,Issued$/,
    )
    expect(
      await shell.ok(
        `kubectl get csr -o jsonpath='{.items[0].status.certificate}' | base64 -d | openssl x509 -noout -subject -ext subjectAltName,extendedKeyUsage`,
      ),
    ).toMatch(
      /O = system:nodes, CN = system:node:ip-[\s\S]*TLS Web Server Authentication[\s\S]*DNS:ip-10-0-1-\d+\.ec2\.internal, IP Address:10\.0\.1\.\d+/,
    )
  })

  it('cannot pull when the way out is gone, and say so', async () => {
    await run('aws ec2 delete-route --route-table-id $CLOSED --destination-cidr-block 0.0.0.0/0')
    await run(
      'aws ec2 create-vpc-endpoint --vpc-id $VPC --service-name com.amazonaws.us-east-1.s3 --route-table-ids $CLOSED',
    )
    await expect.poll(nodes, poll).toMatch(/Unknown$/)
    await run(
      `aws eks update-cluster-config --name lab --resources-vpc-config endpointPrivateAccess=true,endpointPublicAccess=true`,
    )
    await expect.poll(nodes, poll).toMatch(/True$/)
    await shell.ok('kubectl run web --image=nginx')
    const events = () => shell.ok('kubectl describe pod web')
    await expect
      .poll(events, poll)
      .toMatch(
        /failed to resolve reference "docker\.io\/library\/nginx:latest": failed to do request: Head "https:\/\/registry-1\.docker\.io\/v2\/library\/nginx\/manifests\/latest": dial tcp 52\.[\d.]+:443: i\/o timeout/,
      )
    await run(
      'aws ec2 create-route --route-table-id $CLOSED --destination-cidr-block 0.0.0.0/0 --nat-gateway-id $NAT',
    )
    await shell.ok('kubectl wait --for=condition=Ready pod/web --timeout=5m')
  })
})

describe('the API server’s endpoint', () => {
  it('does not answer the lab when it is private, or open to other addresses', async () => {
    await run(`aws eks update-cluster-config --name lab --resources-vpc-config endpointPublicAccess=false
      aws eks wait cluster-active --name lab`)
    expect(await shell.fails('kubectl get nodes')).toMatch(
      /Unable to connect to the server: dial tcp 10\.0\.[12]\.\d+:443: i\/o timeout/,
    )
    await run(`aws eks update-cluster-config --name lab --resources-vpc-config endpointPublicAccess=true,publicAccessCidrs=198.51.100.0/24
      aws eks wait cluster-active --name lab`)
    expect(await shell.fails('kubectl get nodes')).toMatch(/dial tcp 52\.[\d.]+:443: i\/o timeout/)
    await run(
      'aws eks update-cluster-config --name lab --resources-vpc-config publicAccessCidrs=203.0.113.0/24',
    )
    await expect.poll(nodes, poll).toMatch(/True$/)
  })
})

describe('security groups', () => {
  it('let what they do not admit time out between pods of two nodes', async () => {
    await run(
      `aws autoscaling update-auto-scaling-group --auto-scaling-group-name own --max-size 2 --desired-capacity 2`,
    )
    await expect.poll(nodes, poll).toMatch(/True\n.*True$/)
    const other = await shell.ok(
      `kubectl get nodes -o name | grep -v $(kubectl get pod web -o jsonpath='{.spec.nodeName}') | cut -d/ -f2`,
    )
    await shell.ok(`kubectl run client --image=busybox --overrides='{"spec":{"nodeName":"${other}"}}' -- sleep 1d
      kubectl wait --for=condition=Ready pod/client --timeout=5m`)
    const ip = await shell.ok("kubectl get pod web -o jsonpath='{.status.podIP}'")
    const ask = `kubectl exec client -- wget -qO- -T 5 http://${ip}`
    expect(await shell.ok(ask)).toContain('Welcome to nginx!')
    // What kubelets and the API server need stays open all the time.
    await run(`aws ec2 authorize-security-group-ingress --group-id $GROUP --protocol tcp --port 10250 --source-group $GROUP
      aws ec2 authorize-security-group-ingress --group-id $GROUP --protocol tcp --port 443 --source-group $GROUP
      aws ec2 revoke-security-group-ingress --group-id $GROUP --ip-permissions 'IpProtocol=-1,UserIdGroupPairs=[{GroupId='$GROUP'}]'`)
    expect(await shell.fails(ask)).toContain('wget: download timed out')
    await run(
      'aws ec2 authorize-security-group-ingress --group-id $GROUP --protocol tcp --port 80 --source-group $GROUP',
    )
    expect(await shell.ok(ask)).toContain('Welcome to nginx!')
  })
})

// https://docs.aws.amazon.com/eks/latest/userguide/fargate-getting-started.html
describe('Fargate', () => {
  it('runs the pods of a profile on nodes of their own, in private subnets only', async () => {
    await shell.write('fargate.json', trust('ec2.amazonaws.com'))
    await run(`aws iam create-role --role-name fargate --assume-role-policy-document file://fargate.json
      aws iam attach-role-policy --role-name fargate --policy-arn arn:aws:iam::aws:policy/AmazonEKSFargatePodExecutionRolePolicy`)
    const create = (subnet: string) =>
      `. ./ids.sh
      aws eks create-fargate-profile --cluster-name lab --fargate-profile-name web --subnets ${subnet} \
        --pod-execution-role-arn $(aws iam get-role --role-name fargate --query Role.Arn --output text) --selectors namespace=serverless`
    expect(await shell.fails(create('$A'))).toContain(
      'An error occurred (InvalidParameterException) when calling the CreateFargateProfile operation: Misconfigured PodExecutionRole Trust Policy; Please add the eks-fargate-pods.amazonaws.com Service Principal',
    )
    await shell.write('fargate.json', trust('eks-fargate-pods.amazonaws.com'))
    await run('aws iam update-assume-role-policy --role-name fargate --policy-document file://fargate.json')
    expect(await shell.fails(create('$PUBLIC'))).toMatch(
      /Subnet subnet-\w+ provided in Fargate Profile is not a private subnet/,
    )
    await shell.ok(create('$A'))
    await shell.ok(`aws eks wait fargate-profile-active --cluster-name lab --fargate-profile-name web
      kubectl create namespace serverless
      kubectl -n serverless run site --image=nginx --overrides='{"spec":{"containers":[{"name":"site","image":"nginx","resources":{"requests":{"cpu":"300m","memory":"700Mi"}}}]}}'
      kubectl -n serverless wait --for=condition=Ready pod/site --timeout=5m`)
    const seen = JSON.parse(await shell.ok('kubectl -n serverless get pod site -o json'))
    expect(seen.spec.nodeName).toBe(`fargate-ip-${seen.status.podIP.replaceAll('.', '-')}.ec2.internal`)
    expect(seen.spec.schedulerName).toBe('fargate-scheduler')
    expect(seen.metadata.annotations.CapacityProvisioned).toBe('0.5vCPU 1GB')
    expect(
      await shell.ok('kubectl get nodes -l eks.amazonaws.com/compute-type=fargate --no-headers | wc -l'),
    ).toBe('1')
    await shell.ok('kubectl -n serverless delete pod site')
    await expect
      .poll(
        () => shell.ok('kubectl get nodes -l eks.amazonaws.com/compute-type=fargate --no-headers | wc -l'),
        poll,
      )
      .toBe('0')
  })
})
