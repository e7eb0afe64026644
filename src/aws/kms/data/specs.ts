/** What a key spec can do. https://docs.aws.amazon.com/kms/latest/developerguide/symm-asymm-choose-key-spec.html (from knowledge, 2026-11) */
export interface KeySpecInfo {
  usages: string[]
  encryption?: string[]
  signing?: string[]
  mac?: string[]
  agreement?: string[]
  pair?: { type: 'rsa'; bits: number } | { type: 'ec'; curve: string }
}

const rsa = (bits: number): KeySpecInfo => ({
  usages: ['ENCRYPT_DECRYPT', 'SIGN_VERIFY'],
  encryption: ['RSAES_OAEP_SHA_1', 'RSAES_OAEP_SHA_256'],
  signing: ['PSS', 'PKCS1_V1_5'].flatMap((pad) => [256, 384, 512].map((size) => `RSASSA_${pad}_SHA_${size}`)),
  pair: { type: 'rsa', bits },
})

const ec = (curve: string, size: number): KeySpecInfo => ({
  usages: ['SIGN_VERIFY', 'KEY_AGREEMENT'],
  agreement: ['ECDH'],
  signing: [`ECDSA_SHA_${size}`],
  pair: { type: 'ec', curve },
})

const hmac = (size: number): KeySpecInfo => ({ usages: ['GENERATE_VERIFY_MAC'], mac: [`HMAC_SHA_${size}`] })

export const KEY_SPECS: Record<string, KeySpecInfo> = {
  SYMMETRIC_DEFAULT: { usages: ['ENCRYPT_DECRYPT'], encryption: ['SYMMETRIC_DEFAULT'] },
  RSA_2048: rsa(2048),
  RSA_3072: rsa(3072),
  RSA_4096: rsa(4096),
  ECC_NIST_P256: ec('prime256v1', 256),
  ECC_NIST_P384: ec('secp384r1', 384),
  ECC_NIST_P521: ec('secp521r1', 512),
  HMAC_256: hmac(256),
  HMAC_384: hmac(384),
  HMAC_512: hmac(512),
}

/** Secret bytes of HMAC keys. */
export const HMAC_BYTES: Record<string, number> = { HMAC_256: 32, HMAC_384: 48, HMAC_512: 64 }
