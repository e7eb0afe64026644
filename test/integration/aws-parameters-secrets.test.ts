import { paginateListSecrets, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { GetParametersByPathCommand, paginateGetParametersByPath, SSMClient } from '@aws-sdk/client-ssm'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { secretsController, secretsManagerService } from '../../src/aws/secretsmanager/index.ts'
import { ssmService } from '../../src/aws/ssm/index.ts'
import { startAws } from '../support/aws.ts'

// Behaviour: https://docs.aws.amazon.com/systems-manager/latest/APIReference/ and
// https://docs.aws.amazon.com/secretsmanager/latest/apireference/; texts as public issues of the CLI, Terraform and the SDKs quote them.
const DAY = 86_400_000

let aws: Awaited<ReturnType<typeof startAws>>
beforeAll(async () => {
  aws = await startAws({ services: [ssmService, secretsManagerService] })
  aws.world.controllers.start(secretsController(aws.world))
})
afterAll(() => aws.close())

/** The text that a command gives: `ssm get-parameter --name x`; words with spaces come as further arguments. */
async function ok(line: string, ...more: string[]): Promise<string> {
  const { code, stdout, error } = await aws.cli([...line.split(' '), ...more, '--output', 'text'])
  if (code !== 0) throw new Error(error)
  return stdout.trim()
}
/** What a command that must fail says. */
async function fails(line: string, ...more: string[]): Promise<string> {
  const { code, error } = await aws.cli([...line.split(' '), ...more])
  expect(code).not.toBe(0)
  return error
}

describe('Parameter Store', { timeout: 120_000 }, () => {
  it('keeps parameters with versions, labels and history, and hides what is secure', async () => {
    expect(
      await ok('ssm put-parameter --name /app/db/url --type String --value postgres://db --query Version'),
    ).toBe('1')
    expect(await fails('ssm put-parameter --name /app/db/url --type String --value x')).toContain(
      '(ParameterAlreadyExists) when calling the PutParameter operation: The parameter already exists. To overwrite this value, set the overwrite option in the request to true.',
    )
    expect(
      await ok('ssm put-parameter --name /app/db/url --value postgres://new --overwrite --query Version'),
    ).toBe('2')
    await ok('ssm put-parameter --name /app/db/password --type SecureString --value s3cret')
    expect(await ok('ssm get-parameter --name /app/db/password --query Parameter.Value')).not.toContain(
      's3cret',
    )
    expect(
      await ok('ssm get-parameter --name /app/db/password --with-decryption --query Parameter.[Type,Value]'),
    ).toBe('SecureString\ts3cret')
    expect(
      await ok(
        'ssm label-parameter-version --name /app/db/url --parameter-version 1 --labels stable 1bad --query InvalidLabels',
      ),
    ).toBe('1bad')
    expect(await ok('ssm get-parameter --name /app/db/url:stable --query Parameter.[Value,Selector]')).toBe(
      'postgres://db\t:stable',
    )
    expect(await ok('ssm get-parameter --name /app/db/url:2 --query Parameter.Value')).toBe('postgres://new')
    expect(await fails('ssm get-parameter --name /app/db/url:9')).toContain(
      '(ParameterVersionNotFound) when calling the GetParameter operation: Systems Manager could not find version 9 of /app/db/url. Verify the version and try again.',
    )
    expect(
      await ok('ssm get-parameter-history --name /app/db/url --query Parameters[].[Version,Value,Labels[0]]'),
    ).toBe('1\tpostgres://db\tstable\n2\tpostgres://new\tNone')
  })

  it('finds parameters by path and filter, page by page', async () => {
    await ok('ssm put-parameter --name /app/cache --type StringList --value a,b --tags Key=team,Value=core')
    expect(await ok('ssm get-parameters-by-path --path /app --query Parameters[].Name')).toBe('/app/cache')
    expect(
      await ok('ssm get-parameters-by-path --path /app --recursive --max-items 10 --query Parameters[].Name'),
    ).toBe('/app/cache\t/app/db/password\t/app/db/url')
    expect(
      await ok(
        'ssm describe-parameters --parameter-filters Key=Type,Values=SecureString --query Parameters[].[Name,KeyId,Tier]',
      ),
    ).toBe('/app/db/password\talias/aws/ssm\tStandard')
    expect(
      await ok(
        'ssm describe-parameters --parameter-filters Key=tag:team,Values=core --query Parameters[].Name',
      ),
    ).toBe('/app/cache')
    expect(
      await ok(
        'ssm get-parameters --names /app/cache /app/none --query [Parameters[].Value,InvalidParameters]',
      ),
    ).toBe('a,b\n/app/none')
    const client = new SSMClient(aws.client())
    const names: string[] = []
    for await (const page of paginateGetParametersByPath(
      { client, pageSize: 1 },
      { Path: '/app', Recursive: true },
    ))
      names.push(...page.Parameters!.map(({ Name }) => Name!))
    expect(names).toEqual(['/app/cache', '/app/db/password', '/app/db/url'])
    await expect(
      client.send(new GetParametersByPathCommand({ Path: '/app', NextToken: '!' })),
    ).rejects.toThrow(expect.objectContaining({ name: 'InvalidNextToken' }))
    client.destroy()
  })

  it('refuses names, values and patterns that Parameter Store does not take', async () => {
    expect(await fails('ssm get-parameter --name none')).toMatch(
      /\(ParameterNotFound\) when calling the GetParameter operation:\s*$/,
    )
    expect(await fails('ssm put-parameter --name aws-x --type String --value x')).toContain(
      '(AccessDeniedException) when calling the PutParameter operation: No access to reserved parameter name: aws-x.',
    )
    expect(await fails('ssm put-parameter --name a/b --type String --value x')).toContain(
      '(ValidationException) when calling the PutParameter operation: Parameter name must be a fully qualified name.',
    )
    expect(await fails(`ssm put-parameter --name big --type String --value ${'x'.repeat(4097)}`)).toContain(
      'Standard tier parameters support a maximum parameter value of 4096 characters.',
    )
    expect(
      await fails('ssm put-parameter --name n --type String --value abc --allowed-pattern ^\\d+$'),
    ).toContain(
      '(ParameterPatternMismatchException) when calling the PutParameter operation: Parameter value, cannot be validated against allowedPattern: ^\\d+$',
    )
    expect(await fails('ssm put-parameter --name n --value x')).toContain(
      'A parameter type is required when you create a parameter.',
    )
    expect(
      await fails('ssm send-command --document-name AWS-RunShellScript --instance-ids i-0123456789abcdef0'),
    ).toContain('Drydock does not simulate ssm:SendCommand')
  })

  it('gives the ids of the images that AWS recommends', async () => {
    const value = await ok(
      'ssm get-parameter --name /aws/service/ecs/optimized-ami/amazon-linux-2023/recommended --query Parameter.Value',
    )
    const id = await ok(
      'ssm get-parameter --name /aws/service/ecs/optimized-ami/amazon-linux-2023/recommended/image_id --query Parameter.[Value,DataType]',
    )
    expect(JSON.parse(value).image_id).toBe(id.split('\t')[0])
    expect(id).toMatch(/^ami-[0-9a-f]{17}\taws:ec2:image$/)
    expect(
      await ok(
        'ssm get-parameters-by-path --path /aws/service/eks/optimized-ami/1.35/amazon-linux-2023/x86_64/standard/recommended --query Parameters[].Name',
      ),
    ).toContain('recommended/image_id')
  })
})

describe('Secrets Manager', { timeout: 120_000 }, () => {
  it('keeps the versions of a secret apart by their stages', async () => {
    const arn = await ok('secretsmanager create-secret --name app/db --secret-string one --query ARN')
    expect(arn).toMatch(/^arn:aws:secretsmanager:us-east-1:111122223333:secret:app\/db-[A-Za-z0-9]{6}$/)
    expect(await fails('secretsmanager create-secret --name app/db --secret-string x')).toContain(
      '(ResourceExistsException) when calling the CreateSecret operation: The operation failed because the secret app/db already exists.',
    )
    expect(
      await ok(
        `secretsmanager put-secret-value --secret-id ${arn} --secret-string two --query VersionStages`,
      ),
    ).toBe('AWSCURRENT')
    expect(await ok('secretsmanager get-secret-value --secret-id app/db --query SecretString')).toBe('two')
    expect(
      await ok(
        'secretsmanager get-secret-value --secret-id app/db --version-stage AWSPREVIOUS --query SecretString',
      ),
    ).toBe('one')
    expect(
      await fails('secretsmanager get-secret-value --secret-id app/db --version-stage PENDING'),
    ).toContain(
      "(ResourceNotFoundException) when calling the GetSecretValue operation: Secrets Manager can't find the specified secret value for staging label: PENDING",
    )
    expect(await fails('secretsmanager get-secret-value --secret-id none')).toContain(
      "(ResourceNotFoundException) when calling the GetSecretValue operation: Secrets Manager can't find the specified secret.",
    )
    const holder = (stage: string) =>
      ok(
        `secretsmanager list-secret-version-ids --secret-id app/db --query Versions[?contains(VersionStages,'${stage}')].VersionId`,
      )
    const [current, previous] = [await holder('AWSCURRENT'), await holder('AWSPREVIOUS')]
    expect(
      await fails(
        `secretsmanager update-secret-version-stage --secret-id app/db --version-stage AWSCURRENT --move-to-version-id ${previous}`,
      ),
    ).toContain(`you must explicitly reference that version in RemoveFromVersionId.`)
    await ok(
      `secretsmanager update-secret-version-stage --secret-id app/db --version-stage AWSCURRENT --move-to-version-id ${previous} --remove-from-version-id ${current}`,
    )
    expect(await ok('secretsmanager get-secret-value --secret-id app/db --query SecretString')).toBe('one')
    expect(
      await ok(
        'secretsmanager get-random-password --password-length 20 --exclude-punctuation --query',
        'length(RandomPassword)',
      ),
    ).toBe('20')
    expect(await fails('secretsmanager rotate-secret --secret-id app/db')).toContain(
      '(InvalidRequestException) when calling the RotateSecret operation: No Lambda rotation function ARN is associated with this secret.',
    )
  })

  it('deletes a secret after its recovery window, and lets it be restored until then', async () => {
    await ok('secretsmanager create-secret --name gone --secret-string x --tags Key=a,Value=b')
    expect(
      await fails('secretsmanager delete-secret --secret-id gone --recovery-window-in-days 3'),
    ).toContain('The RecoveryWindowInDays value must be between 7 and 30 days (inclusive).')
    await ok('secretsmanager delete-secret --secret-id gone --recovery-window-in-days 7')
    expect(await fails('secretsmanager get-secret-value --secret-id gone')).toContain(
      "You can't perform this operation on the secret because it was marked for deletion.",
    )
    expect(await fails('secretsmanager create-secret --name gone --secret-string y')).toContain(
      "You can't create this secret because a secret with this name is already scheduled for deletion.",
    )
    await ok('secretsmanager restore-secret --secret-id gone')
    expect(await ok('secretsmanager get-secret-value --secret-id gone --query SecretString')).toBe('x')
    await ok('secretsmanager delete-secret --secret-id gone --recovery-window-in-days 7')
    await aws.world.advance(7 * DAY)
    expect(await fails('secretsmanager describe-secret --secret-id gone')).toContain(
      '(ResourceNotFoundException)',
    )
    const client = new SecretsManagerClient(aws.client())
    const names: string[] = []
    for await (const page of paginateListSecrets({ client, pageSize: 1 }, {}))
      names.push(...page.SecretList!.map(({ Name }) => Name!))
    expect(names).toEqual(['app/db'])
    client.destroy()
  })

  it('lets a resource policy say who may not read it', async () => {
    const policy = JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Deny', Principal: '*', Action: 'secretsmanager:GetSecretValue', Resource: '*' }],
    })
    await ok('secretsmanager put-resource-policy --secret-id app/db --resource-policy', policy)
    expect(await fails('secretsmanager get-secret-value --secret-id app/db')).toContain(
      '(AccessDeniedException) when calling the GetSecretValue operation: User: arn:aws:iam::111122223333:user/admin is not authorized to perform: secretsmanager:GetSecretValue on resource: arn:aws:secretsmanager:us-east-1:111122223333:secret:app/db-',
    )
    expect(
      await fails('secretsmanager put-resource-policy --secret-id app/db --resource-policy {'),
    ).toContain(
      '(MalformedPolicyDocumentException) when calling the PutResourcePolicy operation: This resource policy contains a syntax error.',
    )
    await ok('secretsmanager delete-resource-policy --secret-id app/db')
    expect(await ok('secretsmanager get-secret-value --secret-id app/db --query SecretString')).toBe('one')
  })
})
