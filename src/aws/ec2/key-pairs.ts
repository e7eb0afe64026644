import { createHash, createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto'
import { promisify } from 'node:util'
import type * as sdk from '@aws-sdk/client-ec2'
import { AwsError, type RequestContext } from '../wire/service.ts'
import { required } from './errors.ts'
import { select } from './filters.ts'
import { keyPairs } from './tables.ts'
import { tagList, tagsFor, toTags } from './tags.ts'

const generate = promisify(generateKeyPair)

function checkName(context: RequestContext, name: string): void {
  if (keyPairs.list(context).some((pair) => pair.name === name)) {
    throw new AwsError('InvalidKeyPair.Duplicate', 'The keypair already exists')
  }
}

/** RSA keys only: an ED25519 pair needs OpenSSH's own key format. */
export async function createKeyPair(input: sdk.CreateKeyPairCommandInput, context: RequestContext) {
  const name = required(input.KeyName, 'KeyName')
  if (input.KeyType === 'ed25519') {
    throw new AwsError(
      'UnsupportedOperation',
      'Drydock makes RSA key pairs only. Leave --key-type out, or import an ED25519 public key.',
    )
  }
  checkName(context, name)
  const { privateKey } = (await generate('rsa', { modulusLength: 2048 })) as { privateKey: KeyObject }
  checkName(context, name)
  const der = privateKey.export({ type: 'pkcs8', format: 'der' })
  const pair = keyPairs.put(context, {
    id: keyPairs.newId(context),
    tags: tagsFor(input.TagSpecifications, 'key-pair'),
    name,
    type: 'rsa',
    fingerprint: colons(createHash('sha1').update(der).digest('hex')),
    publicKey: createPublicKey(privateKey).export({ type: 'spki', format: 'pem' }).toString(),
    createdAt: context.world.clock.now(),
  })
  return {
    KeyFingerprint: pair.fingerprint,
    KeyMaterial: privateKey.export({ type: 'pkcs1', format: 'pem' }).toString().trimEnd(),
    KeyName: name,
    KeyPairId: pair.id,
    Tags: tagList(pair.tags),
  }
}

const colons = (hex: string) => hex.match(/../g)!.join(':')

export function importKeyPair(input: sdk.ImportKeyPairCommandInput, context: RequestContext) {
  const name = required(input.KeyName, 'KeyName')
  checkName(context, name)
  const publicKey = Buffer.from(required(input.PublicKeyMaterial, 'PublicKeyMaterial')).toString().trim()
  const match = /^ssh-(rsa|ed25519) (\S+)/.exec(publicKey)
  if (!match) throw new AwsError('InvalidKey.Format', 'Key is not in valid OpenSSH public key format')
  const type = match[1] as 'rsa' | 'ed25519'
  const blob = Buffer.from(match[2]!, 'base64')
  const fingerprint =
    type === 'rsa'
      ? colons(createHash('md5').update(blob).digest('hex'))
      : createHash('sha256').update(blob).digest('base64')
  const pair = keyPairs.put(context, {
    id: keyPairs.newId(context),
    tags: tagsFor(input.TagSpecifications, 'key-pair'),
    name,
    type,
    fingerprint,
    publicKey,
    createdAt: context.world.clock.now(),
  })
  return { KeyFingerprint: fingerprint, KeyName: name, KeyPairId: pair.id, Tags: tagList(pair.tags) }
}

export function describeKeyPairs(input: sdk.DescribeKeyPairsCommandInput, context: RequestContext) {
  const all = keyPairs.list(context, input.KeyPairIds)
  for (const name of input.KeyNames ?? []) {
    if (!all.some((pair) => pair.name === name)) throw keyPairs.missing(name)
  }
  const asked = input.KeyNames?.length ? all.filter(({ name }) => input.KeyNames!.includes(name)) : all
  const { page } = select(
    asked,
    { Filters: input.Filters },
    {
      fingerprint: (pair) => pair.fingerprint,
      'key-name': (pair) => pair.name,
      'key-pair-id': (pair) => pair.id,
    },
  )
  return {
    KeyPairs: page.map((pair) => ({
      KeyPairId: pair.id,
      KeyFingerprint: pair.fingerprint,
      KeyName: pair.name,
      KeyType: pair.type,
      Tags: toTags(pair.tags),
      CreateTime: new Date(pair.createdAt),
      PublicKey: input.IncludePublicKey ? pair.publicKey : undefined,
    })),
  }
}

/** Deleting a key pair that does not exist succeeds, as on EC2. */
export function deleteKeyPair(input: sdk.DeleteKeyPairCommandInput, context: RequestContext) {
  const pair = keyPairs
    .list(context)
    .find(({ id, name }) => id === input.KeyPairId || (input.KeyName !== undefined && name === input.KeyName))
  if (pair) keyPairs.delete(context, pair.id)
  return { Return: true, KeyPairId: pair?.id }
}
