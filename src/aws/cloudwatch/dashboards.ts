import type * as sdk from '@aws-sdk/client-cloudwatch'
import { pageOf } from '../table.ts'
import { AwsError, type Handler, type RequestContext } from '../wire/service.ts'
import { invalidValue } from './errors.ts'
import { dashboards } from './tables.ts'

const arnOf = ({ accountId }: RequestContext, name: string) =>
  `arn:aws:cloudwatch::${accountId}:dashboard/${name}`
const missing = (name: string) => new AwsError('ResourceNotFound', `Dashboard ${name} does not exist`)

/** Dashboards are kept as their JSON text; nothing draws them. */
export const dashboardHandlers: Record<string, Handler> = {
  PutDashboard: (input: sdk.PutDashboardCommandInput, context) => {
    try {
      JSON.parse(input.DashboardBody!)
    } catch {
      throw new AwsError('InvalidParameterInput', 'The field DashboardBody must be a valid JSON object')
    }
    dashboards.put(context, {
      name: input.DashboardName!,
      body: input.DashboardBody!,
      modified: context.world.clock.now(),
    })
    return { DashboardValidationMessages: [] }
  },

  GetDashboard: (input: sdk.GetDashboardCommandInput, context) => {
    const record = dashboards.find(context, input.DashboardName!)
    if (!record) throw missing(input.DashboardName!)
    return {
      DashboardArn: arnOf(context, record.name),
      DashboardBody: record.body,
      DashboardName: record.name,
    }
  },

  ListDashboards: (input: sdk.ListDashboardsCommandInput, context) => {
    const all = dashboards
      .list(context)
      .filter(({ name }) => name.startsWith(input.DashboardNamePrefix ?? ''))
    const { items, next } = pageOf(all, 1000, input.NextToken, () =>
      invalidValue('The value for parameter NextToken is invalid.'),
    )
    return {
      DashboardEntries: items.map(({ name, body, modified }) => ({
        DashboardName: name,
        DashboardArn: arnOf(context, name),
        LastModified: new Date(Math.floor(modified / 1000) * 1000),
        Size: Buffer.byteLength(body),
      })),
      NextToken: next,
    }
  },

  DeleteDashboards: (input: sdk.DeleteDashboardsCommandInput, context) => {
    const found = (input.DashboardNames ?? []).map((name) => [name, dashboards.find(context, name)] as const)
    const none = found.find(([, record]) => !record)
    if (none) throw missing(none[0])
    for (const [, record] of found) dashboards.delete(context, record!)
    return {}
  },
}
