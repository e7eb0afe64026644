import type { KubernetesObject } from '../api.ts'
import { ON_EC2_NODES } from '../ec2-nodes.ts'
import type { AddonObject, AddonOptions } from '../eks-addons.ts'

// The EKS add-on eks-pod-identity-agent, without what has no effect here.
// Source: github.com/aws/eks-pod-identity-agent, charts (from knowledge, 2026-11).

const NAME = 'eks-pod-identity-agent'
const LABELS = { 'app.kubernetes.io/name': NAME, 'app.kubernetes.io/instance': NAME }

/** The agent on every node that gives pods the credentials of their associations. */
export function podIdentityAgent({ registry, version }: AddonOptions): AddonObject[] {
  const object = {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: { name: NAME, namespace: 'kube-system', labels: LABELS },
    spec: {
      selector: { matchLabels: LABELS },
      updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '10%' } },
      template: {
        metadata: { labels: LABELS },
        spec: {
          hostNetwork: true,
          affinity: ON_EC2_NODES,
          priorityClassName: 'system-node-critical',
          tolerations: [{ operator: 'Exists' }],
          terminationGracePeriodSeconds: 30,
          containers: [
            {
              name: NAME,
              image: `${registry}/eks/eks-pod-identity-agent:${version.replace(/-eksbuild.*/, '').replace(/^v1\.3\./, 'v0.1.')}`,
              command: ['/go-runner', '/eks-pod-identity-agent', 'server'],
              ports: [
                { containerPort: 80, name: 'proxy', protocol: 'TCP' },
                { containerPort: 2703, name: 'probes-port', protocol: 'TCP' },
              ],
            },
          ],
        },
      },
    },
  }
  return [{ resource: 'daemonsets.apps', object: object as KubernetesObject }]
}
