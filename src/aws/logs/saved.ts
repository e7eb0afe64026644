import type * as sdk from '@aws-sdk/client-cloudwatch-logs'
import { parsePolicy } from '../iam/policy/document.ts'
import { Table } from '../table.ts'
import { AwsError, type Handler, type RequestContext } from '../wire/service.ts'
import { page } from './groups.ts'

// What an account keeps in CloudWatch Logs beside its log groups: queries under a name, and policies for services that write.

interface QueryDefinitionRecord {
  id: string
  name: string
  queryString: string
  language: string
  groups: string[]
  modified: number
}

interface ResourcePolicyRecord {
  name: string
  document: string
  modified: number
}

const definitions = new Table<QueryDefinitionRecord>('logs', 'query-definitions', ({ id }) => id)
const policies = new Table<ResourcePolicyRecord>('logs', 'resource-policies', ({ name }) => name)

/** https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html */
const MOST_POLICIES = 10

const missing = (message: string) => new AwsError('ResourceNotFoundException', message)

function putQueryDefinition(input: sdk.PutQueryDefinitionCommandInput, context: RequestContext) {
  const id = input.queryDefinitionId ?? context.world.ids.uuid()
  if (input.queryDefinitionId && !definitions.find(context, id))
    throw missing('The specified query definition does not exist.')
  definitions.put(context, {
    id,
    name: input.name!,
    queryString: input.queryString!,
    language: input.queryLanguage ?? 'CWLI',
    groups: input.logGroupNames ?? [],
    modified: Math.floor(context.world.clock.now()),
  })
  return { queryDefinitionId: id }
}

function describeQueryDefinitions(input: sdk.DescribeQueryDefinitionsCommandInput, context: RequestContext) {
  const { queryDefinitionNamePrefix: prefix = '', queryLanguage, maxResults, nextToken } = input
  const wanted = definitions
    .list(context)
    .filter(({ name, language }) => name.startsWith(prefix) && (queryLanguage ?? language) === language)
    .sort((a, b) => (a.name < b.name ? -1 : 1))
  const { items, ...more } = page(wanted, { limit: maxResults ?? 1000, ...(nextToken && { nextToken }) })
  return {
    queryDefinitions: items.map((one) => ({
      queryLanguage: one.language,
      queryDefinitionId: one.id,
      name: one.name,
      queryString: one.queryString,
      lastModified: one.modified,
      logGroupNames: one.groups,
    })),
    ...more,
  }
}

function deleteQueryDefinition(input: sdk.DeleteQueryDefinitionCommandInput, context: RequestContext) {
  const found = definitions.find(context, input.queryDefinitionId!)
  if (!found) throw missing('The specified query definition does not exist.')
  definitions.delete(context, found)
  return { success: true }
}

const toPolicy = ({ name, document, modified }: ResourcePolicyRecord): sdk.ResourcePolicy => ({
  policyName: name,
  policyDocument: document,
  lastUpdatedTime: modified,
})

function putResourcePolicy(input: sdk.PutResourcePolicyCommandInput, context: RequestContext) {
  const { policyName: name = '', policyDocument: document = '' } = input
  if (!hasStatements(document))
    throw new AwsError('InvalidParameterException', 'This policy document is invalid.')
  if (!policies.find(context, name) && policies.list(context).length >= MOST_POLICIES)
    throw new AwsError('LimitExceededException', 'Resource limit exceeded.')
  const modified = Math.floor(context.world.clock.now())
  return { resourcePolicy: toPolicy(policies.put(context, { name, document, modified })) }
}

function hasStatements(document: string): boolean {
  try {
    return parsePolicy(document).statements.length > 0
  } catch {
    return false
  }
}

function describeResourcePolicies(input: sdk.DescribeResourcePoliciesCommandInput, context: RequestContext) {
  const { items, ...more } = page(policies.list(context), input)
  return { resourcePolicies: items.map(toPolicy), ...more }
}

function deleteResourcePolicy({ policyName }: sdk.DeleteResourcePolicyCommandInput, context: RequestContext) {
  const found = policies.find(context, policyName!)
  if (!found) throw missing(`Policy with name [${policyName}] does not exist.`)
  policies.delete(context, found)
  return {}
}

export const savedHandlers: Record<string, Handler> = {
  PutQueryDefinition: putQueryDefinition,
  DescribeQueryDefinitions: describeQueryDefinitions,
  DeleteQueryDefinition: deleteQueryDefinition,
  PutResourcePolicy: putResourcePolicy,
  DescribeResourcePolicies: describeResourcePolicies,
  DeleteResourcePolicy: deleteResourcePolicy,
  // Nobody can make these here.
  DescribeDestinations: () => ({ destinations: [] }),
  DescribeExportTasks: () => ({ exportTasks: [] }),
}
