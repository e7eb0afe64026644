import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { ACCOUNT, type Keys } from '../support/aws.ts'
import { startEcr } from '../support/ecr.ts'

// What services encrypt with KMS's keys. Texts as public issues of the CLI, Terraform and AWS's own guides quote them.
// Every command is a process of its own.
vi.setConfig({ testTimeout: 240_000 })

let account: Awaited<ReturnType<typeof startEcr>>
const aws = async (command: string, keys?: Keys) => {
  const words = command.match(/'[^']*'|\S+/g)!.map((word) => word.replace(/^'|'$/g, ''))
  const { stdout, error } = await account.cli([...words, '--output', 'json'], keys)
  return error || (stdout ? JSON.parse(stdout) : '')
}
const newKey = async (options = ''): Promise<{ KeyId: string; Arn: string }> =>
  (await aws(`kms create-key ${options}`.trim())).KeyMetadata

/** Somebody who may do everything with some services, and nothing with KMS. */
let ann: Keys
beforeAll(async () => {
  account = await startEcr()
  await aws('iam create-user --user-name ann')
  const { AccessKey } = await aws('iam create-access-key --user-name ann')
  ann = { accessKeyId: AccessKey.AccessKeyId, secretAccessKey: AccessKey.SecretAccessKey }
  await allow('services', ['ssm:*', 'secretsmanager:*', 'ecr:*', 'ec2:*', 'logs:*'])
})
afterAll(() => account.close())

const allow = (name: string, actions: string[]) =>
  aws(
    `iam put-user-policy --user-name ann --policy-name ${name} --policy-document '${JSON.stringify({
      Version: '2012-10-17',
      Statement: { Effect: 'Allow', Action: actions, Resource: '*' },
    })}'`,
  )

describe('AWS’s own keys', () => {
  it('come into being at first use, for everybody who may use the service, and only through it', async () => {
    const aliases = 'kms list-aliases --query Aliases[].AliasName'
    expect(await aws(aliases)).toEqual([])
    await aws('ssm put-parameter --name own --type SecureString --value sesame', ann)
    await aws('secretsmanager create-secret --name own --secret-string sesame', ann)
    await aws(
      'ecr create-repository --repository-name own --encryption-configuration encryptionType=KMS',
      ann,
    )
    await aws('ec2 create-volume --availability-zone us-east-1a --size 1 --encrypted', ann)
    expect((await aws(aliases)).sort()).toEqual([
      'alias/aws/ebs',
      'alias/aws/ecr',
      'alias/aws/secretsmanager',
      'alias/aws/ssm',
    ])
    const { Parameter } = await aws('ssm get-parameter --name own --with-decryption', ann)
    expect(Parameter.Value).toBe('sesame')
    expect(await aws('kms encrypt --key-id alias/aws/ssm --plaintext AAAA')).toContain(
      'AccessDeniedException',
    )
  })
})

describe('Parameter Store', () => {
  it('wants the right to the key, and the key enabled', async () => {
    const { KeyId, Arn } = await newKey()
    const put = `ssm put-parameter --name app --type SecureString --value sesame --key-id ${KeyId}`
    expect(await aws(put, ann)).toContain(
      `(AccessDeniedException) when calling the PutParameter operation: User: arn:aws:iam::${ACCOUNT}:user/ann is not authorized to perform: kms:Encrypt on resource: ${Arn} because no identity-based policy allows the kms:Encrypt action (Service: AWSKMS; Status Code: 400; Error Code: AccessDeniedException; Request ID: `,
    )
    await aws(put)
    const get = 'ssm get-parameter --name app --with-decryption'
    await aws(`kms disable-key --key-id ${KeyId}`)
    expect(await aws(get)).toContain(
      `(InvalidKeyId) when calling the GetParameter operation: ${Arn} is disabled. (Service: AWSKMS; Status Code: 400; Error Code: DisabledException; Request ID: `,
    )
    await aws(`kms enable-key --key-id ${KeyId}`)
    expect((await aws(get)).Parameter.Value).toBe('sesame')
    expect(await aws(`${put.replace(KeyId, 'alias/none')} --overwrite`)).toContain(
      `(InvalidKeyId) when calling the PutParameter operation: Alias arn:aws:kms:us-east-1:${ACCOUNT}:alias/none is not found. (Service: AWSKMS; Status Code: 400; Error Code: NotFoundException; Request ID: `,
    )
  })
})

describe('Secrets Manager', () => {
  it('wants the rights to the key of its reader, and the key in use', async () => {
    const { KeyId, Arn } = await newKey()
    await aws(`secretsmanager create-secret --name app --secret-string sesame --kms-key-id ${KeyId}`)
    const get = 'secretsmanager get-secret-value --secret-id app'
    expect(await aws(get, ann)).toContain(
      '(AccessDeniedException) when calling the GetSecretValue operation: Access to KMS is not allowed',
    )
    await allow('kms', ['kms:Decrypt'])
    expect((await aws(get, ann)).SecretString).toBe('sesame')
    await aws(`kms schedule-key-deletion --key-id ${KeyId} --pending-window-in-days 7`)
    expect(await aws(get, ann)).toContain(
      `(DecryptionFailure) when calling the GetSecretValue operation: Secrets Manager can't decrypt the secret value: ${Arn} is pending deletion. (Service: AWSKMS; Status Code: 400; Error Code: KMSInvalidStateException; Request ID: `,
    )
  })
})

describe('ECR', () => {
  it('asks KMS for a grant on the key', async () => {
    const create = 'ecr create-repository --repository-name app --encryption-configuration encryptionType=KMS'
    const { Arn } = await newKey()
    expect(await aws(`${create},kmsKey=${Arn}`, ann)).toContain(
      `(KmsException) when calling the CreateRepository operation: User: arn:aws:iam::${ACCOUNT}:user/ann is not authorized to perform: kms:DescribeKey on resource: ${Arn}`,
    )
    const signing = await newKey('--key-spec RSA_2048 --key-usage SIGN_VERIFY')
    expect(await aws(`${create},kmsKey=${signing.Arn}`)).toContain(
      `(KmsException) when calling the CreateRepository operation: ${signing.Arn} key usage is SIGN_VERIFY`,
    )
    expect(await aws(`${create},kmsKey=${Arn.replace('us-east-1', 'eu-west-1')}`)).toContain(
      '(KmsException) when calling the CreateRepository operation: Invalid arn eu-west-1',
    )
    expect((await aws(`${create},kmsKey=${Arn}`)).repository.encryptionConfiguration.kmsKey).toBe(Arn)
  })
})

describe('An ECR repository with a key of its own', () => {
  it('is neither written nor read while its key is disabled or about to go, nor without its grants', async () => {
    const { KeyId, Arn } = await newKey()
    await aws(
      `ecr create-repository --repository-name keyed --encryption-configuration encryptionType=KMS,kmsKey=${Arn}`,
    )
    const { Grants } = await aws(`kms list-grants --key-id ${KeyId}`)
    expect(Grants).toMatchObject(
      Array(2).fill({
        GranteePrincipal: 'ecr.us-east-1.amazonaws.com',
        RetiringPrincipal: 'ecr.us-east-1.amazonaws.com',
        Operations: ['GenerateDataKey', 'Decrypt'],
        Constraints: {
          EncryptionContextSubset: {
            'aws:ecr:arn': `arn:aws:ecr:us-east-1:${ACCOUNT}:repository/keyed`,
          },
        },
      }),
    )
    const client = account.registry()
    const digest = await account.push('keyed', 'v1', 'one')
    const get = 'ecr batch-get-image --repository-name keyed --image-ids imageTag=v1'
    const start = 'ecr initiate-layer-upload --repository-name keyed'

    await aws(`kms disable-key --key-id ${KeyId}`)
    expect((await aws(get)).failures).toEqual([
      {
        imageId: { imageTag: 'v1' },
        failureCode: 'KmsError',
        failureReason: `${Arn} is disabled.`,
      },
    ])
    expect(await aws(start)).toContain(
      `(KmsException) when calling the InitiateLayerUpload operation: ${Arn} is disabled.`,
    )
    await expect(client.manifest('keyed', 'v1')).rejects.toThrow(`${Arn} is disabled.`)
    await expect(account.push('keyed', 'v2', 'two')).rejects.toThrow(`${Arn} is disabled.`)

    await aws(`kms enable-key --key-id ${KeyId}`)
    expect((await client.manifest('keyed', 'v1')).digest).toBe(digest)

    await aws(`kms schedule-key-deletion --key-id ${KeyId} --pending-window-in-days 7`)
    await expect(client.manifest('keyed', 'v1')).rejects.toThrow(`${Arn} is pending deletion.`)
    await aws(`kms cancel-key-deletion --key-id ${KeyId}`)
    await aws(`kms enable-key --key-id ${KeyId}`)

    for (const { GrantId } of Grants) await aws(`kms revoke-grant --key-id ${KeyId} --grant-id ${GrantId}`)
    expect((await aws(get)).failures[0].failureReason).toContain(
      `not authorized to perform: kms:Decrypt on resource: ${Arn}`,
    )
    await aws('ecr delete-repository --repository-name keyed --force')
  })

  it('gives the grants back with the repository', async () => {
    const { KeyId, Arn } = await newKey()
    await aws(
      `ecr create-repository --repository-name passing --encryption-configuration encryptionType=KMS,kmsKey=${Arn}`,
    )
    await aws('ecr delete-repository --repository-name passing')
    expect((await aws(`kms list-grants --key-id ${KeyId}`)).Grants).toEqual([])
  })
})

describe('CloudWatch Logs', () => {
  it('uses a key itself: the key’s policy must let the service in', async () => {
    const { KeyId, Arn } = await newKey()
    const create = `logs create-log-group --log-group-name app --kms-key-id ${Arn}`
    expect(await aws(create)).toContain(
      `(AccessDeniedException) when calling the CreateLogGroup operation: The specified KMS key does not exist or is not allowed to be used with Arn 'arn:aws:logs:us-east-1:${ACCOUNT}:log-group:app'`,
    )
    const statement = (principal: object) => ({
      ...{ Effect: 'Allow', Principal: principal, Action: 'kms:*', Resource: '*' },
    })
    const policy = {
      Version: '2012-10-17',
      Statement: [
        statement({ AWS: `arn:aws:iam::${ACCOUNT}:root` }),
        statement({ Service: 'logs.us-east-1.amazonaws.com' }),
      ],
    }
    await aws(
      `kms put-key-policy --key-id ${KeyId} --policy-name default --policy '${JSON.stringify(policy)}'`,
    )
    await aws(create)
    expect(await aws('logs describe-log-groups --query logGroups[].kmsKeyId')).toEqual([Arn])
    await aws('logs disassociate-kms-key --log-group-name app')
    expect(await aws('logs describe-log-groups --query logGroups[].kmsKeyId')).toEqual([])
  })
})

describe('EBS', () => {
  it('makes and attaches volumes with the caller’s rights to their key', async () => {
    const { KeyId, Arn } = await newKey()
    const create = `ec2 create-volume --availability-zone us-east-1a --size 1 --encrypted --kms-key-id ${KeyId}`
    expect(await aws(create, ann)).toContain(
      '(InvalidKMSKey.InvalidState) when calling the CreateVolume operation: The KMS key provided is in an incorrect state',
    )
    const volume = await aws(create)
    expect(volume.KmsKeyId).toBe(Arn)
    const image = (await aws('ec2 describe-images --owners amazon --query Images[0].ImageId')) as string
    const subnet = await aws(
      'ec2 describe-subnets --filters Name=availability-zone,Values=us-east-1a --query Subnets[0].SubnetId',
    )
    const instance = await aws(
      `ec2 run-instances --image-id ${image} --instance-type t3.micro --subnet-id ${subnet} --query Instances[0].InstanceId`,
    )
    await aws(`ec2 wait instance-running --instance-ids ${instance}`)
    await aws(`kms disable-key --key-id ${KeyId}`)
    const attach = `ec2 attach-volume --volume-id ${volume.VolumeId} --instance-id ${instance} --device /dev/sdf`
    expect(await aws(attach)).toContain('(CustomerKeyHasBeenRevoked) when calling the AttachVolume operation')
    await aws(`kms enable-key --key-id ${KeyId}`)
    expect((await aws(attach)).State).toBe('attaching')
  })
})
