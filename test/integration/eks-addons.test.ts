import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  AuthorizeSecurityGroupIngressCommand,
  CreateSecurityGroupCommand,
  DescribeSubnetsCommand,
  DescribeVolumesCommand,
  EC2Client,
} from '@aws-sdk/client-ec2'
import {
  CreateClusterCommand,
  DescribeTasksCommand,
  ECSClient,
  RegisterTaskDefinitionCommand,
  RunTaskCommand,
  waitUntilTasksStopped,
} from '@aws-sdk/client-ecs'
import {
  CreateFileSystemCommand,
  CreateMountTargetCommand,
  DescribeAccessPointsCommand,
  EFSClient,
} from '@aws-sdk/client-efs'
import {
  CreateAddonCommand,
  DeleteAddonCommand,
  DescribeAddonCommand,
  DescribeAddonConfigurationCommand,
  DescribeUpdateCommand,
  EKSClient,
  UpdateAddonCommand,
  waitUntilAddonActive,
  waitUntilAddonDeleted,
} from '@aws-sdk/client-eks'
import { AttachRolePolicyCommand, DetachRolePolicyCommand, IAMClient } from '@aws-sdk/client-iam'
import {
  AppsV1Api,
  CoreV1Api,
  CustomObjectsApi,
  PatchStrategy,
  StorageV1Api,
  setHeaderOptions,
} from '@kubernetes/client-node'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { simulatedTarget } from '#checks/target.ts'
import { TargetClients } from '#checks/target-clients.ts'
import type { OwnedCloud } from '#cloud/api.ts'
import { startCloud } from '#cloud/supervisor.ts'
import { createCluster, createRole } from '../support/cluster.ts'

let directory: string
let cloud: OwnedCloud
let clients: TargetClients

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'drydock-addons-'))
  cloud = await startCloud({ directory })
  const world = await cloud.createWorld({ provisioning: 'instant' })
  await cloud.setSpeed(world.id, 20)
  clients = new TargetClients(simulatedTarget(world))
  await createCluster(clients, 'lab', 2)
})
afterAll(async () => {
  await cloud.stop()
  await rm(directory, { recursive: true })
})

const poll = { timeout: 40_000, interval: 250 }
const api = async <
  Api extends Parameters<Awaited<ReturnType<TargetClients['kubernetes']>>['makeApiClient']>[0],
>(
  type: Api,
) => (await clients.kubernetes('lab')).makeApiClient(type) as InstanceType<Api>
const install = async (addonName: string) => {
  const eks = clients.aws(EKSClient)
  await eks.send(new CreateAddonCommand({ clusterName: 'lab', addonName }))
  const wait = { client: eks, maxWaitTime: 60, minDelay: 1 }
  await waitUntilAddonActive(wait, { clusterName: 'lab', addonName })
}

describe('an EKS add-on', () => {
  it('brings its objects into the cluster, and takes them out with it', async () => {
    const apps = await api(AppsV1Api)
    const named = { name: 'metrics-server', namespace: 'kube-system' }
    await expect(apps.readNamespacedDeployment(named)).rejects.toMatchObject({ code: 404 })
    await install('metrics-server')
    await expect
      .poll(async () => (await apps.readNamespacedDeployment(named)).status?.readyReplicas, poll)
      .toBe(2)
    const metrics = { group: 'metrics.k8s.io', version: 'v1beta1', plural: 'nodes' }
    const custom = await api(CustomObjectsApi)
    await expect.poll(async () => (await custom.listClusterCustomObject(metrics)).items.length, poll).toBe(2)
    const eks = clients.aws(EKSClient)
    const addon = { clusterName: 'lab', addonName: 'metrics-server' }
    await eks.send(new DeleteAddonCommand(addon))
    await waitUntilAddonDeleted({ client: eks, maxWaitTime: 60, minDelay: 1 }, addon)
    await expect(apps.readNamespacedDeployment(named)).rejects.toMatchObject({ code: 404 })
  })

  // Rules: https://docs.aws.amazon.com/eks/latest/userguide/kubernetes-field-management.html; texts as quoted in issues (read 2026-11).
  it('does not overwrite what somebody has set unless it is told to', async () => {
    const eks = clients.aws(EKSClient)
    const apps = await api(AppsV1Api)
    const named = { name: 'coredns', namespace: 'kube-system' }
    const addon = { clusterName: 'lab', addonName: 'coredns' }
    const described = async () => (await eks.send(new DescribeAddonCommand(addon))).addon!
    const replicas = async () => (await apps.readNamespacedDeployment(named)).spec!.replicas
    const wait = { client: eks, maxWaitTime: 60, minDelay: 1 }
    await apps.patchNamespacedDeployment(
      { ...named, fieldManager: 'kubectl-edit', body: { spec: { replicas: 3 } } },
      setHeaderOptions('Content-Type', PatchStrategy.MergePatch),
    )
    await expect(
      eks.send(new CreateAddonCommand({ ...addon, resolveConflicts: 'PRESERVE' })),
    ).rejects.toThrow('Resolve conflicts option preserve is not supported for operation CreateAddon')
    await eks.send(new CreateAddonCommand(addon))
    await expect.poll(async () => (await described()).status, poll).toBe('CREATE_FAILED')
    const conflict = {
      code: 'ConfigurationConflict',
      message:
        'Conflicts found when trying to apply. Will not continue due to resolve conflicts mode. Conflicts:\nDeployment.apps coredns - .spec.replicas',
    }
    expect((await described()).health?.issues).toEqual([{ ...conflict, resourceIds: [] }])

    const older = 'v1.12.4-eksbuild.1'
    await eks.send(new UpdateAddonCommand({ ...addon, addonVersion: older, resolveConflicts: 'PRESERVE' }))
    await waitUntilAddonActive(wait, addon)
    expect([(await described()).addonVersion, await replicas()]).toEqual([older, 3])

    const { update } = await eks.send(
      new UpdateAddonCommand({ ...addon, configurationValues: '{"replicaCount": 4}' }),
    )
    const asked = { name: 'lab', addonName: 'coredns', updateId: update!.id }
    await expect
      .poll(async () => (await eks.send(new DescribeUpdateCommand(asked))).update?.errors, poll)
      .toMatchObject([{ errorCode: conflict.code, errorMessage: conflict.message }])
    expect(await described()).toMatchObject({ status: 'UPDATE_FAILED', addonVersion: older })

    await eks.send(
      new UpdateAddonCommand({
        ...addon,
        configurationValues: 'replicaCount: 4',
        resolveConflicts: 'OVERWRITE',
      }),
    )
    await waitUntilAddonActive(wait, addon)
    expect([(await described()).configurationValues, await replicas()]).toEqual(['replicaCount: 4', 4])

    await eks.send(new DeleteAddonCommand({ ...addon, preserve: true }))
    await waitUntilAddonDeleted(wait, addon)
    expect(await replicas()).toBe(4)
  })

  it('takes only the configuration that its schema allows', async () => {
    const eks = clients.aws(EKSClient)
    const addonVersion = 'v1.13.1-eksbuild.1'
    const { configurationSchema } = await eks.send(
      new DescribeAddonConfigurationCommand({ addonName: 'coredns', addonVersion }),
    )
    expect(JSON.parse(configurationSchema!).properties).toHaveProperty('replicaCount.type', 'integer')
    const refusal = (configurationValues: string) =>
      eks
        .send(new CreateAddonCommand({ clusterName: 'lab', addonName: 'coredns', configurationValues }))
        .then(
          () => 'taken',
          (error) => error.message,
        )
    const text =
      'ConfigurationValue provided in request is not supported: Json schema validation failed with error: '
    expect(await refusal('{"annotations": {}}')).toBe(
      `${text}[$.annotations: is not defined in the schema and the schema does not allow additional properties]`,
    )
    expect(await refusal('replicaCount: two')).toBe(`${text}[$.replicaCount: string found, integer expected]`)
    expect(await refusal('null')).toBe(`${text}[$: null found, object expected]`)
  })

  it('of the EBS CSI driver makes the volumes of claims of the class gp2', async () => {
    const core = await api(CoreV1Api)
    const { items } = await (await api(StorageV1Api)).listStorageClass()
    expect(items.map(({ metadata, provisioner }) => [metadata!.name, provisioner])).toEqual([
      ['gp2', 'kubernetes.io/aws-ebs'],
    ])
    const spec = {
      accessModes: ['ReadWriteOnce'],
      storageClassName: 'gp2',
      resources: { requests: { storage: '1Gi' } },
    }
    const namespace = 'default'
    await core.createNamespacedPersistentVolumeClaim({
      namespace,
      body: { metadata: { name: 'data' }, spec },
    })
    const volumes = [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }]
    const volumeMounts = [{ name: 'data', mountPath: '/data' }]
    const containers = [
      {
        name: 'main',
        image: 'public.ecr.aws/docker/library/busybox:1.37',
        command: ['sh', '-c', 'echo kept > /data/file; sleep 3600'],
        volumeMounts,
      },
    ]
    const body = { metadata: { name: 'writer' }, spec: { containers, volumes } }
    await core.createNamespacedPod({ namespace, body })
    const phase = async () => (await core.readNamespacedPod({ name: 'writer', namespace })).status?.phase
    expect(await phase()).toBe('Pending')
    const right = {
      RoleName: 'lab-node',
      PolicyArn: 'arn:aws:iam::aws:policy/service-role/AmazonEBSCSIDriverPolicy',
    }
    await clients.aws(IAMClient).send(new DetachRolePolicyCommand(right))
    await install('aws-ebs-csi-driver')
    const messages = async () =>
      (await core.listNamespacedEvent({ namespace })).items.map(({ message }) => message).join('\n')
    await expect
      .poll(messages, poll)
      .toMatch(
        /failed to provision volume with StorageClass "gp2": rpc error: code = Internal desc = Could not create volume "pvc-[^"]+": could not create volume in EC2: operation error EC2: CreateVolume, https response error StatusCode: 403, .*api error UnauthorizedOperation: .*assumed-role\/lab-node\/.* is not authorized to perform: ec2:CreateVolume/,
      )
    await clients.aws(IAMClient).send(new AttachRolePolicyCommand(right))
    await expect.poll(phase, poll).toBe('Running')
    const claim = await core.readNamespacedPersistentVolumeClaim({ name: 'data', namespace })
    const volume = await core.readPersistentVolume({ name: claim.spec!.volumeName! })
    expect(volume.spec!.csi!.driver).toBe('ebs.csi.aws.com')
    const pod = await core.readNamespacedPod({ name: 'writer', namespace })
    const node = await core.readNode({ name: pod.spec!.nodeName! })
    const zone = volume.spec!.nodeAffinity!.required!.nodeSelectorTerms[0]!.matchExpressions![0]!.values
    expect(zone).toEqual([node.metadata!.labels!['topology.kubernetes.io/zone']])
    const ec2 = clients.aws(EC2Client)
    const VolumeIds = [volume.spec!.csi!.volumeHandle]
    const [seen] = (await ec2.send(new DescribeVolumesCommand({ VolumeIds }))).Volumes!
    expect(seen).toMatchObject({ State: 'in-use', Size: 1, VolumeType: 'gp2', AvailabilityZone: zone![0] })
    expect(seen!.Attachments).toMatchObject([
      { InstanceId: node.spec!.providerID!.split('/').at(-1), Device: '/dev/xvdaa', State: 'attached' },
    ])
    expect(seen!.Tags).toContainEqual({ Key: 'kubernetes.io/created-for/pvc/name', Value: 'data' })
    await core.deleteNamespacedPod({ name: 'writer', namespace, gracePeriodSeconds: 0 })
    await core.deleteNamespacedPersistentVolumeClaim({ name: 'data', namespace })
    const left = async () => {
      const Filters = [{ Name: 'tag:KubernetesCluster', Values: ['lab'] }]
      return (await ec2.send(new DescribeVolumesCommand({ Filters }))).Volumes!.length
    }
    await expect.poll(left, poll).toBe(0)
  })

  it('of the EFS CSI driver shares a volume between nodes, once the network lets it be mounted', async () => {
    const [core, storage] = [await api(CoreV1Api), await api(StorageV1Api)]
    const efs = clients.aws(EFSClient)
    const ec2 = clients.aws(EC2Client)
    const iam = clients.aws(IAMClient)
    const PolicyArn = 'arn:aws:iam::aws:policy/service-role/AmazonEFSCSIDriverPolicy'
    await iam.send(new AttachRolePolicyCommand({ RoleName: 'lab-node', PolicyArn }))
    const { FileSystemId } = await efs.send(new CreateFileSystemCommand({ CreationToken: 'shared' }))
    await storage.createStorageClass({
      body: {
        metadata: { name: 'efs-sc' },
        provisioner: 'efs.csi.aws.com',
        parameters: {
          provisioningMode: 'efs-ap',
          fileSystemId: FileSystemId!,
          directoryPerms: '700',
          basePath: '/dynamic',
        },
      },
    })
    await install('aws-efs-csi-driver')
    const namespace = 'efs'
    await core.createNamespace({ body: { metadata: { name: namespace } } })
    const spec = {
      accessModes: ['ReadWriteMany'],
      storageClassName: 'efs-sc',
      resources: { requests: { storage: '5Gi' } },
    }
    await core.createNamespacedPersistentVolumeClaim({
      namespace,
      body: { metadata: { name: 'data' }, spec },
    })
    const onNode = (name: string, nodeName: string, script: string) =>
      core.createNamespacedPod({
        namespace,
        body: {
          metadata: { name },
          spec: {
            nodeName,
            restartPolicy: 'Never',
            containers: [
              {
                name: 'main',
                image: 'public.ecr.aws/docker/library/busybox:1.37',
                command: ['sh', '-c', script],
                volumeMounts: [{ name: 'data', mountPath: '/data' }],
              },
            ],
            volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }],
          },
        },
      })
    const [first, second] = (await core.listNode()).items.map(({ metadata }) => metadata!.name!)
    await onNode('writer', first!, 'while true; do date >> /data/out; sleep 1; done')
    const messages = async () =>
      (await core.listNamespacedEvent({ namespace })).items.map(({ message }) => message).join('\n')
    // No mount target in the node's zone: the name does not resolve.
    await expect
      .poll(messages, poll)
      .toMatch(
        /MountVolume.SetUp failed for volume "pvc-[^"]+" : rpc error: code = Internal desc = Could not mount "fs-0[0-9a-f]+:\/" at "[^"]+\/mount": mount failed: exit status 1\nMounting command: mount\nMounting arguments: -t efs -o accesspoint=fsap-0[0-9a-f]+,tls .*\nOutput: Failed to resolve "fs-0[0-9a-f]+.efs.us-east-1.amazonaws.com" - check that your file system ID is correct/,
      )
    // Mount targets with a security group of their own that lets nobody in: the mount gets no answer.
    const { Subnets } = await ec2.send(new DescribeSubnetsCommand({}))
    const { GroupId } = await ec2.send(
      new CreateSecurityGroupCommand({
        GroupName: 'nfs',
        Description: 'EFS',
        VpcId: Subnets![0]!.VpcId,
      }),
    )
    for (const { SubnetId } of Subnets!)
      await efs.send(new CreateMountTargetCommand({ FileSystemId, SubnetId, SecurityGroups: [GroupId!] }))
    await expect
      .poll(messages, poll)
      .toContain('rpc error: code = DeadlineExceeded desc = context deadline exceeded')
    await ec2.send(
      new AuthorizeSecurityGroupIngressCommand({
        GroupId,
        IpPermissions: [
          { IpProtocol: 'tcp', FromPort: 2049, ToPort: 2049, IpRanges: [{ CidrIp: '172.31.0.0/16' }] },
        ],
      }),
    )
    const phase = async (name: string) => (await core.readNamespacedPod({ name, namespace })).status?.phase
    await expect.poll(() => phase('writer'), poll).toBe('Running')
    await onNode('reader', second!, 'until [ -s /data/out ]; do sleep 1; done')
    await expect.poll(() => phase('reader'), poll).toBe('Succeeded')
    const { AccessPoints } = await efs.send(new DescribeAccessPointsCommand({ FileSystemId }))
    expect(AccessPoints).toMatchObject([
      {
        PosixUser: { Uid: 50_000, Gid: 50_000 },
        RootDirectory: { Path: expect.stringMatching(/^\/dynamic\/pvc-/) },
      },
    ])
    // A task of ECS has the same files under the access point's folder.
    const ecs = clients.aws(ECSClient)
    await createRole(clients, 'efs-task', 'ecs-tasks.amazonaws.com', [
      'service-role/AmazonECSTaskExecutionRolePolicy',
    ])
    await ecs.send(new CreateClusterCommand({ clusterName: 'efs' }))
    const task = async (rootDirectory: string, securityGroups: string[]) => {
      const { taskDefinition } = await ecs.send(
        new RegisterTaskDefinitionCommand({
          family: 'reader',
          requiresCompatibilities: ['FARGATE'],
          networkMode: 'awsvpc',
          cpu: '256',
          memory: '512',
          volumes: [{ name: 'data', efsVolumeConfiguration: { fileSystemId: FileSystemId!, rootDirectory } }],
          containerDefinitions: [
            {
              name: 'main',
              image: 'public.ecr.aws/docker/library/busybox:1.37',
              command: ['sh', '-c', 'test -s /data/out'],
              mountPoints: [{ sourceVolume: 'data', containerPath: '/data' }],
            },
          ],
        }),
      )
      const { tasks } = await ecs.send(
        new RunTaskCommand({
          cluster: 'efs',
          launchType: 'FARGATE',
          taskDefinition: taskDefinition!.taskDefinitionArn,
          networkConfiguration: {
            awsvpcConfiguration: {
              subnets: [Subnets![0]!.SubnetId!],
              securityGroups,
              assignPublicIp: 'ENABLED',
            },
          },
        }),
      )
      const { taskArn } = tasks![0]!
      await waitUntilTasksStopped(
        { client: ecs, maxWaitTime: 60, minDelay: 1 },
        { cluster: 'efs', tasks: [taskArn!] },
      )
      return (await ecs.send(new DescribeTasksCommand({ cluster: 'efs', tasks: [taskArn!] }))).tasks![0]!
    }
    const done = await task(AccessPoints![0]!.RootDirectory!.Path!, [])
    expect(done.containers![0]).toMatchObject({ exitCode: 0 })
    const missing = await task('/none', [])
    expect(missing.stoppedReason).toContain(
      "ResourceInitializationError: failed to invoke EFS utils commands to set up EFS volumes: stderr: b'mount.nfs4: mounting 127.0.0.1:/none failed, reason given by server: No such file or directory'",
    )
    await core.deleteNamespace({ name: namespace })
    await expect
      .poll(
        async () => (await efs.send(new DescribeAccessPointsCommand({ FileSystemId }))).AccessPoints,
        poll,
      )
      .toEqual([])
  })
})
