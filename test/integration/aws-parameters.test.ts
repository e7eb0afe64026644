import {
  GetParameterCommand,
  GetParametersByPathCommand,
  PutParameterCommand,
  paginateGetParametersByPath,
  SSMClient,
} from '@aws-sdk/client-ssm'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { ssmService } from '../../src/aws/ssm/index.ts'
import type { ParameterRecord } from '../../src/aws/ssm/records.ts'
import { startAws } from '../support/aws.ts'

// Parameter Store. Behaviour: https://docs.aws.amazon.com/systems-manager/latest/APIReference/; texts as public issues of the CLI,
// Terraform and the SDKs quote them.

let aws: Awaited<ReturnType<typeof startAws>>
beforeAll(async () => {
  aws = await startAws({ services: [ssmService] })
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

it('keeps parameters with versions, labels and history, and hides what is secure', {
  timeout: 480_000,
}, async () => {
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

it('finds parameters by path and filter, page by page', { timeout: 480_000 }, async () => {
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
  await expect(client.send(new GetParametersByPathCommand({ Path: '/app', NextToken: '!' }))).rejects.toThrow(
    expect.objectContaining({ name: 'InvalidNextToken' }),
  )
  client.destroy()
})

it('refuses names, values and patterns that Parameter Store does not take', {
  timeout: 480_000,
}, async () => {
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

it('gives the ids of the images that AWS recommends', { timeout: 480_000 }, async () => {
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

it('reads a SecureString of before the ARN of its key was noted', async () => {
  const client = new SSMClient(aws.client())
  await client.send(new PutParameterCommand({ Name: '/old', Value: 'kept', Type: 'SecureString' }))
  const key = aws.world.store.list<ParameterRecord>('aws/').entries.find(({ key }) => key.endsWith('%2Fold'))!
  const versions = key.value.versions.map(({ keyArn: _unknown, ...version }) => version)
  aws.world.store.put(key.key, { ...key.value, versions })
  const { Parameter } = await client.send(new GetParameterCommand({ Name: '/old', WithDecryption: true }))
  expect(Parameter?.Value).toBe('kept')
})
