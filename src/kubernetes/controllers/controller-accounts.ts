import type { Controller } from '#world/controller.ts'
import type { Namespace } from '../objects.ts'
import type { ControlPlane } from './control-plane.ts'

/**
 * As whom the controllers of a kube-controller-manager act that has `--use-service-account-credentials`, Kubernetes 1.35.
 * Source: `kubectl get serviceaccounts -n kube-system` of clusters made by kubeadm, and cmd/kube-controller-manager/app, read 2026-11.
 */
export const CONTROLLER_ACCOUNTS: readonly string[] = [
  'attachdetach-controller',
  'certificate-controller',
  'clusterrole-aggregation-controller',
  'cronjob-controller',
  'daemon-set-controller',
  'deployment-controller',
  'disruption-controller',
  'endpoint-controller',
  'endpointslice-controller',
  'endpointslicemirroring-controller',
  'ephemeral-volume-controller',
  'expand-controller',
  'generic-garbage-collector',
  'horizontal-pod-autoscaler',
  'job-controller',
  'legacy-service-account-token-cleaner',
  'namespace-controller',
  'node-controller',
  'persistent-volume-binder',
  'pod-garbage-collector',
  'pv-protection-controller',
  'pvc-protection-controller',
  'replicaset-controller',
  'replication-controller',
  'resource-claim-controller',
  'resourcequota-controller',
  'root-ca-cert-publisher',
  'service-account-controller',
  'service-cidrs-controller',
  'statefulset-controller',
  'ttl-after-finished-controller',
  'ttl-controller',
  'validatingadmissionpolicy-status-controller',
  'volumeattributesclass-protection-controller',
]

/** Those that kubeadm has run beside them (`--controllers=*,bootstrapsigner,tokencleaner`). */
export const KUBEADM_ACCOUNTS: readonly string[] = ['bootstrap-signer', 'token-cleaner']

/** Those of EKS, with what its cloud controllers and the resource controller of its VPC act as. */
export const EKS_ACCOUNTS: readonly string[] = [
  ...CONTROLLER_ACCOUNTS,
  'aws-cloud-provider',
  'eks-vpc-resource-controller',
  'service-controller',
  'tagging-controller',
]

const NAMESPACE = 'kube-system'

/** Makes the accounts when the controllers start. Models staging/src/k8s.io/controller-manager/pkg/clientbuilder. */
export function controllerAccounts({ api }: ControlPlane, names: readonly string[]): Controller {
  return {
    name: 'controller-accounts',
    sources: [
      {
        prefix: api.prefix('namespaces'),
        keys: ({ type, entry }: { type: string; entry: { value: Namespace } }) =>
          type === 'put' && entry.value.metadata.name === NAMESPACE ? [NAMESPACE] : [],
      },
    ],
    reconcile() {
      if (!api.get('namespaces', '', NAMESPACE)) return
      for (const name of names)
        if (!api.get('serviceaccounts', NAMESPACE, name))
          api.create('serviceaccounts', {
            apiVersion: 'v1',
            kind: 'ServiceAccount',
            metadata: { name, namespace: NAMESPACE },
          })
    },
  }
}
