import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { simulatedTarget } from '#checks/target.ts'
import { TargetClients } from '#checks/target-clients.ts'
import type { OwnedCloud } from '#cloud/api.ts'
import { startCloud } from '#cloud/supervisor.ts'
import { createCluster, useCluster } from '../support/cluster.ts'
import { killCloud } from '../support/kill-cloud.ts'
import { LabShell } from '../support/lab-shell.ts'
import { type Desk, transcript } from './transcript.ts'

let directory: string
let cloud: OwnedCloud
let shell: LabShell
let desk: Desk

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'drydock-plugin-'))
  cloud = await startCloud({ directory })
  const world = await cloud.createWorld({ provisioning: 'instant' })
  await cloud.setSpeed(world.id, 10)
  const clients = new TargetClients(simulatedTarget(world))
  await createCluster(clients, 'lab', 1)
  shell = await LabShell.open(world, 'bundled')
  desk = { folder: shell.home, env: shell.environment }
  await useCluster(shell, clients, 'lab')
  clients.close()
  await shell.write('peek.json', JSON.stringify(PEEK))
  await shell.ok(
    `kubectl get daemonset aws-node -n kube-system -o json | sed '/"resourceVersion":/d; /"uid":/d' > aws-node.yaml`,
  )
  await shell.ok('kubectl apply -f peek.json && kubectl wait --for=condition=Ready pod/peek --timeout=120s')
})
afterAll(async () => {
  await shell.close()
  await cloud.stop()
  await rm(directory, { recursive: true })
})

/** A pod that sees its node's files. */
const PEEK = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'peek' },
  spec: {
    containers: [
      {
        name: 'peek',
        image: 'busybox',
        command: ['sleep', '1d'],
        volumeMounts: [{ name: 'host', mountPath: '/host' }],
      },
    ],
    volumes: [{ name: 'host', hostPath: { path: '/' } }],
  },
}

const poll = { timeout: 30_000, interval: 250 }
const output = (command: string) => async () => {
  const { stdout, stderr } = await shell.run(command)
  return stdout + stderr
}
const PODS = 'kubectl get pods -n kube-system -l k8s-app=aws-node'
const NOT_READY =
  'container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:Network plugin returns error: cni plugin not initialized'
const rolledOut = () => shell.ok('kubectl rollout status daemonset aws-node -n kube-system --timeout=120s')
const events = (name: string) =>
  output(
    `kubectl get events -A --field-selector involvedObject.name=${name} -o jsonpath='{range .items[*]}{.reason}: {.message}{"\\n"}{end}'`,
  )
const takeAway = async () => {
  await shell.ok('kubectl delete daemonset aws-node -n kube-system')
  await shell.ok('kubectl wait --for=delete pod -n kube-system -l k8s-app=aws-node --timeout=60s')
}
const bringBack = async () => {
  await shell.ok('kubectl create -f aws-node.yaml')
  await rolledOut()
}

// Source: cmd/aws-vpc-cni and cmd/routed-eni-cni-plugin of aws/amazon-vpc-cni-k8s; EKS Workshop, troubleshooting of the VPC CNI.
describe('the VPC CNI of an EKS cluster', () => {
  it('makes itself the network plug-in of its node', () =>
    transcript(
      desk,
      `
      $ kubectl logs -n kube-system ds/aws-node -c aws-node
      Installed /host/opt/cni/bin/aws-cni
      Installed /host/opt/cni/bin/egress-cni
      time="…" level=info msg="Starting IPAM daemon... "
      time="…" level=info msg="Checking for IPAM connectivity... "
      time="…" level=info msg="Copying config file... "
      time="…" level=info msg="Successfully copied CNI plugin binary and config file."
      $ kubectl exec peek -- ls /host/etc/cni/net.d
      10-aws.conflist
      $ kubectl exec peek -- head -7 /host/etc/cni/net.d/10-aws.conflist
      {
        "cniVersion": "0.4.0",
        "name": "aws-cni",
        "disableCheck": true,
        "plugins": [
          {
            "name": "aws-cni",
      $ kubectl get daemonset aws-node -n kube-system -o jsonpath='{.spec.template.spec.containers[0].readinessProbe.exec.command}'
      ["/app/grpc-health-probe","-addr=:50051","-connect-timeout=5s","-rpc-timeout=5s"]
      `,
    ))

  it('leaves what runs as it is when it goes, and gives no new pod an address', async () => {
    await takeAway()
    expect(await shell.ok('kubectl get nodes')).toMatch(/ Ready /)
    await shell.ok('kubectl run late --image=busybox --restart=Never -- sleep 1d')
    await expect
      .poll(events('late'), poll)
      .toMatch(
        /FailedCreatePodSandBox: Failed to create pod sandbox: rpc error: code = Unknown desc = failed to setup network for sandbox "[0-9a-f]{64}": plugin type="aws-cni" name="aws-cni" failed \(add\): add cmd: Error received from AddNetwork gRPC call: rpc error: code = Unavailable desc = connection error: desc = "transport: Error while dialing: dial tcp 127\.0\.0\.1:50051: connect: connection refused"(\n|$)/,
      )
    await transcript(
      desk,
      `
      $ kubectl get pods
      NAME   READY   STATUS              RESTARTS   AGE
      late   0/1     ContainerCreating   0          …
      peek   1/1     Running             0          …
      $ kubectl exec peek -- nslookup kubernetes.default.svc.cluster.local
      …
      Name:	kubernetes.default.svc.cluster.local
      Address: 10.100.0.1

      $ kubectl delete pod peek --grace-period=1
      pod "peek" deleted from default namespace
      `,
    )
    await bringBack()
    await shell.ok('kubectl wait --for=condition=Ready pod/late --timeout=60s')
  })

  it('is waited for by a node that joins', async () => {
    await takeAway()
    await shell.ok(
      'aws eks update-nodegroup-config --cluster-name lab --nodegroup-name workers --scaling-config minSize=2,maxSize=2,desiredSize=2',
    )
    const unready =
      'kubectl get nodes -o jsonpath=\'{range .items[*]}{.status.conditions[?(@.type=="Ready")].message}{" "}{.spec.taints[*].key}{"\\n"}{end}\''
    const taint = 'node.kubernetes.io/not-ready'
    await expect.poll(output(unready), poll).toContain(`${NOT_READY} ${taint} ${taint}`)
    expect(await shell.ok('kubectl get nodes --no-headers | grep -c NotReady')).toBe('1')
    await bringBack()
    await shell.ok('kubectl wait --for=condition=Ready node --all --timeout=60s')
    await expect.poll(output(unready), poll).not.toContain(taint)
  })

  it('does not start without its rights, and tells of them', async () => {
    const policy = '--policy-arn arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy'
    await shell.ok(`aws iam detach-role-policy --role-name lab-node ${policy}`)
    await shell.ok('kubectl delete pod -n kube-system -l k8s-app=aws-node')
    const all = output(
      `kubectl get events -n kube-system --field-selector reason=MissingIAMPermissions -o jsonpath='{.items[*].message}'`,
    )
    await expect
      .poll(all, poll)
      .toContain(
        'Unauthorized operation: failed to call ec2:DescribeNetworkInterfaces due to missing permissions. Please refer https://github.com/aws/amazon-vpc-cni-k8s/blob/master/docs/iam-policy.md to attach relevant policy to IAM role',
      )
    // Its liveness probe ends it.
    const last =
      'jsonpath=\'{.items[*].status.containerStatuses[?(@.name=="aws-node")].lastState.terminated.exitCode}\''
    await expect.poll(output(`${PODS} -o ${last}`), poll).toMatch(/2/)
    expect(await shell.ok(PODS)).toMatch(/ 1\/2 /)
    const probe = output(`kubectl get events -n kube-system --field-selector reason=Unhealthy`)
    expect(await probe()).toContain('timeout: failed to connect service \\":50051\\" within 5s')
    expect(await shell.ok('kubectl get nodes')).not.toContain('NotReady')
    await shell.ok(`aws iam attach-role-policy --role-name lab-node ${policy}`)
    await shell.ok('kubectl delete pod -n kube-system -l k8s-app=aws-node')
    await rolledOut()
  })

  it('has them by a role of its own, too', async () => {
    await shell.ok(
      'aws iam detach-role-policy --role-name lab-node --policy-arn arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy',
    )
    await shell.ok(`aws iam create-role --role-name lab-cni --assume-role-policy-document '${TRUST}'`)
    await shell.ok(
      'aws iam attach-role-policy --role-name lab-cni --policy-arn arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy',
    )
    await shell.ok('aws eks create-addon --cluster-name lab --addon-name eks-pod-identity-agent')
    await shell.ok(
      'aws eks create-pod-identity-association --cluster-name lab --namespace kube-system --service-account aws-node --role-arn arn:aws:iam::$(aws sts get-caller-identity --query Account --output text):role/lab-cni',
    )
    await shell.ok('kubectl delete pod -n kube-system -l k8s-app=aws-node')
    await rolledOut()
    expect(await shell.ok(PODS)).not.toContain('1/2')
  })

  it('goes on after a restart', async () => {
    await killCloud(cloud)
    await shell.ok('kubectl wait --for=condition=Ready node --all --timeout=60s')
    await shell.ok('kubectl run after --image=busybox --restart=Never -- sleep 1d')
    await shell.ok('kubectl wait --for=condition=Ready pod/after --timeout=60s')
  })
})

const TRUST = JSON.stringify({
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Allow',
      Principal: { Service: 'pods.eks.amazonaws.com' },
      Action: ['sts:AssumeRole', 'sts:TagSession'],
    },
  ],
})

describe('an EKS cluster without it', () => {
  it('has no ready node until the add-on is there', async () => {
    const subnets = "aws ec2 describe-subnets --query 'Subnets[0:2].SubnetId' --output text"
    const role = (name: string) => `$(aws iam get-role --role-name ${name} --query Role.Arn --output text)`
    await shell.ok(
      `aws eks create-cluster --name bare --no-bootstrap-self-managed-addons --role-arn ${role('lab-cluster')} --resources-vpc-config subnetIds=$(${subnets} | tr '\\t' ,)`,
    )
    const status = output('aws eks describe-cluster --name bare --query cluster.status --output text')
    await expect.poll(status, poll).toBe('ACTIVE')
    await shell.ok(
      'aws iam attach-role-policy --role-name lab-node --policy-arn arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy',
    )
    await shell.ok(
      `aws eks create-nodegroup --cluster-name bare --nodegroup-name workers --scaling-config minSize=1,maxSize=1,desiredSize=1 --node-role ${role('lab-node')} --subnets $(${subnets})`,
    )
    const group = 'aws eks describe-nodegroup --cluster-name bare --nodegroup-name workers'
    await expect
      .poll(output(`${group} --query 'nodegroup.[status,health.issues[0].[code,message]]' --output text`), {
        timeout: 60_000,
        interval: 1000,
      })
      .toBe('CREATE_FAILED\nNodeCreationFailure\tUnhealthy nodes in the kubernetes cluster')
    await shell.ok('aws eks update-kubeconfig --name bare --kubeconfig bare.yaml')
    const nodes = output('kubectl --kubeconfig bare.yaml get nodes --no-headers')
    expect(await nodes()).toContain(' NotReady ')
    await shell.ok('aws eks create-addon --cluster-name bare --addon-name vpc-cni')
    await expect.poll(nodes, poll).toContain(' Ready ')
  })
})
