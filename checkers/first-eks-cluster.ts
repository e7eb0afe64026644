import { defineChecker } from '#checks/checker.ts'
import { cleanUp } from './first-eks-cluster/clean-up.ts'
import { createCluster } from './first-eks-cluster/create-cluster.ts'
import { deploy } from './first-eks-cluster/deploy.ts'
import { lookAround } from './first-eks-cluster/look-around.ts'
import { pushImage } from './first-eks-cluster/push-image.ts'

export default defineChecker({
  lab: 'first-eks-cluster',
  steps: {
    'look-around': lookAround,
    'create-cluster': createCluster,
    'push-image': pushImage,
    deploy,
    'clean-up': cleanUp,
  },
})
