import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { OwnedCloud } from '#cloud/api.ts'
import { startCloud } from '#cloud/supervisor.ts'
import { LabShell } from '../support/lab-shell.ts'

// A whole cluster from one template, with all three kinds of nodes. Properties: the AWS::EKS and AWS::EC2 pages of
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/ (from knowledge, 2026-11).
let directory: string
let cloud: OwnedCloud
let shell: LabShell

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'drydock-walk-'))
  cloud = await startCloud({ directory })
  shell = await LabShell.open(await cloud.createWorld({ id: 'walk', provisioning: 'instant' }))
  await cloud.setSpeed('walk', 10)
}, 120_000)
afterAll(async () => {
  await shell?.close()
  await cloud?.stop()
  await rm(directory, { recursive: true, force: true })
})

const role = (service: string, ...policies: string[]) => `
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: '2012-10-17'
        Statement: [{Effect: Allow, Principal: {Service: ${service}.amazonaws.com}, Action: ['sts:AssumeRole', 'sts:TagSession']}]
      ManagedPolicyArns: [${policies.map((policy) => `'arn:aws:iam::aws:policy/${policy}'`).join(', ')}]`
const subnet = (block: number, zone: string, more = '') => `
    Type: AWS::EC2::Subnet
    Properties: {VpcId: !Ref Vpc, CidrBlock: 10.0.${block}.0/24, AvailabilityZone: us-east-1${zone}${more}}`
const routed = (table: string, subnetName: string) => `
    Type: AWS::EC2::SubnetRouteTableAssociation
    Properties: {RouteTableId: !Ref ${table}, SubnetId: !Ref ${subnetName}}`

const TEMPLATE = `
Parameters:
  Image: {Type: 'AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>', Default: /aws/service/eks/optimized-ami/1.35/amazon-linux-2023/x86_64/standard/recommended/image_id}
Resources:
  Vpc: {Type: 'AWS::EC2::VPC', Properties: {CidrBlock: 10.0.0.0/16, EnableDnsHostnames: true, EnableDnsSupport: true}}
  Gateway: {Type: 'AWS::EC2::InternetGateway'}
  Attached: {Type: 'AWS::EC2::VPCGatewayAttachment', Properties: {VpcId: !Ref Vpc, InternetGatewayId: !Ref Gateway}}
  Public: ${subnet(0, 'a', ', MapPublicIpOnLaunch: true')}
  PrivateA: ${subnet(1, 'a')}
  PrivateB: ${subnet(2, 'b')}
  Open: {Type: 'AWS::EC2::RouteTable', Properties: {VpcId: !Ref Vpc}}
  Closed: {Type: 'AWS::EC2::RouteTable', Properties: {VpcId: !Ref Vpc}}
  Out: {Type: 'AWS::EC2::Route', DependsOn: Attached, Properties: {RouteTableId: !Ref Open, DestinationCidrBlock: 0.0.0.0/0, GatewayId: !Ref Gateway}}
  Address: {Type: 'AWS::EC2::EIP', DependsOn: Attached, Properties: {Domain: vpc}}
  Nat: {Type: 'AWS::EC2::NatGateway', Properties: {SubnetId: !Ref Public, AllocationId: !GetAtt Address.AllocationId}}
  Through: {Type: 'AWS::EC2::Route', Properties: {RouteTableId: !Ref Closed, DestinationCidrBlock: 0.0.0.0/0, NatGatewayId: !Ref Nat}}
  OfPublic: ${routed('Open', 'Public')}
  OfA: ${routed('Closed', 'PrivateA')}
  OfB: ${routed('Closed', 'PrivateB')}
  ClusterRole: ${role('eks', 'AmazonEKSClusterPolicy')}
  NodeRole: ${role('ec2', 'AmazonEKSWorkerNodePolicy', 'AmazonEKS_CNI_Policy', 'AmazonEC2ContainerRegistryPullOnly')}
  FargateRole: ${role('eks-fargate-pods', 'AmazonEKSFargatePodExecutionRolePolicy')}
  DriverRole: ${role('pods.eks', 'service-role/AmazonEBSCSIDriverPolicy')}
  Profile: {Type: 'AWS::IAM::InstanceProfile', Properties: {Roles: [!Ref NodeRole]}}
  Key: {Type: 'AWS::KMS::Key', Properties: {KeyPolicy: {Version: '2012-10-17', Statement: [{Effect: Allow, Principal: {AWS: !Sub 'arn:aws:iam::\${AWS::AccountId}:root'}, Action: 'kms:*', Resource: '*'}]}}}
  Cluster:
    Type: AWS::EKS::Cluster
    Properties:
      Name: walk
      RoleArn: !GetAtt ClusterRole.Arn
      AccessConfig: {AuthenticationMode: API_AND_CONFIG_MAP, BootstrapClusterCreatorAdminPermissions: true}
      ResourcesVpcConfig: {SubnetIds: [!Ref PrivateA, !Ref PrivateB]}
      EncryptionConfig: [{Resources: [secrets], Provider: {KeyArn: !GetAtt Key.Arn}}]
  Managed:
    Type: AWS::EKS::Nodegroup
    DependsOn: [Through, OfA, OfB]
    Properties:
      ClusterName: !Ref Cluster
      NodegroupName: managed
      NodeRole: !GetAtt NodeRole.Arn
      Subnets: [!Ref PrivateA]
      ScalingConfig: {MinSize: 1, MaxSize: 2, DesiredSize: 1}
      Labels: {kind: managed}
  Own:
    Type: AWS::EC2::LaunchTemplate
    Properties:
      LaunchTemplateData:
        ImageId: !Ref Image
        InstanceType: t3.medium
        SecurityGroupIds: [!GetAtt Cluster.ClusterSecurityGroupId]
        IamInstanceProfile: {Arn: !GetAtt Profile.Arn}
        UserData:
          Fn::Base64: !Sub |
            MIME-Version: 1.0
            Content-Type: multipart/mixed; boundary="BOUNDARY"

            --BOUNDARY
            Content-Type: application/node.eks.aws

            ---
            apiVersion: node.eks.aws/v1alpha1
            kind: NodeConfig
            spec:
              cluster:
                name: \${Cluster}
                apiServerEndpoint: \${Cluster.Endpoint}
                certificateAuthority: \${Cluster.CertificateAuthorityData}
                cidr: 10.100.0.0/16
              kubelet:
                flags: ['--node-labels=kind=own']
            --BOUNDARY--
  OwnNodes:
    Type: AWS::AutoScaling::AutoScalingGroup
    DependsOn: [Managed]
    Properties:
      MinSize: '1'
      MaxSize: '1'
      VPCZoneIdentifier: [!Ref PrivateB]
      LaunchTemplate: {LaunchTemplateId: !Ref Own, Version: !GetAtt Own.LatestVersionNumber}
      Tags: [{Key: kubernetes.io/cluster/walk, Value: owned, PropagateAtLaunch: true}]
  Serverless:
    Type: AWS::EKS::FargateProfile
    Properties:
      ClusterName: !Ref Cluster
      FargateProfileName: serverless
      PodExecutionRoleArn: !GetAtt FargateRole.Arn
      Subnets: [!Ref PrivateA, !Ref PrivateB]
      Selectors: [{Namespace: serverless}]
  Agent: {Type: 'AWS::EKS::Addon', DependsOn: Managed, Properties: {ClusterName: !Ref Cluster, AddonName: eks-pod-identity-agent}}
  Identity: {Type: 'AWS::EKS::PodIdentityAssociation', Properties: {ClusterName: !Ref Cluster, Namespace: kube-system, ServiceAccount: ebs-csi-controller-sa, RoleArn: !GetAtt DriverRole.Arn}}
  Driver: {Type: 'AWS::EKS::Addon', DependsOn: [Agent, Identity], Properties: {ClusterName: !Ref Cluster, AddonName: aws-ebs-csi-driver}}
Outputs:
  Key: {Value: !GetAtt Key.Arn}
`

const OBJECTS = `
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: gp3}
provisioner: ebs.csi.aws.com
volumeBindingMode: WaitForFirstConsumer
parameters: {type: gp3, encrypted: "true"}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data}
spec: {accessModes: [ReadWriteOnce], storageClassName: gp3, resources: {requests: {storage: 4Gi}}}
---
apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  nodeSelector: {kind: own}
  containers: [{name: web, image: 'nginx:1.28', volumeMounts: [{name: data, mountPath: /data}]}]
  volumes: [{name: data, persistentVolumeClaim: {claimName: data}}]
---
apiVersion: v1
kind: Namespace
metadata: {name: serverless}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: serverless}
spec: {containers: [{name: web, image: 'nginx:1.28'}]}
`

it('makes a cluster with all three kinds of nodes, a volume and encrypted secrets from one template', {
  timeout: 300_000,
}, async () => {
  await shell.write('cluster.yaml', TEMPLATE)
  await shell.write('objects.yaml', OBJECTS)
  const status = await shell.run(`
    aws cloudformation create-stack --stack-name walk --template-body file://cluster.yaml --capabilities CAPABILITY_IAM >/dev/null
    until ! aws cloudformation describe-stacks --stack-name walk --query 'Stacks[0].StackStatus' --output text | grep IN_PROGRESS >/dev/null; do sleep 0.5; done
    aws cloudformation describe-stack-events --stack-name walk --output text \\
      --query "StackEvents[?ends_with(ResourceStatus, 'FAILED')].[LogicalResourceId,ResourceStatusReason]"
    aws cloudformation describe-stacks --stack-name walk --query 'Stacks[0].StackStatus' --output text`)
  expect(status.stdout).toBe('CREATE_COMPLETE')

  await shell.ok(`
    aws eks update-kubeconfig --name walk
    kubectl apply -f objects.yaml
    kubectl wait pod/web --for=condition=Ready --timeout=600s
    kubectl wait pod/web -n serverless --for=condition=Ready --timeout=600s`)
  const nodes = await shell.ok(
    `kubectl get nodes --no-headers -o custom-columns=K:.metadata.labels.kind,C:.metadata.labels.eks\\\\.amazonaws\\\\.com/compute-type,G:.metadata.labels.eks\\\\.amazonaws\\\\.com/nodegroup | tr -s ' ' | sort`,
  )
  expect(nodes.split('\n').map((line) => line.trim())).toEqual([
    '<none> fargate <none>',
    'managed <none> managed',
    'own <none> <none>',
  ])
  expect(await shell.ok(`kubectl get pvc data -o jsonpath='{.status.phase} {.spec.volumeName}'`)).toMatch(
    /^Bound pvc-/,
  )
  const [volume, key] = (
    await shell.ok(`
      aws ec2 describe-volumes --filters Name=tag:kubernetes.io/created-for/pvc/name,Values=data --query 'Volumes[0].[Size,Encrypted,State]' --output text
      aws eks describe-cluster --name walk --query 'cluster.encryptionConfig[0].provider.keyArn' --output text`)
  ).split('\n')
  expect(volume).toBe('4\tTrue\tin-use')
  expect(key).toMatch(/^arn:aws:kms:us-east-1:\d{12}:key\//)
})
