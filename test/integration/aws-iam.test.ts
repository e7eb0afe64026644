import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ACCOUNT, type Keys, startAws } from '../support/aws.ts'

// https://docs.aws.amazon.com/IAM/latest/APIReference/, https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_passwords_account-policy.html,
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_getting-report.html, https://docs.aws.amazon.com/STS/latest/APIReference/API_DecodeAuthorizationMessage.html
let account: Awaited<ReturnType<typeof startAws>>
/** What `aws …` prints as JSON, or its error; words in single quotes stay together. */
const aws = async (command: string, keys?: Keys) => {
  const words = command.match(/'[^']*'|\S+/g)!.map((word) => word.replace(/^'|'$/g, ''))
  const { stdout, error } = await account.cli([...words, '--output', 'json'], keys)
  return error || (stdout ? JSON.parse(stdout) : '')
}
const failed = (code: string, operation: string, message: string) =>
  `An error occurred (${code}) when calling the ${operation} operation: ${message}`

beforeAll(async () => {
  account = await startAws()
  await aws('iam create-user --user-name ann')
})
afterAll(() => account.close())

describe('passwords of users', () => {
  it('are held to what AWS asks where there is no policy, and then to the policy', async () => {
    const refused = failed(
      'PasswordPolicyViolation',
      'CreateLoginProfile',
      'Password does not conform to the account password policy.',
    )
    const create = (password: string) =>
      aws(`iam create-login-profile --user-name ann --password ${password} --password-reset-required`)
    expect(await create('Ab1!')).toContain(refused)
    expect(await create('abcdefgh')).toContain(refused)
    expect(await aws('iam get-account-password-policy')).toContain(
      failed(
        'NoSuchEntity',
        'GetAccountPasswordPolicy',
        `The Password Policy with domain name ${ACCOUNT} cannot be found.`,
      ),
    )
    await aws(
      'iam update-account-password-policy --minimum-password-length 12 --require-symbols --max-password-age 90',
    )
    expect((await aws('iam get-account-password-policy')).PasswordPolicy).toEqual({
      MinimumPasswordLength: 12,
      RequireSymbols: true,
      RequireNumbers: false,
      RequireUppercaseCharacters: false,
      RequireLowercaseCharacters: false,
      AllowUsersToChangePassword: false,
      ExpirePasswords: true,
      MaxPasswordAge: 90,
    })
    expect(await create('Abcdefgh123')).toContain(refused)
    expect((await create('abcdefghijk!')).LoginProfile).toMatchObject({
      UserName: 'ann',
      PasswordResetRequired: true,
    })
    expect(await create('abcdefghijk!')).toContain('(EntityAlreadyExists)')
    expect(await aws('iam delete-user --user-name ann')).toContain(
      failed('DeleteConflict', 'DeleteUser', 'Cannot delete entity, must delete login profile first.'),
    )
    await aws('iam update-login-profile --user-name ann --no-password-reset-required')
    expect((await aws('iam get-login-profile --user-name ann')).LoginProfile.PasswordResetRequired).toBe(
      false,
    )
  })
})

describe('what an account is', () => {
  it('is told in one list of all that may do something', async () => {
    await aws('iam create-group --group-name devs')
    await aws('iam add-user-to-group --group-name devs --user-name ann')
    await aws('iam attach-group-policy --group-name devs --policy-arn arn:aws:iam::aws:policy/ReadOnlyAccess')
    await aws('iam update-group --group-name devs --new-group-name developers')
    const document = '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}'
    await aws(`iam put-user-policy --user-name ann --policy-name own --policy-document '${document}'`)
    const all = await aws('iam get-account-authorization-details')
    expect(all.UserDetailList.find(({ UserName }: { UserName: string }) => UserName === 'ann')).toMatchObject(
      {
        GroupList: ['developers'],
        UserPolicyList: [{ PolicyName: 'own', PolicyDocument: JSON.parse(document) }],
        AttachedManagedPolicies: [],
      },
    )
    expect(all.GroupDetailList).toMatchObject([
      {
        GroupName: 'developers',
        Arn: `arn:aws:iam::${ACCOUNT}:group/developers`,
        AttachedManagedPolicies: [{ PolicyName: 'ReadOnlyAccess' }],
      },
    ])
    const policies = await aws('iam get-account-authorization-details --filter AWSManagedPolicy')
    expect(policies.UserDetailList).toEqual([])
    expect(policies.Policies.map(({ PolicyName }: { PolicyName: string }) => PolicyName)).toContain(
      'ReadOnlyAccess',
    )
    const pages = await aws('iam get-account-authorization-details --page-size 1')
    expect(pages.UserDetailList).toHaveLength(all.UserDetailList.length)
  })

  it('is told in a credential report, once one has been made', async () => {
    expect(await aws('iam get-credential-report')).toContain(
      failed('ReportNotPresent', 'GetCredentialReport', 'No report found'),
    )
    expect((await aws('iam generate-credential-report')).State).toBe('STARTED')
    expect((await aws('iam generate-credential-report')).State).toBe('COMPLETE')
    const { Content, ReportFormat } = await aws('iam get-credential-report')
    expect(ReportFormat).toBe('text/csv')
    const [columns, root, ...users] = Buffer.from(Content, 'base64').toString().split('\n')
    expect(columns).toMatch(/^user,arn,user_creation_time,password_enabled,/)
    expect(root).toMatch(/^<root_account>,/)
    expect(new Set([columns, root, ...users].map((row) => row!.split(',').length))).toEqual(new Set([22]))
    const ann = users.find((row) => row.startsWith('ann,'))!.split(',')
    expect(ann[3]).toBe('true')
    expect(Date.parse(ann[6]!) - Date.parse(ann[5]!)).toBe(90 * 86_400_000)
  })
})

describe('a refusal of EC2', () => {
  it('carries its details, which only who may decode them reads', async () => {
    const { AccessKey } = await aws('iam create-access-key --user-name ann')
    const ann = { accessKeyId: AccessKey.AccessKeyId, secretAccessKey: AccessKey.SecretAccessKey }
    const refusal = await aws('ec2 stop-instances --instance-ids i-0123456789abcdef0', ann)
    const [, message] = /action\. Encoded authorization failure message: (\S+)$/.exec(refusal)!
    const { DecodedMessage } = await aws(`sts decode-authorization-message --encoded-message ${message}`)
    expect(JSON.parse(DecodedMessage)).toMatchObject({
      allowed: false,
      explicitDeny: false,
      context: {
        principal: { name: 'ann', arn: `arn:aws:iam::${ACCOUNT}:user/ann` },
        action: 'ec2:StopInstances',
        resource: `arn:aws:ec2:us-east-1:${ACCOUNT}:instance/i-0123456789abcdef0`,
      },
    })
    expect(await aws(`sts decode-authorization-message --encoded-message ${message}`, ann)).toContain(
      'is not authorized to perform: sts:DecodeAuthorizationMessage',
    )
    expect(await aws(`sts decode-authorization-message --encoded-message ${message}x`)).toContain(
      failed('InvalidAuthorizationMessageException', 'DecodeAuthorizationMessage', 'Message is not valid'),
    )
    expect(await aws('ec2 start-instances --dry-run --instance-ids i-0123456789abcdef0', ann)).toContain(
      '(UnauthorizedOperation)',
    )
  })
})
