import { createHash } from 'node:crypto'
import type * as sdk from '@aws-sdk/client-ssm'
import type { Scope } from '../ec2/index.ts'
import { keyInUse, quoted } from '../encryption.ts'
import { pageOf } from '../table.ts'
import { AwsError, type Handler, type RequestContext } from '../wire/service.ts'
import { invalidToken, parameterNotFound, validation, versionNotFound } from './errors.ts'
import {
  checkName,
  checkPattern,
  isBadLabel,
  LABELS_PER_VERSION,
  tierOf,
  VERSIONS_KEPT,
} from './parameter-rules.ts'
import { isPublic, publicParameters } from './public-parameters.ts'
import type { ParameterRecord, ParameterVersion } from './records.ts'
import { parameters } from './tables.ts'

export const parameterArn = ({ region, accountId }: Pick<Scope, 'region' | 'accountId'>, name: string) =>
  `arn:aws:ssm:${region}:${isPublic(name) ? '' : accountId}:parameter${name.startsWith('/') ? '' : '/'}${name}`

/** The name in what callers give: a name or an ARN. */
export function nameOf(given: string): string {
  const match = /^arn:aws:ssm:[^:]*:\d*:parameter(\/.+)$/.exec(given)
  if (!match) return given
  // `parameter/x` is the name x; one below a hierarchy keeps its slash.
  return match[1]!.indexOf('/', 1) === -1 ? match[1]!.slice(1) : match[1]!
}

/** A parameter that can be read, AWS's public ones included. */
function find(scope: Scope, name: string): ParameterRecord | undefined {
  if (!isPublic(name)) return parameters.find(scope, name)
  const found = publicParameters(scope.region).find((one) => one.name === name)
  return found && asRecord(found)
}

const asRecord = ({
  name,
  value,
  modified,
}: {
  name: string
  value: string
  modified: number
}): ParameterRecord => ({
  name,
  versions: [
    {
      version: Math.floor(modified / 86_400_000),
      type: 'String',
      value,
      tier: 'Standard',
      dataType: value.startsWith('ami-') ? 'aws:ec2:image' : 'text',
      labels: [],
      user: '',
      modified,
    },
  ],
  tags: {},
})

/** A parameter with its version by `name`, `name:3` or `name:label`. Throws ParameterNotFound and ParameterVersionNotFound. */
function select(scope: Scope, asked: string) {
  const [, base = asked, selector] = /^(.+?)(:[^/:]+)?$/.exec(nameOf(asked)) ?? []
  const record = find(scope, base)
  if (!record) throw parameterNotFound()
  const wanted = selector?.slice(1)
  const version =
    wanted === undefined
      ? record.versions.at(-1)
      : record.versions.find((one) =>
          /^\d+$/.test(wanted) ? one.version === Number(wanted) : one.labels.includes(wanted),
        )
  if (!version) throw versionNotFound(base, wanted!)
  return { record, version, selector }
}

/** The text that a SecureString shows without decryption: nothing of its value can be read from it. */
const ciphered = ({ value, version }: ParameterVersion): string =>
  `AQICAH${createHash('sha512').update(`${version}:${value}`).digest('base64')}`

/** The key of a SecureString, used in the caller's name. Throws InvalidKeyId and AccessDeniedException with KMS's words. */
const useKey = (context: RequestContext, name: string, keyId: string, operation: string) =>
  keyInUse(
    context,
    {
      service: 'ssm',
      keyId,
      operations: [operation],
      encryptionContext: { PARAMETER_ARN: parameterArn(context, name) },
    },
    (error) =>
      new AwsError(
        error.code === 'AccessDeniedException' ? error.code : 'InvalidKeyId',
        quoted(context, error),
      ),
  )

/** The key of a SecureString; those of before its ARN was noted have the name that the caller gave, or AWS's own key. */
const keyOf = ({ keyArn, keyId = 'alias/aws/ssm' }: ParameterVersion): string => keyArn ?? keyId

/** Value of a version; a SecureString's as it is only with the right to its key. */
function plainValue(
  context: RequestContext,
  name: string,
  version: ParameterVersion,
  decrypt: boolean | undefined,
): string {
  if (version.type !== 'SecureString') return version.value
  if (!decrypt) return ciphered(version)
  useKey(context, name, keyOf(version), 'Decrypt')
  return version.value
}

function toParameter(
  context: RequestContext,
  { record, version, selector }: { record: ParameterRecord; version: ParameterVersion; selector?: string },
  decrypt: boolean | undefined,
): sdk.Parameter {
  return {
    Name: record.name,
    Type: version.type,
    Value: plainValue(context, record.name, version, decrypt),
    Version: version.version,
    ...(selector === undefined ? {} : { Selector: selector }),
    LastModifiedDate: new Date(version.modified),
    ARN: parameterArn(context, record.name),
    DataType: version.dataType,
  }
}

const policiesOf = ({ policies }: ParameterVersion): sdk.ParameterInlinePolicy[] =>
  policies
    ? (JSON.parse(policies) as { Type: string }[]).map((policy) => ({
        PolicyText: JSON.stringify(policy),
        PolicyType: policy.Type,
        PolicyStatus: 'Pending',
      }))
    : []

const toMetadata = (
  context: Scope,
  { name }: ParameterRecord,
  version: ParameterVersion,
): sdk.ParameterMetadata => ({
  Name: name,
  ARN: parameterArn(context, name),
  Type: version.type,
  ...(version.keyId === undefined ? {} : { KeyId: version.keyId }),
  LastModifiedDate: new Date(version.modified),
  LastModifiedUser: version.user,
  ...(version.description === undefined ? {} : { Description: version.description }),
  ...(version.allowedPattern === undefined ? {} : { AllowedPattern: version.allowedPattern }),
  Version: version.version,
  Tier: version.tier,
  Policies: policiesOf(version),
  DataType: version.dataType,
})

function putParameter(input: sdk.PutParameterCommandInput, context: RequestContext) {
  const name = nameOf(input.Name!)
  checkName(name)
  const present = parameters.find(context, name)
  const last = present?.versions.at(-1)
  if (present && !input.Overwrite)
    throw new AwsError(
      'ParameterAlreadyExists',
      'The parameter already exists. To overwrite this value, set the overwrite option in the request to true.',
    )
  if (input.Overwrite && input.Tags?.length)
    throw validation(
      "Invalid request: tags and overwrite can't be used together. To create a parameter with tags, please remove overwrite flag. To update tags for an existing parameter, please use AddTagsToResource or RemoveTagsFromResource.",
    )
  const type = input.Type ?? last?.type
  if (type === undefined) throw validation('A parameter type is required when you create a parameter.')
  const value = input.Value!
  const keyId = type === 'SecureString' ? (input.KeyId ?? last?.keyId ?? 'alias/aws/ssm') : undefined
  if (input.KeyId && type !== 'SecureString')
    throw validation('KeyId is required for SecureString type parameter only.')
  const pattern = input.AllowedPattern ?? last?.allowedPattern
  checkPattern(value, pattern)
  const tier = tierOf(value, input.Tier ?? last?.tier, input.Policies)
  // Advanced parameters are encrypted with a data key, standard ones by KMS itself.
  const operation = tier === 'Advanced' ? 'GenerateDataKey' : 'Encrypt'
  const description = input.Description ?? last?.description
  const version: ParameterVersion = {
    version: (last?.version ?? 0) + 1,
    type: type as ParameterVersion['type'],
    value,
    ...(keyId === undefined ? {} : { keyId, keyArn: useKey(context, name, keyId, operation).arn }),
    ...(description === undefined ? {} : { description }),
    ...(pattern ? { allowedPattern: pattern } : {}),
    tier,
    dataType: input.DataType ?? 'text',
    labels: [],
    ...(input.Policies ? { policies: input.Policies } : {}),
    user: context.principal.arn,
    modified: context.world.clock.now(),
  }
  parameters.put(context, {
    name,
    versions: withNext(name, present?.versions ?? [], version),
    tags: present?.tags ?? Object.fromEntries((input.Tags ?? []).map(({ Key, Value }) => [Key!, Value!])),
  })
  return { Version: version.version, Tier: version.tier }
}

/** The oldest version gives way, unless it is labelled. */
function withNext(name: string, before: ParameterVersion[], next: ParameterVersion): ParameterVersion[] {
  if (before.length < VERSIONS_KEPT) return [...before, next]
  const [oldest, ...rest] = before
  if (oldest!.labels.length > 0)
    throw new AwsError(
      'ParameterMaxVersionLimitExceeded',
      `You attempted to create a new version of ${name} by calling the PutParameter API with the overwrite flag. Version ${oldest!.version}, the oldest version, can't be deleted because it has a label associated with it. Move the label to another version of the parameter, and try again.`,
    )
  return [...rest, next]
}

/** Every parameter below a path; only AWS's own below its. */
function below(scope: Scope, path: string): ParameterRecord[] {
  const all = path.startsWith('/aws/service')
    ? publicParameters(scope.region).map(asRecord)
    : parameters.list(scope)
  return all.sort((a, b) => (a.name < b.name ? -1 : 1))
}

function underPath({ name }: { name: string }, path: string, recursive: boolean | undefined): boolean {
  const folder = path.endsWith('/') ? path : `${path}/`
  return name.startsWith(folder) && (Boolean(recursive) || !name.slice(folder.length).includes('/'))
}

type Filter = Pick<sdk.ParameterStringFilter, 'Key' | 'Option' | 'Values'>

/** https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_ParameterStringFilter.html */
function fits(
  { Key: key = '', Option: option, Values: values = [] }: Filter,
  record: ParameterRecord,
): boolean {
  const version = record.versions.at(-1)!
  const compare = (value: string | undefined) =>
    value !== undefined &&
    values.some((wanted) =>
      option === 'BeginsWith'
        ? value.startsWith(wanted)
        : option === 'Contains'
          ? value.includes(wanted)
          : value === wanted,
    )
  if (key.startsWith('tag:'))
    return compare(record.tags[key.slice(4)]) || (values.length === 0 && key.slice(4) in record.tags)
  switch (key) {
    case 'Name':
      return compare(record.name) || compare(record.name.replace(/^\//, ''))
    case 'Type':
      return compare(version.type)
    case 'KeyId':
      return compare(version.keyId)
    case 'Tier':
      return compare(version.tier)
    case 'DataType':
      return compare(version.dataType)
    case 'Label':
      return record.versions.some(({ labels }) => labels.some((label) => values.includes(label)))
    case 'Path':
      return values.some((path) => underPath(record, path, option === 'Recursive'))
    default:
      throw new AwsError(
        'InvalidFilterKey',
        `The following filter key is not valid: ${key}. Valid filter keys include: [Path, Name, Type, KeyId, Tier].`,
      )
  }
}

function remove(context: RequestContext, name: string): boolean {
  const record = parameters.find(context, name)
  if (record) parameters.delete(context, record)
  return record !== undefined
}

/** The record and version that labels are put on or taken off. */
function labelled(context: RequestContext, name: string, number: number | undefined) {
  const record = parameters.find(context, nameOf(name))
  if (!record) throw parameterNotFound()
  const version =
    number === undefined ? record.versions.at(-1)! : record.versions.find((one) => one.version === number)
  if (!version) throw versionNotFound(record.name, number!)
  return { record, version }
}

export const parameterHandlers: Record<string, Handler> = {
  PutParameter: putParameter,

  GetParameter: (input: sdk.GetParameterCommandInput, context) => ({
    Parameter: toParameter(context, select(context, input.Name!), input.WithDecryption),
  }),

  GetParameters: (input: sdk.GetParametersCommandInput, context) => {
    const found: sdk.Parameter[] = []
    const InvalidParameters: string[] = []
    for (const name of input.Names ?? []) {
      try {
        found.push(toParameter(context, select(context, name), input.WithDecryption))
      } catch (error) {
        if (!(error instanceof AwsError) || !/NotFound$/.test(error.code)) throw error
        InvalidParameters.push(name)
      }
    }
    return { Parameters: found, InvalidParameters }
  },

  GetParametersByPath: (input: sdk.GetParametersByPathCommandInput, context) => {
    const path = input.Path!
    if (!path.startsWith('/'))
      throw validation(
        'The parameter doesn\'t meet the parameter name requirements. The parameter name must begin with a forward slash "/". It can\'t be prefixed with "aws" or "ssm" (case-insensitive). It must use only letters, numbers, or the following symbols: . (period), - (hyphen), _ (underscore). Special characters are not allowed. All sub-paths, if specified, must use the forward slash symbol "/". Valid example: /get/parameters2-/by1./path0_.',
      )
    const all = below(context, path)
      .filter((record) => underPath(record, path, input.Recursive))
      .filter((record) => (input.ParameterFilters ?? []).every((filter) => fits(filter, record)))
    const { items, next } = pageOf(all, input.MaxResults ?? 10, input.NextToken, invalidToken)
    return {
      Parameters: items.map((record) =>
        toParameter(context, { record, version: record.versions.at(-1)! }, input.WithDecryption),
      ),
      NextToken: next,
    }
  },

  GetParameterHistory: (input: sdk.GetParameterHistoryCommandInput, context) => {
    const record = parameters.find(context, nameOf(input.Name!))
    if (!record) throw parameterNotFound()
    const { items, next } = pageOf(record.versions, input.MaxResults ?? 50, input.NextToken, invalidToken)
    return {
      Parameters: items.map((version) => {
        const { ARN: _arn, ...metadata } = toMetadata(context, record, version)
        return {
          ...metadata,
          Value: plainValue(context, record.name, version, input.WithDecryption),
          Labels: version.labels,
        }
      }),
      NextToken: next,
    }
  },

  DescribeParameters: (input: sdk.DescribeParametersCommandInput, context) => {
    const filters: Filter[] = [
      ...(input.ParameterFilters ?? []),
      // The older spelling compares by beginnings of names.
      ...(input.Filters ?? []).map(({ Key, Values }) => ({
        Key,
        Values,
        Option: Key === 'Name' ? 'BeginsWith' : 'Equals',
      })),
    ]
    const all = below(context, '').filter((record) => filters.every((filter) => fits(filter, record)))
    const { items, next } = pageOf(all, input.MaxResults ?? 50, input.NextToken, invalidToken)
    return {
      Parameters: items.map((record) => toMetadata(context, record, record.versions.at(-1)!)),
      NextToken: next,
    }
  },

  DeleteParameter: (input: sdk.DeleteParameterCommandInput, context) => {
    if (!remove(context, nameOf(input.Name!))) throw parameterNotFound()
    return {}
  },

  DeleteParameters: (input: sdk.DeleteParametersCommandInput, context) => {
    const names = input.Names ?? []
    const DeletedParameters = names.filter((name) => remove(context, nameOf(name)))
    return { DeletedParameters, InvalidParameters: names.filter((name) => !DeletedParameters.includes(name)) }
  },

  LabelParameterVersion: (input: sdk.LabelParameterVersionCommandInput, context) => {
    const { record, version } = labelled(context, input.Name!, input.ParameterVersion)
    const asked = input.Labels ?? []
    const InvalidLabels = asked.filter(isBadLabel)
    const good = asked.filter((label) => !isBadLabel(label))
    const versions = record.versions.map((one) => {
      const others = one.labels.filter((label) => !good.includes(label))
      return { ...one, labels: one === version ? [...others, ...good] : others }
    })
    if (versions.some(({ labels }) => labels.length > LABELS_PER_VERSION))
      throw new AwsError(
        'ParameterVersionLabelLimitExceeded',
        'A parameter version can have maximum 10 labels. Move one or more labels to another version and try again.',
      )
    parameters.put(context, { ...record, versions })
    return { InvalidLabels, ParameterVersion: version.version }
  },

  UnlabelParameterVersion: (input: sdk.UnlabelParameterVersionCommandInput, context) => {
    const { record, version } = labelled(context, input.Name!, input.ParameterVersion)
    const asked = input.Labels ?? []
    const RemovedLabels = asked.filter((label) => version.labels.includes(label))
    const versions = record.versions.map((one) =>
      one === version ? { ...one, labels: one.labels.filter((label) => !asked.includes(label)) } : one,
    )
    parameters.put(context, { ...record, versions })
    return { RemovedLabels, InvalidLabels: asked.filter((label) => !RemovedLabels.includes(label)) }
  },
}

/** A parameter's plain value for a service that reads it in somebody's name, and the key that it is encrypted with. Throws as GetParameter. */
export function plainParameter(scope: Scope, asked: string): { name: string; value: string; keyId?: string } {
  const { record, version } = select(scope, asked)
  const secure = version.type === 'SecureString'
  return { name: record.name, value: version.value, ...(secure && { keyId: keyOf(version) }) }
}
