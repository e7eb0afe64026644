import type { Service } from '../wire/service.ts'
import { accessKeyHandlers } from './access-keys.ts'
import { accountHandlers } from './account.ts'
import { holderHandlers } from './holders.ts'
import { instanceProfileHandlers } from './instance-profiles.ts'
import { linkedRoleHandlers } from './linked-roles.ts'
import { oidcProviderHandlers } from './oidc-providers.ts'
import { passwordHandlers } from './passwords.ts'
import { policyHandlers } from './policies.ts'
import { reportHandlers } from './reports.ts'
import { iamResource, iamResourceName } from './resources.ts'
import { roleHandlers } from './roles.ts'
import { simulateHandlers } from './simulate.ts'
import { taggingHandlers } from './tagging.ts'
import { groupHandlers, userHandlers } from './users.ts'

/** https://docs.aws.amazon.com/IAM/latest/APIReference/ */
export const iamService: Service = {
  name: 'iam',
  sdk: () => import('@aws-sdk/client-iam'),
  actionPrefix: 'iam',
  endpoints: [{ prefix: 'iam', global: true }],
  botocoreName: 'iam',
  resources: iamResource,
  resourceName: iamResourceName,
  handlers: {
    ...userHandlers,
    ...groupHandlers,
    ...roleHandlers,
    ...instanceProfileHandlers,
    ...policyHandlers,
    ...holderHandlers,
    ...accessKeyHandlers,
    ...taggingHandlers,
    ...oidcProviderHandlers,
    ...linkedRoleHandlers,
    ...accountHandlers,
    ...passwordHandlers,
    ...reportHandlers,
    ...simulateHandlers,
  },
}
