import type * as sdk from '@aws-sdk/client-cloudformation'
import type { Handler } from '../wire/service.ts'
import { resourceDrift, stackDrift } from './drift/handlers.ts'
import { exportsOf } from './engine/surroundings.ts'
import type { EventRecord, ResourceRecord, StackRecord } from './records.ts'
import { pageOf, type StackRequest, templateText, validation } from './requests.ts'
import { changeSets, events, resources, stacks } from './tables.ts'
import { capabilitiesOf, checkTemplate } from './template/check.ts'
import { parseTemplate, type Template } from './template/parse.ts'
import { RESOURCE_TYPES } from './types/index.ts'

/** What is asked of a stack, without the values that its template lets nobody see (`NoEcho`). */
export function parametersOutput({ template, parameters }: StackRecord['wanted']): sdk.Parameter[] {
  const { Parameters } = parseTemplate(template)
  return Object.entries(parameters).map(([ParameterKey, value]) => ({
    ParameterKey,
    ParameterValue: String(Parameters[ParameterKey]?.NoEcho) === 'true' ? '****' : value,
  }))
}

function stackOutput(stack: StackRecord): sdk.Stack {
  return {
    StackId: stack.arn,
    StackName: stack.name,
    ...(stack.changeSetArn === undefined ? {} : { ChangeSetId: stack.changeSetArn }),
    ...(stack.description === undefined ? {} : { Description: stack.description }),
    Parameters: parametersOutput(stack.wanted),
    CreationTime: new Date(stack.created),
    ...(stack.updated === undefined ? {} : { LastUpdatedTime: new Date(stack.updated) }),
    ...(stack.deleted === undefined ? {} : { DeletionTime: new Date(stack.deleted) }),
    RollbackConfiguration: {},
    StackStatus: stack.status,
    ...(stack.reason === undefined ? {} : { StackStatusReason: stack.reason }),
    DisableRollback: stack.onFailure === 'DO_NOTHING',
    NotificationARNs: stack.notificationArns,
    ...(stack.timeoutMinutes === undefined ? {} : { TimeoutInMinutes: stack.timeoutMinutes }),
    Capabilities: stack.wanted.capabilities as sdk.Capability[],
    Outputs: stack.outputs.map(({ key, value, description, exportName }) => ({
      OutputKey: key,
      OutputValue: value,
      ...(description === undefined ? {} : { Description: description }),
      ...(exportName === undefined ? {} : { ExportName: exportName }),
    })),
    ...(stack.roleArn === undefined ? {} : { RoleARN: stack.roleArn }),
    Tags: Object.entries(stack.wanted.tags).map(([Key, Value]) => ({ Key, Value })),
    EnableTerminationProtection: stack.terminationProtection,
    DriftInformation: stackDrift(stack),
  }
}

const eventOutput = (event: EventRecord): sdk.StackEvent => ({
  StackId: event.stackArn,
  EventId: event.id,
  StackName: event.stackName,
  LogicalResourceId: event.logicalId,
  PhysicalResourceId: event.physicalId,
  ResourceType: event.type,
  Timestamp: new Date(event.time),
  ResourceStatus: event.status as sdk.ResourceStatus,
  ...(event.reason === undefined ? {} : { ResourceStatusReason: event.reason }),
  ...(event.properties === undefined ? {} : { ResourceProperties: event.properties }),
  ...(event.clientToken === undefined ? {} : { ClientRequestToken: event.clientToken }),
})

const resourceOutput = (record: ResourceRecord) => ({
  LogicalResourceId: record.logicalId,
  ...(record.physicalId === undefined ? {} : { PhysicalResourceId: record.physicalId }),
  ResourceType: record.type,
  ResourceStatus: record.status as sdk.ResourceStatus,
  ...(record.reason === undefined ? {} : { ResourceStatusReason: record.reason }),
  DriftInformation: resourceDrift(record),
})

/** What a template declares, for the summaries. */
function declarations({ Parameters }: Template): sdk.ParameterDeclaration[] {
  return Object.entries(Parameters).map(([ParameterKey, parameter]) => ({
    ParameterKey,
    ...(parameter.Default === undefined ? {} : { DefaultValue: String(parameter.Default) }),
    ParameterType: parameter.Type,
    NoEcho: String(parameter.NoEcho) === 'true',
    ...(parameter.Description === undefined ? {} : { Description: parameter.Description }),
    ParameterConstraints: parameter.AllowedValues
      ? { AllowedValues: parameter.AllowedValues.map(String) }
      : {},
  }))
}

function needs(template: Template) {
  const { capabilities, reason } = capabilitiesOf(template)
  return {
    ...(template.Description === undefined ? {} : { Description: template.Description }),
    Capabilities: capabilities as sdk.Capability[],
    ...(reason === undefined ? {} : { CapabilitiesReason: reason }),
  }
}

export const viewHandlers: Record<string, Handler> = {
  DescribeStacks(input: sdk.DescribeStacksCommandInput, context) {
    const found = input.StackName ? [stacks.get(context, input.StackName)] : stacks.live(context).reverse()
    const { items, ...next } = pageOf(found, input.NextToken)
    return { Stacks: items.map(stackOutput), ...next }
  },

  ListStacks(input: sdk.ListStacksCommandInput, context) {
    const { StackStatusFilter: wanted = [] } = input
    const found = stacks
      .all(context)
      .filter(({ status }) => wanted.length === 0 || wanted.includes(status))
      .reverse()
    const { items, ...next } = pageOf(found, input.NextToken)
    const StackSummaries = items.map((stack) => {
      const { StackId, StackName, CreationTime, LastUpdatedTime, DeletionTime, StackStatus } =
        stackOutput(stack)
      return {
        StackId,
        StackName,
        ...(stack.description === undefined ? {} : { TemplateDescription: stack.description }),
        CreationTime,
        LastUpdatedTime,
        DeletionTime,
        StackStatus,
        ...(stack.reason === undefined ? {} : { StackStatusReason: stack.reason }),
        DriftInformation: stackDrift(stack),
      }
    })
    return { StackSummaries, ...next }
  },

  DescribeStackEvents(input: sdk.DescribeStackEventsCommandInput, context) {
    const { arn } = stacks.get(context, input.StackName!)
    const { items, ...next } = pageOf(events.list(context, arn).reverse(), input.NextToken)
    return { StackEvents: items.map(eventOutput), ...next }
  },

  DescribeStackResource(input: sdk.DescribeStackResourceCommandInput, context) {
    const { arn, name } = stacks.get(context, input.StackName!)
    const record = resources.find(context, arn, input.LogicalResourceId!)
    if (!record) throw validation(`Resource ${input.LogicalResourceId} does not exist for stack ${name}`)
    return {
      StackResourceDetail: {
        StackName: name,
        StackId: arn,
        ...resourceOutput(record),
        LastUpdatedTimestamp: new Date(record.updated),
        Metadata: '{}',
      },
    }
  },

  DescribeStackResources(input: sdk.DescribeStackResourcesCommandInput, context) {
    const { StackName, PhysicalResourceId, LogicalResourceId } = input
    if (StackName === undefined && PhysicalResourceId === undefined)
      throw validation('Either Stack Name or Physical Resource Id must be specified.')
    const holder = StackName
      ? stacks.get(context, StackName)
      : stacks
          .live(context)
          .find(({ arn }) =>
            resources.list(context, arn).some((one) => one.physicalId === PhysicalResourceId),
          )
    if (!holder) throw validation(`Stack for ${PhysicalResourceId} does not exist`)
    const found = resources
      .list(context, holder.arn)
      .filter(({ logicalId }) => LogicalResourceId === undefined || logicalId === LogicalResourceId)
    return {
      StackResources: found.map((record) => ({
        StackName: holder.name,
        StackId: holder.arn,
        ...resourceOutput(record),
        Timestamp: new Date(record.updated),
      })),
    }
  },

  ListStackResources(input: sdk.ListStackResourcesCommandInput, context) {
    const { arn } = stacks.get(context, input.StackName!)
    const { items, ...next } = pageOf(resources.list(context, arn), input.NextToken)
    return {
      StackResourceSummaries: items.map((record) => ({
        ...resourceOutput(record),
        LastUpdatedTimestamp: new Date(record.updated),
      })),
      ...next,
    }
  },

  GetTemplate(input: sdk.GetTemplateCommandInput, context) {
    if (input.StackName === undefined && input.ChangeSetName === undefined)
      throw validation('Either Stack Name or Change Set Name must be specified.')
    const text =
      input.ChangeSetName === undefined
        ? stacks.get(context, input.StackName!).wanted.template
        : changeSets.get(context, input.ChangeSetName, input.StackName).wanted.template
    return { TemplateBody: text, StagesAvailable: ['Original', 'Processed'] }
  },

  GetTemplateSummary(input: sdk.GetTemplateSummaryCommandInput, context) {
    const text = input.StackName
      ? stacks.get(context, input.StackName).wanted.template
      : templateText(input as StackRequest)
    const template = parseTemplate(text)
    checkTemplate(template, RESOURCE_TYPES)
    return {
      Parameters: declarations(template),
      ...needs(template),
      ResourceTypes: [...new Set(Object.values(template.Resources).map(({ Type }) => Type))],
      Version: '2010-09-09',
      DeclaredTransforms: [],
      ResourceIdentifierSummaries: [],
    }
  },

  ValidateTemplate(input: sdk.ValidateTemplateCommandInput) {
    const template = parseTemplate(templateText(input as StackRequest))
    checkTemplate(template, RESOURCE_TYPES)
    return {
      Parameters: declarations(template).map(({ ParameterKey, DefaultValue, NoEcho, Description }) => ({
        ParameterKey,
        DefaultValue,
        NoEcho,
        Description,
      })),
      ...needs(template),
      DeclaredTransforms: [],
    }
  },

  ListExports(input: sdk.ListExportsCommandInput, context) {
    const { items, ...next } = pageOf(exportsOf(context), input.NextToken)
    return {
      Exports: items.map(({ name, value, stackArn }) => ({
        ExportingStackId: stackArn,
        Name: name,
        Value: value,
      })),
      ...next,
    }
  },

  ListImports(input: sdk.ListImportsCommandInput, context) {
    const users = stacks.live(context).filter(({ imports }) => imports.includes(input.ExportName!))
    if (users.length === 0) throw validation(`Export '${input.ExportName}' is not imported by any stack.`)
    const { items, ...next } = pageOf(users, input.NextToken)
    return { Imports: items.map(({ name }) => name), ...next }
  },

  DescribeAccountLimits: () => ({
    AccountLimits: [
      { Name: 'StackLimit', Value: 2000 },
      { Name: 'StackOutputsLimit', Value: 200 },
    ],
  }),
}
