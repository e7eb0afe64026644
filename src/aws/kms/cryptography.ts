import {
  constants,
  createHmac,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  type KeyObject,
  privateDecrypt,
  publicEncrypt,
  randomBytes,
  sign as signBytes,
  timingSafeEqual,
  verify as verifyBytes,
} from 'node:crypto'
import type * as sdk from '@aws-sdk/client-kms'
import { AwsError, type RequestContext } from '../wire/service.ts'
import { keyIdOf, seal, unseal } from './ciphertext.ts'
import { KEY_SPECS } from './data/specs.ts'
import { makePair } from './key-pairs.ts'
import { usableKey } from './keys.ts'
import type { KeyRecord } from './records.ts'
import { materialId } from './rotation.ts'
import { findKey, findMaterial, requireKey, scopeOf } from './tables.ts'

const invalidCiphertext = () => new AwsError('InvalidCiphertextException', '')
const incorrectKey = () =>
  new AwsError(
    'IncorrectKeyException',
    'The key ID in the request does not identify a CMK that can perform this operation.',
  )

/** A key that may be used in this way, with its secret. Throws as `usableKey`. */
function usable(context: RequestContext, id: string, usage: KeyRecord['usage']) {
  const key = usableKey(context, id, usage)
  return { key, material: findMaterial(scopeOf(context, key.arn), key)! }
}

const oaep = (algorithm: string) => ({
  padding: constants.RSA_PKCS1_OAEP_PADDING,
  oaepHash: algorithm.endsWith('SHA_1') ? 'sha1' : 'sha256',
})

const checkAlgorithm = (offered: string[] | undefined, wanted: string, spec: string) => {
  if (offered?.includes(wanted)) return
  throw new AwsError('InvalidKeyUsageException', `Algorithm ${wanted} and key spec ${spec} are incompatible.`)
}

export function encrypt(input: sdk.EncryptCommandInput, context: RequestContext) {
  const { key, material } = usable(context, input.KeyId!, 'ENCRYPT_DECRYPT')
  const algorithm = input.EncryptionAlgorithm ?? 'SYMMETRIC_DEFAULT'
  checkAlgorithm(KEY_SPECS[key.spec]!.encryption, algorithm, key.spec)
  const CiphertextBlob =
    algorithm === 'SYMMETRIC_DEFAULT'
      ? seal(key.id, material, input.Plaintext!, input.EncryptionContext)
      : publicEncrypt({ key: createPublicKey(material), ...oaep(algorithm) }, input.Plaintext!)
  return { CiphertextBlob, KeyId: key.arn, EncryptionAlgorithm: algorithm }
}

/** Which key a Decrypt or ReEncrypt means: the one it names, or that of the ciphertext. */
export function keyForCiphertext(
  input: { KeyId?: string; CiphertextBlob?: Uint8Array },
  context: RequestContext,
): KeyRecord | undefined {
  const inside = keyIdOf(input.CiphertextBlob ?? new Uint8Array())
  return findKey(context, input.KeyId ?? inside ?? '')
}

export function decrypt(input: sdk.DecryptCommandInput, context: RequestContext) {
  const algorithm = input.EncryptionAlgorithm ?? 'SYMMETRIC_DEFAULT'
  if (!input.CiphertextBlob) throw new AwsError('ValidationException', 'CiphertextBlob is required.')
  if (algorithm !== 'SYMMETRIC_DEFAULT') {
    if (!input.KeyId) throw new AwsError('ValidationException', 'KeyId is required for asymmetric algorithms')
    const { key, material } = usable(context, input.KeyId, 'ENCRYPT_DECRYPT')
    checkAlgorithm(KEY_SPECS[key.spec]!.encryption, algorithm, key.spec)
    try {
      const Plaintext = privateDecrypt({ key: material, ...oaep(algorithm) }, input.CiphertextBlob)
      return { Plaintext, KeyId: key.arn, EncryptionAlgorithm: algorithm }
    } catch {
      throw invalidCiphertext()
    }
  }
  const opened = open(context, input.CiphertextBlob, input.KeyId, input.EncryptionContext)
  return {
    Plaintext: opened.plaintext,
    KeyId: opened.key.arn,
    EncryptionAlgorithm: algorithm,
    KeyMaterialId: opened.materialId,
  }
}

function open(
  context: RequestContext,
  blob: Uint8Array,
  named: string | undefined,
  encryptionContext: Record<string, string> | undefined,
) {
  const inside = keyIdOf(blob)
  const target = keyForCiphertext({ KeyId: named, CiphertextBlob: blob }, context)
  if (named && !target) requireKey(context, named)
  if (!inside || !target) throw invalidCiphertext()
  const key = usableKey(context, target.arn, 'ENCRYPT_DECRYPT')
  if (key.id !== inside) throw incorrectKey()
  // Whichever of its materials the key had at the time.
  for (let rotation = key.rotations?.length ?? 0; rotation >= 0; rotation--) {
    const material = findMaterial(scopeOf(context, key.arn), key, rotation)
    const plaintext = material && unseal(material, blob, encryptionContext)
    if (plaintext) return { key, plaintext, materialId: materialId(key, rotation) }
  }
  throw invalidCiphertext()
}

export function reEncrypt(input: sdk.ReEncryptCommandInput, context: RequestContext) {
  if (!input.CiphertextBlob) throw new AwsError('ValidationException', 'CiphertextBlob is required.')
  const source = open(context, input.CiphertextBlob, input.SourceKeyId, input.SourceEncryptionContext)
  context.authorize('kms:ReEncryptTo', requireKey(context, input.DestinationKeyId!).arn)
  const { key, material } = usable(context, input.DestinationKeyId!, 'ENCRYPT_DECRYPT')
  return {
    CiphertextBlob: seal(key.id, material, source.plaintext, input.DestinationEncryptionContext),
    SourceKeyId: source.key.arn,
    KeyId: key.arn,
    SourceEncryptionAlgorithm: 'SYMMETRIC_DEFAULT' as const,
    DestinationEncryptionAlgorithm: 'SYMMETRIC_DEFAULT' as const,
    SourceKeyMaterialId: source.materialId,
    DestinationKeyMaterialId: materialId(key),
  }
}

function dataKey(input: sdk.GenerateDataKeyCommandInput, context: RequestContext) {
  if ((input.KeySpec === undefined) === (input.NumberOfBytes === undefined)) {
    throw new AwsError('ValidationException', 'Please specify either number of bytes or key spec.')
  }
  const { key, material } = usable(context, input.KeyId!, 'ENCRYPT_DECRYPT')
  if (key.spec !== 'SYMMETRIC_DEFAULT') {
    throw new AwsError(
      'InvalidKeyUsageException',
      `${key.arn} key usage is ${key.usage} which is not valid for GenerateDataKey.`,
    )
  }
  const length = input.NumberOfBytes ?? (input.KeySpec === 'AES_128' ? 16 : 32)
  const Plaintext = randomBytes(length)
  return {
    Plaintext,
    CiphertextBlob: seal(key.id, material, Plaintext, input.EncryptionContext),
    KeyId: key.arn,
    KeyMaterialId: materialId(key),
  }
}

export const generateDataKey = dataKey

export function generateDataKeyWithoutPlaintext(
  input: sdk.GenerateDataKeyWithoutPlaintextCommandInput,
  context: RequestContext,
) {
  const spec = input.KeySpec === undefined && input.NumberOfBytes === undefined ? 'AES_256' : input.KeySpec
  const { Plaintext: _, ...rest } = dataKey(
    { ...input, KeySpec: spec } as sdk.GenerateDataKeyCommandInput,
    context,
  )
  return rest
}

export async function generateDataKeyPair(
  input: sdk.GenerateDataKeyPairCommandInput,
  context: RequestContext,
) {
  const { key, material } = usable(context, input.KeyId!, 'ENCRYPT_DECRYPT')
  const pair = KEY_SPECS[input.KeyPairSpec!]?.pair
  if (!pair) {
    throw new AwsError(
      'UnsupportedOperationException',
      `Drydock does not simulate key pairs of spec ${input.KeyPairSpec}`,
    )
  }
  const made = await makePair(pair)
  const privateKey = made.export({ type: 'pkcs8', format: 'der' })
  return {
    PrivateKeyPlaintext: privateKey,
    PublicKey: createPublicKey(made as never).export({ type: 'spki', format: 'der' }),
    PrivateKeyCiphertextBlob: seal(key.id, material, privateKey, input.EncryptionContext),
    KeyId: key.arn,
    KeyPairSpec: input.KeyPairSpec,
    KeyMaterialId: materialId(key),
  }
}

export async function generateDataKeyPairWithoutPlaintext(
  input: sdk.GenerateDataKeyPairWithoutPlaintextCommandInput,
  context: RequestContext,
) {
  const { PrivateKeyPlaintext: _, ...rest } = await generateDataKeyPair(input, context)
  return rest
}

/** https://docs.aws.amazon.com/kms/latest/APIReference/API_DeriveSharedSecret.html */
export function deriveSharedSecret(input: sdk.DeriveSharedSecretCommandInput, context: RequestContext) {
  const { key, material } = usable(context, input.KeyId!, 'KEY_AGREEMENT')
  const privateKey = createPrivateKey(material)
  const SharedSecret = agreed(privateKey, input.PublicKey!)
  if (!SharedSecret)
    throw new AwsError(
      'ValidationException',
      `PublicKey must be a public key on the curve of key spec ${key.spec}, DER-encoded as SubjectPublicKeyInfo.`,
    )
  return {
    KeyId: key.arn,
    SharedSecret,
    KeyAgreementAlgorithm: input.KeyAgreementAlgorithm,
    KeyOrigin: 'AWS_KMS' as const,
  }
}

/** What two key pairs share; undefined when they are not of one kind. */
function agreed(privateKey: KeyObject, publicKey: Uint8Array): Buffer | undefined {
  try {
    const other = createPublicKey({ key: Buffer.from(publicKey), format: 'der', type: 'spki' })
    return diffieHellman({ privateKey, publicKey: other })
  } catch {
    return undefined
  }
}

export function generateRandom(input: sdk.GenerateRandomCommandInput) {
  if (input.NumberOfBytes === undefined)
    throw new AwsError('ValidationException', 'NumberOfBytes is required.')
  return { Plaintext: randomBytes(input.NumberOfBytes) }
}

export function getPublicKey(input: sdk.GetPublicKeyCommandInput, context: RequestContext) {
  const key = requireKey(context, input.KeyId!)
  const info = KEY_SPECS[key.spec]!
  if (!info.pair) throw new AwsError('UnsupportedOperationException', `${key.arn} is not an asymmetric key.`)
  const { material } = usable(context, key.arn, key.usage)
  return {
    KeyId: key.arn,
    PublicKey: createPublicKey(material).export({ type: 'spki', format: 'der' }),
    CustomerMasterKeySpec: key.spec as sdk.CustomerMasterKeySpec,
    KeySpec: key.spec as sdk.KeySpec,
    KeyUsage: key.usage,
    EncryptionAlgorithms:
      key.usage === 'ENCRYPT_DECRYPT' ? (info.encryption as sdk.EncryptionAlgorithmSpec[]) : undefined,
    SigningAlgorithms: key.usage === 'SIGN_VERIFY' ? (info.signing as sdk.SigningAlgorithmSpec[]) : undefined,
    KeyAgreementAlgorithms:
      key.usage === 'KEY_AGREEMENT' ? (info.agreement as sdk.KeyAgreementAlgorithmSpec[]) : undefined,
  }
}

/** How Node.js is told of a signing algorithm (`RSASSA_PSS_SHA_256`, `ECDSA_SHA_384`). */
function signing(algorithm: string) {
  const hash = `sha${algorithm.split('_').at(-1)}`
  const pss = algorithm.includes('PSS')
  return {
    hash,
    options: pss
      ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }
      : {},
  }
}

function signer(
  input: { KeyId?: string; SigningAlgorithm?: string; MessageType?: string },
  context: RequestContext,
) {
  const { key, material } = usable(context, input.KeyId!, 'SIGN_VERIFY')
  checkAlgorithm(KEY_SPECS[key.spec]!.signing, input.SigningAlgorithm!, key.spec)
  if ((input.MessageType ?? 'RAW') !== 'RAW') {
    throw new AwsError('UnsupportedOperationException', 'Drydock signs messages of type RAW only.')
  }
  return { key, material, ...signing(input.SigningAlgorithm!) }
}

export function sign(input: sdk.SignCommandInput, context: RequestContext) {
  const { key, material, hash, options } = signer(input, context)
  const Signature = signBytes(hash, input.Message!, { key: createPrivateKey(material), ...options })
  return { KeyId: key.arn, Signature, SigningAlgorithm: input.SigningAlgorithm }
}

export function verify(input: sdk.VerifyCommandInput, context: RequestContext) {
  const { key, material, hash, options } = signer(input, context)
  const valid = verifyBytes(
    hash,
    input.Message!,
    { key: createPublicKey(material), ...options },
    input.Signature!,
  )
  if (!valid) throw new AwsError('KMSInvalidSignatureException', '')
  return { KeyId: key.arn, SignatureValid: true, SigningAlgorithm: input.SigningAlgorithm }
}

function mac(
  input: { KeyId?: string; MacAlgorithm?: string; Message?: Uint8Array },
  context: RequestContext,
) {
  const { key, material } = usable(context, input.KeyId!, 'GENERATE_VERIFY_MAC')
  checkAlgorithm(KEY_SPECS[key.spec]!.mac, input.MacAlgorithm!, key.spec)
  const hash = `sha${input.MacAlgorithm!.split('_').at(-1)}`
  return { key, bytes: createHmac(hash, Buffer.from(material, 'base64')).update(input.Message!).digest() }
}

export function generateMac(input: sdk.GenerateMacCommandInput, context: RequestContext) {
  const { key, bytes } = mac(input, context)
  return { Mac: bytes, MacAlgorithm: input.MacAlgorithm, KeyId: key.arn }
}

export function verifyMac(input: sdk.VerifyMacCommandInput, context: RequestContext) {
  const { key, bytes } = mac(input, context)
  const given = Buffer.from(input.Mac!)
  if (given.length !== bytes.length || !timingSafeEqual(given, bytes))
    throw new AwsError('KMSInvalidMacException', '')
  return { KeyId: key.arn, MacValid: true, MacAlgorithm: input.MacAlgorithm }
}
