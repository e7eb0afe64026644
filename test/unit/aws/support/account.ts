import { autoScalingController } from '../../../../src/aws/autoscaling/index.ts'
import { lifecycleController } from '../../../../src/aws/ec2/index.ts'
import { clusterController, type NodeWatch, nodegroupController } from '../../../../src/aws/eks/index.ts'
import { bootstrapAccount } from '../../../../src/aws/iam/bootstrap.ts'
import { decide } from '../../../../src/aws/iam/identity.ts'
import { iamService } from '../../../../src/aws/iam/service.ts'
import {
  AwsError,
  type Principal,
  type RequestContext,
  type Service,
} from '../../../../src/aws/wire/service.ts'
import { Clock } from '../../../../src/world/clock.ts'
import type { ProvisioningSpeed } from '../../../../src/world/provisioning.ts'
import { World } from '../../../../src/world/world.ts'

export const ACCOUNT = '111122223333'
const MANAGED = 'arn:aws:iam::aws:policy/'

/** An account in a world whose clock stands still until it is moved. */
export class TestAccount {
  readonly world: World
  readonly context: RequestContext

  constructor(provisioning: ProvisioningSpeed = 'instant') {
    const clock = new Clock({ now: Date.parse('2026-11-21T08:00:00Z'), speed: 0 })
    this.world = new World({ id: 'test', seed: 'aws', clock, provisioning })
    const administrator = { accessKeyId: 'AKIADRYDOCKTESTADMIN', secretAccessKey: 'only-for-tests' }
    bootstrapAccount(this.world, { accountId: ACCOUNT, administrator })
    this.context = this.as({
      arn: `arn:aws:iam::${ACCOUNT}:user/admin`,
      accountId: ACCOUNT,
      userId: 'AIDATEST',
      type: 'user',
    })
    this.startControllers()
  }

  /** `watch` tells of the nodes; default: they are as one wishes. */
  startControllers(watch?: NodeWatch): void {
    for (const make of [lifecycleController, clusterController, autoScalingController]) {
      this.world.controllers.start(make(this.world))
    }
    this.world.controllers.start(nodegroupController(this.world, watch))
  }

  /** The request context of another caller. */
  as(principal: Principal): RequestContext {
    return {
      world: this.world,
      accountId: ACCOUNT,
      region: 'us-east-1',
      partition: 'aws',
      principal,
      requestId: 'request-1',
      action: 'test:Test',
      host: 'test',
      sourceIp: '127.0.0.1',
      authorize: (action, resource, conditions) => {
        if (!decide(this.world, { principal, action, resource, conditions }).allowed) {
          throw new AwsError('AccessDeniedException', `${principal.arn} may not ${action} on ${resource}`)
        }
      },
    }
  }

  /** Calls a handler of a service as the administrator. */
  // biome-ignore lint/suspicious/noExplicitAny: outputs are as different as the operations.
  async call(service: Service, operation: string, input: object = {}): Promise<any> {
    return service.handlers[operation]!(input, this.context)
  }

  /** Makes a role that a service may assume, with managed policies; gives its ARN. */
  async role(name: string, service: string, policies: string[]): Promise<string> {
    const trust = {
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Principal: { Service: service }, Action: 'sts:AssumeRole' }],
    }
    const { Role } = await this.call(iamService, 'CreateRole', {
      RoleName: name,
      AssumeRolePolicyDocument: JSON.stringify(trust),
    })
    for (const policy of policies) {
      await this.call(iamService, 'AttachRolePolicy', { RoleName: name, PolicyArn: MANAGED + policy })
    }
    return Role.Arn
  }

  close(): void {
    this.world.close()
  }
}

/** An error's code and text, for one comparison. */
export async function failure(act: () => unknown): Promise<string> {
  try {
    await act()
  } catch (error) {
    if (error instanceof AwsError) return `${error.code}: ${error.message}`
    throw error
  }
  return 'no error'
}
