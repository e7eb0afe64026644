import { paginateListSecrets, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { secretsController, secretsManagerService } from '../../src/aws/secretsmanager/index.ts'
import { startAws } from '../support/aws.ts'

// Secrets Manager. Behaviour: https://docs.aws.amazon.com/secretsmanager/latest/apireference/; texts as public issues of the CLI,
// Terraform and the SDKs quote them.
const DAY = 86_400_000

let aws: Awaited<ReturnType<typeof startAws>>
beforeAll(async () => {
  aws = await startAws({ services: [secretsManagerService] })
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

it('keeps the versions of a secret apart by their stages', { timeout: 480_000 }, async () => {
  const arn = await ok('secretsmanager create-secret --name app/db --secret-string one --query ARN')
  expect(arn).toMatch(/^arn:aws:secretsmanager:us-east-1:111122223333:secret:app\/db-[A-Za-z0-9]{6}$/)
  expect(await fails('secretsmanager create-secret --name app/db --secret-string x')).toContain(
    '(ResourceExistsException) when calling the CreateSecret operation: The operation failed because the secret app/db already exists.',
  )
  expect(
    await ok(`secretsmanager put-secret-value --secret-id ${arn} --secret-string two --query VersionStages`),
  ).toBe('AWSCURRENT')
  expect(await ok('secretsmanager get-secret-value --secret-id app/db --query SecretString')).toBe('two')
  expect(
    await ok(
      'secretsmanager get-secret-value --secret-id app/db --version-stage AWSPREVIOUS --query SecretString',
    ),
  ).toBe('one')
  expect(await fails('secretsmanager get-secret-value --secret-id app/db --version-stage PENDING')).toContain(
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

it('deletes a secret after its recovery window, and lets it be restored until then', {
  timeout: 480_000,
}, async () => {
  await ok('secretsmanager create-secret --name gone --secret-string x --tags Key=a,Value=b')
  expect(await fails('secretsmanager delete-secret --secret-id gone --recovery-window-in-days 3')).toContain(
    'The RecoveryWindowInDays value must be between 7 and 30 days (inclusive).',
  )
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

it('lets a resource policy say who may not read it', { timeout: 480_000 }, async () => {
  const policy = JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Deny', Principal: '*', Action: 'secretsmanager:GetSecretValue', Resource: '*' }],
  })
  await ok('secretsmanager put-resource-policy --secret-id app/db --resource-policy', policy)
  expect(await fails('secretsmanager get-secret-value --secret-id app/db')).toContain(
    '(AccessDeniedException) when calling the GetSecretValue operation: User: arn:aws:iam::111122223333:user/admin is not authorized to perform: secretsmanager:GetSecretValue on resource: arn:aws:secretsmanager:us-east-1:111122223333:secret:app/db-',
  )
  expect(await fails('secretsmanager put-resource-policy --secret-id app/db --resource-policy {')).toContain(
    '(MalformedPolicyDocumentException) when calling the PutResourcePolicy operation: This resource policy contains a syntax error.',
  )
  await ok('secretsmanager delete-resource-policy --secret-id app/db')
  expect(await ok('secretsmanager get-secret-value --secret-id app/db --query SecretString')).toBe('one')
})
