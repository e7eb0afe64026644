import type { Secret } from '@aws-sdk/client-ecs'
import type { Scope } from '#aws/ec2/index.ts'
import { type TaskRecord, TaskStartError } from '#aws/ecs/index.ts'
import { keyInUse, keyPolicy, quoted } from '#aws/encryption.ts'
import { decide, rolePrincipal } from '#aws/iam/identity.ts'
import { findSecret, type SecretVersion, versionOf } from '#aws/secretsmanager/index.ts'
import { parameterArn, parameterNameOf, plainParameter } from '#aws/ssm/index.ts'
import { denialText } from '#aws/wire/denial.ts'
import { AwsError, type Principal } from '#aws/wire/service.ts'

type Conditions = Record<string, string | string[]>

const SECRET_ARN = /^(arn:aws:secretsmanager:([^:]+):\d+:secret:[^:]+)(?::([^:]*):([^:]*):([^:]*))?$/

const TROUBLE = 'ResourceInitializationError: unable to pull secrets or registry auth:'

/**
 * The values of a container's secrets, read with the execution role.
 * Throws TaskStartError with the texts of https://docs.aws.amazon.com/AmazonECS/latest/developerguide/resource-initialization-error.html
 */
export function secretsFor(
  scope: Scope,
  task: TaskRecord,
  secrets: Secret[],
  reaches: (host: string) => boolean,
): Record<string, string> {
  const reader = new Reader(scope, task, reaches)
  return Object.fromEntries(
    secrets.map(({ name, valueFrom = '' }) => [
      name!,
      SECRET_ARN.test(valueFrom) ? reader.secret(valueFrom) : reader.parameter(valueFrom),
    ]),
  )
}

class Reader {
  readonly #scope: Scope
  readonly #task: TaskRecord
  readonly #reaches: (host: string) => boolean

  constructor(scope: Scope, task: TaskRecord, reaches: (host: string) => boolean) {
    this.#scope = scope
    this.#task = task
    this.#reaches = reaches
  }

  /** `arn:…:secret:name-AbCdEf:json-key:version-stage:version-id`; the last three may be empty or left out. */
  secret(valueFrom: string): string {
    const [, arn = '', region = '', key = '', stage = '', id = ''] = SECRET_ARN.exec(valueFrom)!
    const fail = (why: string) =>
      this.#fail('secret from asm', `failed to fetch secret ${arn} from secrets manager: ${why}`)
    if (!this.#reaches(`secretsmanager.${region}.amazonaws.com`))
      throw new TaskStartError(
        `${TROUBLE} unable to retrieve secret from asm: There is a connection issue between the task and AWS Secrets Manager. Check your task network configuration. failed to fetch secret ${arn} from secrets manager: RequestCanceled: request context canceled caused by: context deadline exceeded`,
      )
    const scope = { ...this.#scope, region }
    const record = findSecret(scope, arn)
    this.#allow('secretsmanager:GetSecretValue', record?.arn ?? arn, record?.policy, fail)
    if (!record)
      throw fail(this.#api("ResourceNotFoundException: Secrets Manager can't find the specified secret."))
    if (record.deleted !== undefined)
      throw fail(
        this.#api(
          "InvalidRequestException: You can't perform this operation on the secret because it was marked for deletion.",
        ),
      )
    let version: SecretVersion
    try {
      version = versionOf(record, {
        ...(stage === '' ? {} : { VersionStage: stage }),
        ...(id === '' ? {} : { VersionId: id }),
      })
    } catch (error) {
      if (!(error instanceof AwsError)) throw error
      throw fail(this.#api(`${error.code}: ${error.message}`))
    }
    this.#decrypt(scope, 'secretsmanager', version.keyArn, fail)
    const text = version.string ?? Buffer.from(version.binary ?? '', 'base64').toString()
    return key === '' ? text : this.#member(text, key, arn)
  }

  #member(text: string, key: string, arn: string): string {
    let parsed: unknown
    try {
      parsed = JSON.parse(text)
    } catch {
      throw this.#fail('secret from asm', `invalid character in the secret ${arn}: it is not a JSON object`)
    }
    const value = (parsed as Record<string, unknown> | null)?.[key]
    if (value === undefined)
      throw this.#fail(
        'secret from asm',
        `retrieved secret from Secrets Manager did not contain json key ${key}`,
      )
    return typeof value === 'string' ? value : JSON.stringify(value)
  }

  /** A parameter by name or ARN. */
  parameter(valueFrom: string): string {
    const fail = (why: string) => this.#fail('secrets from ssm', why)
    const region = valueFrom.startsWith('arn:') ? valueFrom.split(':')[3]! : this.#scope.region
    if (!this.#reaches(`ssm.${region}.amazonaws.com`))
      throw new TaskStartError(
        `${TROUBLE} unable to retrieve secrets from ssm: The task cannot pull secrets from AWS Systems Manager. There is a connection issue between the task and AWS Systems Manager Parameter Store. Check your task network configuration. RequestCanceled: request context canceled caused by: context deadline exceeded`,
      )
    const scope = { ...this.#scope, region }
    const name = parameterNameOf(valueFrom)
    this.#allow('ssm:GetParameters', parameterArn(scope, name), undefined, fail)
    try {
      const { value, keyId } = plainParameter(scope, name)
      if (keyId !== undefined) this.#decrypt(scope, 'ssm', keyId, fail)
      return value
    } catch (error) {
      if (!(error instanceof AwsError)) throw error
      throw fail(`invalid parameters: ${name}`)
    }
  }

  #decrypt(scope: Scope, service: string, keyId: string, fail: (why: string) => TaskStartError): void {
    const user = {
      ...scope,
      authorize: (action: string, arn: string, conditions?: Conditions) =>
        this.#allow(action, arn, keyPolicy(scope, arn), fail, { conditions, required: true }),
    }
    keyInUse(user, { service, keyId, operations: ['Decrypt'] }, (error) => {
      throw fail(this.#api(`${error.code}: ${quoted(scope, error)}`))
    })
  }

  #allow(
    action: string,
    resource: string,
    policy: string | undefined,
    fail: (why: string) => TaskStartError,
    { conditions, required }: { conditions?: Conditions; required?: boolean } = {},
  ): void {
    const { world, accountId } = this.#scope
    const principal: Principal | undefined = rolePrincipal(
      world,
      this.#task.executionRoleArn ?? '',
      this.#task.id,
    )
    if (!principal) throw fail(`the role ${this.#task.executionRoleArn} cannot be assumed`)
    const resourcePolicy = policy === undefined ? undefined : { document: policy, accountId, required }
    const decision = decide(world, {
      principal,
      action,
      resource,
      conditions,
      ...(resourcePolicy ? { resourcePolicy } : {}),
    })
    if (!decision.allowed)
      throw fail(this.#api(`AccessDeniedException: ${denialText(principal, action, resource, decision)}`))
  }

  #api(text: string): string {
    return `${text} status code: 400, request id: ${this.#scope.world.ids.uuid()}`
  }

  #fail(what: string, why: string): TaskStartError {
    return new TaskStartError(
      `${TROUBLE} execution resource retrieval failed: unable to retrieve ${what}: service call has been retried 1 time(s): ${why}`,
    )
  }
}
