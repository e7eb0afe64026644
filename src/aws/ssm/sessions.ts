import type * as sdk from '@aws-sdk/client-ssm'
import type { Scope } from '../ec2/index.ts'
import { execTarget } from '../ecs/exec-target.ts'
import { pageOf } from '../table.ts'
import { AwsError, type Handler, type RequestContext } from '../wire/service.ts'
import { invalidToken, validation } from './errors.ts'
import type { SessionRecord } from './records.ts'
import { managedInstances, sessions } from './tables.ts'

/** https://docs.aws.amazon.com/systems-manager/latest/userguide/session-manager-getting-started-enable-ssh-connections.html: kept 30 days. */
const HISTORY_MS = 30 * 86_400_000
const SHELL_DOCUMENT = 'SSM-SessionManagerRunShell'
const COMMAND_DOCUMENT = 'AWS-StartInteractiveCommand'

const notConnected = (target: string) => new AwsError('TargetNotConnected', `${target} is not connected.`)
const noSession = (id: string) => new AwsError('DoesNotExistException', `Session ${id} does not exist`)

interface Opened extends Omit<SessionRecord, 'id' | 'token' | 'started' | 'ended'> {
  /** What the id begins with: the caller's name, `ecs-execute-command`. */
  name: string
}

/** Opens a session with a container and gives what a client needs to connect to its data channel. */
export function openSession(
  scope: Scope,
  { name, target, container, command, owner, document, reason, logGroup }: Opened,
): SessionRecord {
  const { ids, clock } = scope.world
  const now = clock.now()
  for (const old of sessions.list(scope))
    if (old.ended !== undefined && now - old.ended > HISTORY_MS) sessions.delete(scope, old)
  return sessions.put(scope, {
    id: `${name}-${ids.text(26, 'abcdefghijklmnopqrstuvwxyz234567')}`,
    target,
    container,
    command,
    owner,
    ...(document === undefined ? {} : { document }),
    ...(reason === undefined ? {} : { reason }),
    ...(logGroup === undefined ? {} : { logGroup }),
    token: newToken(scope),
    started: now,
  })
}

const newToken = ({ world }: Scope) => `AAEAA${world.ids.bytes(120).toString('base64')}`

/** The address of a session's data channel, and the token that opens it. */
export const channelOf = ({ region }: Scope, { id, token }: SessionRecord) => ({
  streamUrl: `wss://ssmmessages.${region}.amazonaws.com/v1/data-channel/${id}?role=publish_subscribe`,
  tokenValue: token,
})

/** Notes that a session is over; its channel closes. */
export function endSession(scope: Scope, id: string): void {
  const session = sessions.find(scope, id)
  if (session && session.ended === undefined)
    sessions.put(scope, { ...session, ended: scope.world.clock.now() })
}

function startSession(input: sdk.StartSessionCommandInput, context: RequestContext) {
  const target = input.Target!
  const document = input.DocumentName ?? SHELL_DOCUMENT
  const interactive = document === COMMAND_DOCUMENT
  if (!interactive && document !== SHELL_DOCUMENT)
    throw new AwsError('InvalidDocument', `Document with name ${document} does not exist.`)
  const command = interactive ? input.Parameters?.command?.[0] : 'sh'
  if (command === undefined)
    throw new AwsError('InvalidParameters', 'Parameter "command" requires at least one value.')
  if (!target.startsWith('ecs:')) {
    // Machines have no shell of their own here; an agent that does not answer is what a client meets.
    const known = managedInstances.find(context, target)
    if (!known && !/^m?i-/.test(target)) throw validation(`Invalid target: ${target}`)
    throw notConnected(target)
  }
  const container = execTarget(context, target)
  if (!container) throw notConnected(target)
  const session = openSession(context, {
    name: context.principal.arn.split('/').at(-1)!,
    target,
    container,
    command,
    owner: context.principal.arn,
    document,
    reason: input.Reason,
  })
  const { streamUrl, tokenValue } = channelOf(context, session)
  return { SessionId: session.id, StreamUrl: streamUrl, TokenValue: tokenValue }
}

function toSession(session: SessionRecord): sdk.Session {
  return {
    SessionId: session.id,
    Target: session.target,
    Status: session.ended === undefined ? 'Connected' : 'Terminated',
    StartDate: new Date(session.started),
    ...(session.ended === undefined ? {} : { EndDate: new Date(session.ended) }),
    ...(session.document === undefined ? {} : { DocumentName: session.document }),
    Owner: session.owner,
    ...(session.reason === undefined ? {} : { Reason: session.reason }),
    OutputUrl: session.logGroup === undefined ? {} : { CloudWatchOutputUrl: session.logGroup },
    AccessType: 'Standard',
  }
}

/** Whether a session is what a filter of DescribeSessions asks for. */
function fits(session: SessionRecord, { key, value = '' }: sdk.SessionFilter): boolean {
  switch (key) {
    case 'Target':
      return session.target === value
    case 'Owner':
      return session.owner === value
    case 'SessionId':
      return session.id === value
    case 'Status':
      return toSession(session).Status === value
    case 'InvokedAfter':
      return session.started > Date.parse(value)
    case 'InvokedBefore':
      return session.started < Date.parse(value)
    default:
      return true
  }
}

export const sessionHandlers: Record<string, Handler> = {
  StartSession: startSession,

  ResumeSession: (input: sdk.ResumeSessionCommandInput, context) => {
    const session = sessions.find(context, input.SessionId!)
    if (!session || session.ended !== undefined) throw noSession(input.SessionId!)
    const renewed = sessions.put(context, { ...session, token: newToken(context) })
    const { streamUrl, tokenValue } = channelOf(context, renewed)
    return { SessionId: renewed.id, StreamUrl: streamUrl, TokenValue: tokenValue }
  },

  TerminateSession: (input: sdk.TerminateSessionCommandInput, context) => {
    endSession(context, input.SessionId!)
    return { SessionId: input.SessionId }
  },

  DescribeSessions: (input: sdk.DescribeSessionsCommandInput, context) => {
    const wanted = sessions
      .list(context)
      .filter(({ ended }) => (ended === undefined) === (input.State === 'Active'))
      .filter((session) => (input.Filters ?? []).every((filter) => fits(session, filter)))
      .sort((a, b) => b.started - a.started)
    const { items, next } = pageOf(wanted, input.MaxResults ?? 200, input.NextToken, invalidToken)
    return { Sessions: items.map(toSession), ...(next === undefined ? {} : { NextToken: next }) }
  },

  GetConnectionStatus: (input: sdk.GetConnectionStatusCommandInput, context) => ({
    Target: input.Target,
    Status: execTarget(context, input.Target!) ? 'connected' : 'notconnected',
  }),
}

/** The resource that a right to open sessions is given on. https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssystemsmanager.html */
export function sessionTarget(context: Scope, target: string): string {
  const { region, accountId } = context
  const container = execTarget(context, target)
  if (target.startsWith('ecs:')) {
    const [cluster = '', task = ''] = target.slice(4).split('_')
    return `arn:aws:ecs:${region}:${accountId}:task/${container?.cluster ?? cluster}/${container?.task ?? task}`
  }
  return target.startsWith('mi-')
    ? `arn:aws:ssm:${region}:${accountId}:managed-instance/${target}`
    : `arn:aws:ec2:${region}:${accountId}:instance/${target}`
}
