import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { keyController, kmsService } from '../../src/aws/kms/index.ts'
import { ACCOUNT, type Keys, startAws } from '../support/aws.ts'

// https://docs.aws.amazon.com/kms/latest/APIReference/, …/developerguide/key-policies.html, …/grants.html
let account: Awaited<ReturnType<typeof startAws>>
const aws = async (command: string, keys?: Keys) => {
  const words = command.match(/'[^']*'|\S+/g)!.map((word) => word.replace(/^'|'$/g, ''))
  const { stdout, error } = await account.cli([...words, '--output', 'json'], keys)
  return error || (stdout ? JSON.parse(stdout) : '')
}

beforeAll(async () => {
  account = await startAws({ services: [kmsService] })
  account.world.controllers.start(keyController(account.world))
})
afterAll(() => account.close())

/** A user without any policy of their own. */
async function stranger(name: string): Promise<Keys> {
  await aws(`iam create-user --user-name ${name}`)
  const { AccessKey } = await aws(`iam create-access-key --user-name ${name}`)
  return { accessKeyId: AccessKey.AccessKeyId, secretAccessKey: AccessKey.SecretAccessKey }
}

describe('a key', () => {
  it('encrypts under its alias, bound to its encryption context', async () => {
    const { KeyMetadata } = await aws('kms create-key --description secrets --tags TagKey=team,TagValue=blue')
    expect(KeyMetadata).toMatchObject({
      KeyState: 'Enabled',
      KeySpec: 'SYMMETRIC_DEFAULT',
      KeyManager: 'CUSTOMER',
    })
    const id = KeyMetadata.KeyId
    await aws(`kms create-alias --alias-name alias/app --target-key-id ${id}`)
    expect(await aws(`kms create-alias --alias-name alias/app --target-key-id ${id}`)).toContain(
      `An error occurred (AlreadyExistsException) when calling the CreateAlias operation: An alias with the name arn:aws:kms:us-east-1:${ACCOUNT}:alias/app already exists`,
    )
    const plaintext = Buffer.from('sesame').toString('base64')
    const { CiphertextBlob, KeyId } = await aws(
      `kms encrypt --key-id alias/app --plaintext ${plaintext} --encryption-context app=shop`,
    )
    expect(KeyId).toBe(KeyMetadata.Arn)
    const open = await aws(`kms decrypt --ciphertext-blob ${CiphertextBlob} --encryption-context app=shop`)
    expect(open).toMatchObject({ Plaintext: plaintext, KeyId: KeyMetadata.Arn })
    expect(await aws(`kms decrypt --ciphertext-blob ${CiphertextBlob}`)).toContain(
      'An error occurred (InvalidCiphertextException) when calling the Decrypt operation',
    )
    const { Plaintext } = await aws(`kms generate-data-key --key-id ${id} --key-spec AES_256`)
    expect(Buffer.from(Plaintext, 'base64')).toHaveLength(32)
    await aws(`kms disable-key --key-id ${id}`)
    expect(
      await aws(`kms decrypt --ciphertext-blob ${CiphertextBlob} --encryption-context app=shop`),
    ).toContain(
      `An error occurred (DisabledException) when calling the Decrypt operation: ${KeyMetadata.Arn} is disabled.`,
    )
  })

  it('waits for its deletion, which can be called off, and then is gone', async () => {
    const { KeyId, Arn } = (await aws('kms create-key')).KeyMetadata
    const scheduled = await aws(`kms schedule-key-deletion --key-id ${KeyId} --pending-window-in-days 7`)
    expect(scheduled).toMatchObject({ KeyState: 'PendingDeletion', PendingWindowInDays: 7 })
    expect(await aws(`kms enable-key --key-id ${KeyId}`)).toContain(
      `(KMSInvalidStateException) when calling the EnableKey operation: ${Arn} is pending deletion.`,
    )
    expect((await aws(`kms cancel-key-deletion --key-id ${KeyId}`)).KeyId).toBe(Arn)
    expect((await aws(`kms describe-key --key-id ${KeyId}`)).KeyMetadata.KeyState).toBe('Disabled')
    await aws(`kms schedule-key-deletion --key-id ${KeyId} --pending-window-in-days 7`)
    const { KMSClient, DescribeKeyCommand } = await import('@aws-sdk/client-kms')
    const client = new KMSClient(account.client())
    await account.world.advance(7 * 86_400_000 + 1000)
    await expect(client.send(new DescribeKeyCommand({ KeyId }))).rejects.toMatchObject({
      name: 'NotFoundException',
      message: `Key '${Arn}' does not exist`,
    })
  })
})

describe('who may use a key', () => {
  it('is decided by its policy: without it the account’s own policies do not count', async () => {
    const ann = await stranger('ann')
    const { KeyId, Arn } = (await aws('kms create-key')).KeyMetadata
    const encrypt = `kms encrypt --key-id ${KeyId} --plaintext AAAA`
    const denied = `An error occurred (AccessDeniedException) when calling the Encrypt operation: User: arn:aws:iam::${ACCOUNT}:user/ann is not authorized to perform: kms:Encrypt on resource: ${Arn} because no`
    expect(await aws(encrypt, ann)).toContain(`${denied} identity-based policy allows the kms:Encrypt action`)
    const allow = { Version: '2012-10-17', Statement: { Effect: 'Allow', Action: 'kms:*', Resource: '*' } }
    await aws(
      `iam put-user-policy --user-name ann --policy-name kms --policy-document '${JSON.stringify(allow)}'`,
    )
    expect((await aws(encrypt, ann)).KeyId).toBe(Arn)
    const only = {
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Principal: { AWS: `arn:aws:iam::${ACCOUNT}:user/admin` },
          Action: 'kms:*',
          Resource: '*',
        },
      ],
    }
    await aws(`kms put-key-policy --key-id ${KeyId} --policy-name default --policy '${JSON.stringify(only)}'`)
    expect(await aws(encrypt, ann)).toContain(`${denied} resource-based policy allows the kms:Encrypt action`)
    const grant = await aws(
      `kms create-grant --key-id ${KeyId} --grantee-principal arn:aws:iam::${ACCOUNT}:user/ann --operations Encrypt --constraints EncryptionContextEquals={app=shop}`,
    )
    expect(await aws(encrypt, ann)).toContain(denied)
    expect((await aws(`${encrypt} --encryption-context app=shop`, ann)).KeyId).toBe(Arn)
    await aws(`kms revoke-grant --key-id ${KeyId} --grant-id ${grant.GrantId}`)
    expect(await aws(`${encrypt} --encryption-context app=shop`, ann)).toContain(denied)
  })

  it('can hang on the key’s tags', async () => {
    const bob = await stranger('bob')
    const { KeyId } = (await aws('kms create-key --tags TagKey=team,TagValue=blue')).KeyMetadata
    const allow = {
      Version: '2012-10-17',
      Statement: {
        ...{ Effect: 'Allow', Action: 'kms:DescribeKey', Resource: '*' },
        Condition: { StringEquals: { 'aws:ResourceTag/team': 'blue' } },
      },
    }
    await aws(
      `iam put-user-policy --user-name bob --policy-name kms --policy-document '${JSON.stringify(allow)}'`,
    )
    expect((await aws(`kms describe-key --key-id ${KeyId}`, bob)).KeyMetadata.KeyId).toBe(KeyId)
    await aws(`kms tag-resource --key-id ${KeyId} --tags TagKey=team,TagValue=red`)
    expect(await aws(`kms describe-key --key-id ${KeyId}`, bob)).toContain('AccessDeniedException')
  })
})

describe('asymmetric and HMAC keys', () => {
  it('sign and verify', async () => {
    const { KeyId } = (await aws('kms create-key --key-spec ECC_NIST_P256 --key-usage SIGN_VERIFY'))
      .KeyMetadata
    const message = Buffer.from('hello').toString('base64')
    const how = `--key-id ${KeyId} --signing-algorithm ECDSA_SHA_256 --message`
    const { Signature } = await aws(`kms sign ${how} ${message}`)
    expect((await aws(`kms verify ${how} ${message} --signature ${Signature}`)).SignatureValid).toBe(true)
    expect(await aws(`kms verify ${how} AAAA --signature ${Signature}`)).toContain(
      'KMSInvalidSignatureException',
    )
    expect(await aws(`kms encrypt --key-id ${KeyId} --plaintext AAAA`)).toContain('InvalidKeyUsageException')
  })
})
