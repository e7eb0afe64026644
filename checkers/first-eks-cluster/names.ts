/** The names that the lab's text asks for. */
export const CLUSTER = 'harbor'
export const CLUSTER_ROLE = 'harbor-cluster-role'
export const REPOSITORY = 'site'
export const TAG = 'v1'
export const APP = 'site'
export const NAMESPACE = 'default'

/** The lessons that findings point to. */
export const LESSONS = {
  roles: '/lessons/eks/what-eks-manages/#two-roles',
  controlPlane: '/lessons/eks/what-eks-manages/#the-control-plane',
  nodes: '/lessons/eks/what-eks-manages/#the-nodes',
  cost: '/lessons/eks/what-eks-manages/#what-it-costs',
  names: '/lessons/eks/from-laptop-to-pod/#the-name-is-the-address',
  layers: '/lessons/eks/from-laptop-to-pod/#what-a-push-sends',
  pull: '/lessons/eks/from-laptop-to-pod/#who-pulls',
}
