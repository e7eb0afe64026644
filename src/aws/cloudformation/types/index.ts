import { attachmentTypes } from './attachments.ts'
import { ec2Types } from './ec2.ts'
import { ecsTypes } from './ecs.ts'
import { efsTypes } from './efs.ts'
import { eksTypes } from './eks.ts'
import { iamTypes } from './iam.ts'
import { inlinePolicyTypes } from './inline-policies.ts'
import { loadBalancingTypes } from './load-balancing.ts'
import { networkAccessTypes } from './network-access.ts'
import { otherTypes } from './others.ts'
import { registryTypes } from './registries.ts'
import { scalingTypes } from './scaling.ts'
import { secretTypes } from './secrets.ts'
import { securityGroupTypes } from './security-groups.ts'
import { serviceDiscoveryTypes } from './service-discovery.ts'
import type { ResourceType } from './type.ts'
import { vpcOptionTypes } from './vpc-options.ts'

/** The resource types that CloudFormation makes here, by name. */
export const RESOURCE_TYPES: ReadonlyMap<string, ResourceType> = new Map(
  [
    ...ec2Types,
    ...vpcOptionTypes,
    ...securityGroupTypes,
    ...networkAccessTypes,
    ...attachmentTypes,
    ...iamTypes,
    ...inlinePolicyTypes,
    ...eksTypes,
    ...ecsTypes,
    ...loadBalancingTypes,
    ...scalingTypes,
    ...secretTypes,
    ...efsTypes,
    ...serviceDiscoveryTypes,
    ...registryTypes,
    ...otherTypes,
  ].map((type) => [type.name, type]),
)
