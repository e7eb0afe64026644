import { readFileSync } from 'node:fs'
import { Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import { CloudFormation } from '@aws-sdk/client-cloudformation'
import { EC2 } from '@aws-sdk/client-ec2'
import { EKS } from '@aws-sdk/client-eks'
import { IAM } from '@aws-sdk/client-iam'
import { SSM } from '@aws-sdk/client-ssm'
import { STS } from '@aws-sdk/client-sts'
import { NodeHttpHandler } from '@smithy/node-http-handler'
import { EksctlError } from './log.ts'

export interface Clients {
  cloudFormation: CloudFormation
  ec2: EC2
  eks: EKS
  iam: IAM
  ssm: SSM
  sts: STS
  region: string
}

/** Clients of the public AWS endpoints, by way of the environment's proxy and CA as the AWS CLI uses them. */
export async function createClients(options: { region?: string; profile?: string }): Promise<Clients> {
  const { env } = process
  const ca = env.AWS_CA_BUNDLE ? readFileSync(env.AWS_CA_BUNDLE) : undefined
  const requestHandler = new NodeHttpHandler({
    httpAgent: new HttpAgent({ keepAlive: true, proxyEnv: env }),
    httpsAgent: new HttpsAgent({ keepAlive: true, proxyEnv: env, ca }),
  })
  const region = options.region ?? env.AWS_REGION ?? env.AWS_DEFAULT_REGION
  const config = { requestHandler, profile: options.profile, ...(region && { region }) }
  const eks = new EKS(config)
  const resolved = await eks.config.region().catch(() => {
    throw new EksctlError(
      'AWS Region must be set, please set the AWS Region in AWS config file or as environment variable',
    )
  })
  return {
    cloudFormation: new CloudFormation(config),
    ec2: new EC2(config),
    eks,
    iam: new IAM(config),
    ssm: new SSM(config),
    sts: new STS(config),
    region: resolved,
  }
}

/** Asks `check` again until it gives something; by default every second for at most 40 minutes. */
export async function until<T>(
  check: () => Promise<T | undefined>,
  what: string,
  { everyMs = 1_000, limitMs = 2_400_000 } = {},
): Promise<T> {
  const end = Date.now() + limitMs
  for (;;) {
    const found = await check()
    if (found !== undefined) return found
    if (Date.now() > end) throw new EksctlError(`timed out waiting for ${what}`)
    await new Promise((resolve) => setTimeout(resolve, everyMs))
  }
}

/** Gives undefined instead of an error that says that something is not there. */
export async function unlessMissing<T>(request: Promise<T>): Promise<T | undefined> {
  try {
    return await request
  } catch (error) {
    const { name } = error as Error
    if (/NotFound|NoSuchEntity/.test(name)) return undefined
    throw error
  }
}
