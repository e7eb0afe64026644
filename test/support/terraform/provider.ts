import { expect } from 'vitest'
import type { SdkAccount } from '../sdk-account.ts'
import { PATIENCE } from '../sdk-furniture/waits.ts'

// biome-ignore lint/suspicious/noExplicitAny: inputs and outputs of many operations.
type Any = any

/** Calls as terraform-provider-aws makes them: a call, the state it waits for, the error by which it knows that something is gone. */
export class Provider {
  readonly account: SdkAccount

  constructor(account: SdkAccount) {
    this.account = account
  }

  call = (service: string, operation: string, input: object = {}): Promise<Any> =>
    this.account.send(service, operation, input)

  /** The code on the wire of a call that fails. */
  async code(service: string, operation: string, input: object): Promise<string> {
    try {
      await this.call(service, operation, input)
    } catch (error) {
      const { Error: inner, Code, name } = error as { Error?: { Code?: string }; Code?: string; name: string }
      return inner?.Code ?? Code ?? name
    }
    return 'none'
  }

  /** The SDK's own waiter. */
  async wait(service: string, waiter: string, input: object): Promise<void> {
    const client = await this.account.client(service)
    await (await this.account.sdk(service))[`waitUntil${waiter}`]({ client, ...PATIENCE }, input)
  }

  /** An update of EKS, until it has been made. */
  async eksUpdate(operation: string, input: { clusterName?: string; nodegroupName?: string; name?: string }) {
    const { update } = await this.call('eks', operation, input)
    const { clusterName, nodegroupName, name = clusterName } = input
    await expect
      .poll(
        async () =>
          (await this.call('eks', 'DescribeUpdate', { name, nodegroupName, updateId: update.id })).update
            .status,
        { interval: 50, timeout: 30_000 },
      )
      .toBe('Successful')
    return update.type as string
  }
}

export const named = (ResourceType: string, Value: string) => ({
  TagSpecifications: [{ ResourceType, Tags: [{ Key: 'Name', Value }] }],
})
export const filter = (...filters: [name: string, ...values: string[]][]) => ({
  Filters: filters.map(([Name, ...Values]) => ({ Name, Values })),
})
