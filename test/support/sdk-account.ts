import { simulatedTarget } from '#checks/target.ts'
import { TargetClients } from '#checks/target-clients.ts'
import type { WorldInfo } from '#cloud/api.ts'
import { awsServices } from '#cloud/services.ts'

const unread = () => {
  throw new Error('no images are read to list services')
}

/** The services of a world by name. */
export const SERVICES = new Map(
  awsServices({
    catalog: unread,
    publicCatalog: unread,
    checkUpstream: unread,
  } as unknown as Parameters<typeof awsServices>[0]).map((service) => [service.name, service]),
)

// biome-ignore lint/suspicious/noExplicitAny: inputs and outputs of many operations.
type Any = any

/** An account as its owner reaches it with the AWS SDK, any service by name. */
export class SdkAccount {
  readonly id: string
  readonly #clients: TargetClients

  constructor(world: WorldInfo) {
    this.id = world.accountId
    this.#clients = new TargetClients(simulatedTarget(world))
  }

  async sdk(service: string): Promise<Any> {
    return SERVICES.get(service)!.sdk()
  }

  async client(service: string): Promise<Any> {
    const sdk = await this.sdk(service)
    const name = Object.keys(sdk).find((key) => /^[A-Za-z]\w*Client$/.test(key))!
    return this.#clients.aws(sdk[name])
  }

  async send(service: string, operation: string, input: Any = {}): Promise<Any> {
    const sdk = await this.sdk(service)
    return (await this.client(service)).send(new sdk[`${operation}Command`](input))
  }

  /** Sends the same call for 0, 1, 2…, one after another. */
  async sendEach(count: number, service: string, operation: string, input: (index: number) => Any) {
    const outputs: Any[] = []
    for (let index = 0; index < count; index++)
      outputs.push(await this.send(service, operation, input(index)))
    return outputs
  }

  arn(service: string, rest: string, region = 'us-east-1'): string {
    return `arn:aws:${service}:${region}:${this.id}:${rest}`
  }
}

export const trust = (...services: string[]) =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: {
      Effect: 'Allow',
      Principal: { Service: services.map((name) => `${name}.amazonaws.com`) },
      Action: ['sts:AssumeRole', 'sts:TagSession'],
    },
  })
