import { DescribeAddonCommand, EKSClient } from '@aws-sdk/client-eks'
import type { V1PersistentVolumeClaim } from '@kubernetes/client-node'
import { type CheckContext, unlessMissing } from '#checks/checker.ts'
import { type Cluster, existing, warningOf } from './cluster.ts'

/** The EBS driver is installed as an add-on (`no-ebs-driver`). */
export async function expectEbsDriver(t: CheckContext, clusterName: string): Promise<void> {
  const answer = await unlessMissing(
    t.aws(EKSClient).send(new DescribeAddonCommand({ clusterName, addonName: 'aws-ebs-csi-driver' })),
    'ResourceNotFoundException',
  )
  t.found(answer?.addon, {
    id: 'no-ebs-driver',
    title: 'The EBS driver is installed',
    expected: 'the add-on aws-ebs-csi-driver',
    observed: 'it is not there',
    evidence: `aws eks list-addons --cluster-name ${clusterName}`,
    cause: 'A new cluster has no driver for volumes; the class gp2 that it has needs it too.',
    hint: `aws eks create-addon --cluster-name ${clusterName} --addon-name aws-ebs-csi-driver`,
  })
}

/** The claim exists (`no-<name>`) and has a volume of EBS (`claim-not-bound`). */
export async function boundClaim(
  t: CheckContext,
  cluster: Cluster,
  name: string,
  hint: string,
): Promise<V1PersistentVolumeClaim> {
  const claim = await existing<V1PersistentVolumeClaim>(t, cluster, 'v1/PersistentVolumeClaim', name, {
    hint,
  })
  t.expect(claim.status?.phase === 'Bound', {
    id: 'claim-not-bound',
    title: `The claim ${name} has a volume`,
    expected: 'Bound',
    observed: `${claim.status?.phase}`,
    evidence: `kubectl describe pvc ${name}`,
    cause: (await warningOf(cluster, 'default', [claim])) ?? waitsFor(claim),
    hint: 'The driver needs a role, its association and the agent: aws eks list-addons --cluster-name harbor; aws eks list-pod-identity-associations --cluster-name harbor. Then restart the driver: kubectl rollout restart deployment/ebs-csi-controller -n kube-system',
  })
  return claim
}

/** What a claim without a warning waits for: a pod, and once that has a node, the driver. */
const waitsFor = ({ metadata }: V1PersistentVolumeClaim): string =>
  metadata?.annotations?.['volume.kubernetes.io/selected-node']
    ? 'A pod waits for it, and nobody has made the volume yet: the driver is missing, has no rights, or is still at it.'
    : 'No pod uses the claim yet.'
