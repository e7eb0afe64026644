/**
 * What AWS Signer signs for. Notation's profile is the one that signs here; from knowledge, 2026-11:
 * https://docs.aws.amazon.com/signer/latest/developerguide/signing-profiles.html
 */
export const NOTATION = 'Notation-OCI-SHA384-ECDSA'

/** How long Notation signatures hold when the profile does not say: 135 months. */
export const DEFAULT_VALIDITY = { value: 135, type: 'MONTHS' } as const

export const PLATFORMS = [
  {
    platformId: NOTATION,
    displayName: 'Notation for Container Registries',
    partner: 'Notation',
    target: 'NOTATION',
    signingImageFormat: {
      supportedFormats: ['JSONDetached' as const],
      defaultFormat: 'JSONDetached' as const,
    },
    signingConfiguration: {
      encryptionAlgorithmOptions: { allowedValues: ['ECDSA' as const], defaultValue: 'ECDSA' as const },
      hashAlgorithmOptions: { allowedValues: [], defaultValue: undefined },
    },
    maxSizeInMB: 0,
    revocationSupported: true,
  },
]
