import { acmService } from '#aws/acm/index.ts'
import {
  applicationAutoScalingController,
  applicationAutoScalingService,
} from '#aws/application-autoscaling/index.ts'
import { autoScalingController, autoScalingService, groupScalingController } from '#aws/autoscaling/index.ts'
import {
  cloudFormationController,
  cloudFormationService,
  driftController,
  type Invoke,
} from '#aws/cloudformation/index.ts'
import { cloudTrailService } from '#aws/cloudtrail/index.ts'
import { alarmController, cloudWatchService } from '#aws/cloudwatch/index.ts'
import { ec2Service, lifecycleController } from '#aws/ec2/index.ts'
import { ecrService, type ImageCatalogs, type UpstreamCheck } from '#aws/ecr/index.ts'
import { ecrPublicService } from '#aws/ecr-public/index.ts'
import { ecsService } from '#aws/ecs/index.ts'
import { efsController, efsService } from '#aws/efs/index.ts'
import {
  type AddonWatch,
  clusterController,
  eksService,
  type NodeWatch,
  nodegroupController,
  selfManagedController,
} from '#aws/eks/index.ts'
import { elbHealthController, elbService } from '#aws/elb/index.ts'
import { elbv2Service, targetHealthController } from '#aws/elbv2/index.ts'
import { iamService } from '#aws/iam/service.ts'
import { keyController, kmsService } from '#aws/kms/index.ts'
import { logsService } from '#aws/logs/index.ts'
import { pricingService } from '#aws/pricing/index.ts'
import { secretsController, secretsManagerService } from '#aws/secretsmanager/index.ts'
import { serviceDiscoveryService } from '#aws/servicediscovery/index.ts'
import { signerService } from '#aws/signer/index.ts'
import { ssmService } from '#aws/ssm/index.ts'
import { stsService } from '#aws/sts/service.ts'
import type { Service } from '#aws/wire/service.ts'
import type { VirtualNetwork } from '#network/virtual-network.ts'
import type { Controller } from '#world/controller.ts'
import type { World } from '#world/world.ts'

/** The AWS services of a world. */
export function awsServices(registries: {
  catalog: ImageCatalogs
  publicCatalog: Parameters<typeof ecrPublicService>[0]
  checkUpstream: UpstreamCheck
}): Service[] {
  return [
    stsService,
    iamService,
    ec2Service,
    eksService,
    ecrService(registries.catalog, registries.checkUpstream),
    ecrPublicService(registries.publicCatalog),
    elbService,
    elbv2Service,
    autoScalingService,
    logsService,
    kmsService,
    ecsService,
    efsService,
    cloudFormationService,
    ssmService,
    secretsManagerService,
    cloudWatchService,
    applicationAutoScalingService,
    cloudTrailService,
    acmService,
    pricingService,
    signerService,
    serviceDiscoveryService,
  ]
}

/** What moves their resources along. */
export function awsControllers(
  world: World,
  network: VirtualNetwork,
  nodes: NodeWatch,
  addons: AddonWatch,
  invoke: Invoke,
): Controller[] {
  return [
    lifecycleController(world),
    clusterController(world, addons),
    nodegroupController(world, nodes),
    selfManagedController(world, nodes),
    keyController(world),
    efsController(world),
    autoScalingController(world),
    groupScalingController(world),
    elbHealthController(world, network),
    targetHealthController(world, network),
    cloudFormationController(world, invoke),
    driftController(world, invoke),
    secretsController(world),
    alarmController(world),
    applicationAutoScalingController(world),
  ]
}
