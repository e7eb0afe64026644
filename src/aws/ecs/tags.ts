import type * as sdk from '@aws-sdk/client-ecs'
import type { Handler, RequestContext } from '../wire/service.ts'
import { invalid } from './errors.ts'
import { tagsOf, toTags } from './names.ts'
import type { Tags } from './records.ts'
import {
  capacityProviders,
  clusters,
  containerInstances,
  definitionByArn,
  services,
  taskDefinitions,
  tasks,
} from './tables.ts'

/** The tagged resource of an ARN. Throws InvalidParameterException. */
function tagged(context: RequestContext, arn: string): { tags: Tags; set(tags: Tags): void } {
  const [type = '', ...path] = (arn.split(':')[5] ?? '').split('/')
  const of = <T extends { tags: Tags }>(
    table: { put(scope: RequestContext, record: T): T },
    record: T | undefined,
    noun: string,
  ) => {
    if (!record)
      throw invalid(
        `The specified ${noun} is inactive or does not exist. Specify a different resource and try again.`,
      )
    return { tags: record.tags, set: (tags: Tags) => void table.put(context, { ...record, tags }) }
  }
  const [first = '', second = ''] = path
  switch (type) {
    case 'cluster':
      return of(clusters, clusters.find(context, first), 'cluster')
    case 'service':
      return of(services, services.find(context, first, second), 'service')
    case 'task':
      return of(tasks, tasks.find(context, first, second), 'task')
    case 'container-instance':
      return of(containerInstances, containerInstances.find(context, first, second), 'container instance')
    case 'capacity-provider':
      return of(capacityProviders, capacityProviders.find(context, first), 'capacity provider')
    case 'task-definition':
      return of(taskDefinitions, definitionByArn(context, arn), 'task definition')
    default:
      throw invalid('Invalid identifier: Unable to determine the resource type of the ARN.')
  }
}

export const tagHandlers: Record<string, Handler> = {
  TagResource: (input: sdk.TagResourceCommandInput, context) => {
    const { tags, set } = tagged(context, input.resourceArn!)
    set({ ...tags, ...tagsOf(input.tags) })
    return {}
  },
  UntagResource: (input: sdk.UntagResourceCommandInput, context) => {
    const { tags, set } = tagged(context, input.resourceArn!)
    set(Object.fromEntries(Object.entries(tags).filter(([key]) => !input.tagKeys?.includes(key))))
    return {}
  },
  ListTagsForResource: (input: sdk.ListTagsForResourceCommandInput, context) => ({
    tags: toTags(tagged(context, input.resourceArn!).tags),
  }),
}
