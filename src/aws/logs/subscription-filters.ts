import type * as sdk from '@aws-sdk/client-cloudwatch-logs'
import { AwsError, type Handler } from '../wire/service.ts'
import { filterPattern } from './pattern.ts'
import { groups } from './tables.ts'

const invalid = (message: string) => new AwsError('InvalidParameterException', message)

/**
 * What CloudWatch Logs says when its test message does not arrive, by the service that a destination belongs to: as on AWS where the destination
 * is not there (texts from knowledge). None of these services is simulated, so no destination ever is.
 */
const UNDELIVERED: Record<string, string> = {
  lambda:
    'Could not execute the lambda function. Make sure you have given CloudWatch Logs permission to execute your function.',
  kinesis:
    'Could not deliver test message to specified Kinesis stream. Check if the given kinesis stream is in ACTIVE state.',
  firehose:
    'Could not deliver test message to specified Firehose stream. Check if the given Firehose stream is in ACTIVE state.',
}

/** Subscription filters: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html */
export const subscriptionFilterHandlers: Record<string, Handler> = {
  PutSubscriptionFilter: (input: sdk.PutSubscriptionFilterCommandInput, context) => {
    groups.get(context, input.logGroupName!)
    filterPattern(input.filterPattern)
    const [, , service = ''] = input.destinationArn!.split(':')
    const message = UNDELIVERED[service]
    if (message) throw invalid(message)
    if (service === 'logs')
      throw new AwsError('ResourceNotFoundException', 'The specified destination does not exist.')
    throw invalid(`PutSubscriptionFilter operation cannot work with destinationArn for vendor ${service}`)
  },

  DescribeSubscriptionFilters: (input: sdk.DescribeSubscriptionFiltersCommandInput, context) => {
    groups.get(context, input.logGroupName!)
    return { subscriptionFilters: [] }
  },

  DeleteSubscriptionFilter: (input: sdk.DeleteSubscriptionFilterCommandInput, context) => {
    groups.get(context, input.logGroupName!)
    throw new AwsError('ResourceNotFoundException', 'The specified subscription filter does not exist.')
  },
}
