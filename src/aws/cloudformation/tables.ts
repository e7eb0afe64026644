import type { Scope } from '../ec2/index.ts'
import { awsKey, awsPrefix } from '../keys.ts'
import { AwsError } from '../wire/service.ts'
import type {
  ChangeSetRecord,
  DriftDetectionRecord,
  EventRecord,
  ResourceRecord,
  StackRecord,
} from './records.ts'

/** Events kept of a stack; AWS keeps 90 days of them. */
const EVENTS_KEPT = 2_000

/** The unique end of a stack's ARN. */
export const stackUid = (arn: string) => arn.slice(arn.lastIndexOf('/') + 1)

export const stackKey = ({ accountId, region }: Scope, arn: string) =>
  awsKey(accountId, region, 'cloudformation', 'stacks', stackUid(arn))
const resourceFolder = ({ accountId, region }: Scope, arn: string) =>
  `${awsPrefix(accountId, region, 'cloudformation', 'resources')}${stackUid(arn)}/`
const eventFolder = ({ accountId, region }: Scope, arn: string) =>
  `${awsPrefix(accountId, region, 'cloudformation', 'events')}${stackUid(arn)}/`
const changeSetFolder = ({ accountId, region }: Scope) =>
  awsPrefix(accountId, region, 'cloudformation', 'change-sets')

export const stacks = {
  byArn: (scope: Scope, arn: string) => scope.world.store.get<StackRecord>(stackKey(scope, arn))?.value,

  /** Every stack that ever was, the deleted ones too, oldest first. */
  all: ({ world, accountId, region }: Scope): StackRecord[] =>
    world.store
      .values<StackRecord>(awsPrefix(accountId, region, 'cloudformation', 'stacks'))
      .sort((a, b) => a.created - b.created),

  live: (scope: Scope): StackRecord[] =>
    stacks.all(scope).filter(({ status }) => status !== 'DELETE_COMPLETE'),

  /** By name, or by ARN, when deleted stacks are found too. */
  find(scope: Scope, nameOrArn: string): StackRecord | undefined {
    if (nameOrArn.startsWith('arn:')) return stacks.byArn(scope, nameOrArn)
    return stacks.live(scope).find(({ name }) => name === nameOrArn)
  },

  /** Throws ValidationError when there is no such stack. */
  get(scope: Scope, nameOrArn: string): StackRecord {
    const found = stacks.find(scope, nameOrArn)
    if (!found) throw new AwsError('ValidationError', `Stack with id ${nameOrArn} does not exist`)
    return found
  },

  put(scope: Scope, stack: StackRecord): StackRecord {
    scope.world.store.put(stackKey(scope, stack.arn), stack)
    return stack
  },

  /** Forgets a stack that was only ever reviewed. */
  forget(scope: Scope, arn: string): void {
    const events = scope.world.store.list(eventFolder(scope, arn)).entries
    scope.world.store.commit(
      [...events.map(({ key }) => key), stackKey(scope, arn)].map((key) => ({ key, value: undefined })),
    )
  },
}

export const resources = {
  list: (scope: Scope, stackArn: string): ResourceRecord[] =>
    scope.world.store.values<ResourceRecord>(resourceFolder(scope, stackArn)),
  find: (scope: Scope, stackArn: string, logicalId: string) =>
    scope.world.store.get<ResourceRecord>(resourceFolder(scope, stackArn) + logicalId)?.value,
  put(scope: Scope, record: ResourceRecord): ResourceRecord {
    scope.world.store.put(resourceFolder(scope, record.stackArn) + record.logicalId, record)
    return record
  },
  delete: (scope: Scope, stackArn: string, logicalId: string) =>
    void scope.world.store.delete(resourceFolder(scope, stackArn) + logicalId),
}

export const events = {
  /** Oldest first. */
  list: (scope: Scope, stackArn: string): EventRecord[] =>
    scope.world.store.values<EventRecord>(eventFolder(scope, stackArn)),
  add(scope: Scope, event: EventRecord): void {
    const folder = eventFolder(scope, event.stackArn)
    const present = scope.world.store.list(folder).entries
    const surplus = present.slice(0, Math.max(0, present.length + 1 - EVENTS_KEPT))
    const last = present.at(-1)
    const number = last ? Number(last.key.slice(folder.length)) + 1 : 0
    scope.world.store.commit([
      ...surplus.map(({ key }) => ({ key, value: undefined })),
      { key: folder + String(number).padStart(8, '0'), value: event },
    ])
  },
}

export const changeSets = {
  list: (scope: Scope, stackArn: string): ChangeSetRecord[] =>
    scope.world.store
      .values<ChangeSetRecord>(changeSetFolder(scope))
      .filter((one) => one.stackArn === stackArn)
      .sort((a, b) => a.created - b.created),

  /** By ARN, or by name and stack, which must be there. */
  find(scope: Scope, nameOrArn: string, stack?: string): ChangeSetRecord | undefined {
    const all = scope.world.store.values<ChangeSetRecord>(changeSetFolder(scope))
    const byArn = nameOrArn.startsWith('arn:')
    if (!byArn && stack === undefined)
      throw new AwsError(
        'ValidationError',
        'StackName must be specified if ChangeSetName is not specified as an ARN.',
      )
    const arn = stack === undefined ? undefined : stacks.get(scope, stack).arn
    return all.find((one) => (byArn ? one.arn === nameOrArn : one.name === nameOrArn && one.stackArn === arn))
  },
  /** Throws ChangeSetNotFound. */
  get(scope: Scope, nameOrArn: string, stack?: string): ChangeSetRecord {
    const found = changeSets.find(scope, nameOrArn, stack)
    if (!found)
      throw new AwsError('ChangeSetNotFound', `ChangeSet [${nameOrArn}] does not exist`, { status: 404 })
    return found
  },
  put: (scope: Scope, record: ChangeSetRecord) =>
    void scope.world.store.put(changeSetFolder(scope) + stackUid(record.arn), record),
  delete: (scope: Scope, record: ChangeSetRecord) =>
    void scope.world.store.delete(changeSetFolder(scope) + stackUid(record.arn)),
}

const detectionKey = ({ accountId, region }: Scope, id: string) =>
  awsKey(accountId, region, 'cloudformation', 'drift-detections', id)

export const detections = {
  find: (scope: Scope, id: string) =>
    scope.world.store.get<DriftDetectionRecord>(detectionKey(scope, id))?.value,
  put(scope: Scope, record: DriftDetectionRecord): DriftDetectionRecord {
    scope.world.store.put(detectionKey(scope, record.id), record)
    return record
  },
  /** Resolves when a detection has come to its end. */
  ended(scope: Scope, id: string): Promise<void> {
    const runs = () => detections.find(scope, id)?.status === 'DETECTION_IN_PROGRESS'
    return new Promise((resolve) => {
      if (!runs()) return resolve()
      const watch = scope.world.store.watch(detectionKey(scope, id), () => {
        if (runs()) return
        watch.close()
        resolve()
      })
    })
  },
}
