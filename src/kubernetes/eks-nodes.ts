import type { AddonObject } from './eks-addons.ts'

const API = 'rbac.authorization.k8s.io'
const metadata = { name: 'eks:node-bootstrapper', labels: { 'eks.amazonaws.com/component': 'node' } }

/** What lets the kubelets of EKS have their serving certificates approved. As EKS makes them in each cluster, from knowledge 2026-11. */
export const NODE_BOOTSTRAPPER: AddonObject[] = [
  {
    resource: 'clusterroles.rbac.authorization.k8s.io',
    object: {
      apiVersion: `${API}/v1`,
      kind: 'ClusterRole',
      metadata,
      rules: [
        {
          apiGroups: ['certificates.k8s.io'],
          resources: ['certificatesigningrequests/selfnodeserver'],
          verbs: ['create'],
        },
      ],
    } as AddonObject['object'],
  },
  {
    resource: 'clusterrolebindings.rbac.authorization.k8s.io',
    object: {
      apiVersion: `${API}/v1`,
      kind: 'ClusterRoleBinding',
      metadata,
      roleRef: { apiGroup: API, kind: 'ClusterRole', name: 'eks:node-bootstrapper' },
      subjects: ['system:bootstrappers', 'system:nodes'].map((name) => ({
        apiGroup: API,
        kind: 'Group',
        name,
      })),
    } as AddonObject['object'],
  },
]
