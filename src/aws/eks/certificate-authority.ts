// @peculiar/x509 needs the metadata polyfill before it is loaded.
import 'reflect-metadata'
import * as x509 from '@peculiar/x509'

const ALGORITHM = {
  name: 'RSASSA-PKCS1-v1_5',
  hash: 'SHA-256',
  publicExponent: new Uint8Array([1, 0, 1]),
  modulusLength: 2048,
}
const DAY = 86_400_000
const YEARS = 10

/**
 * Makes the CA of one cluster, as EKS does: RSA 2048, subject `CN=kubernetes`, ten years.
 * `now` is the clients' time, ms since the epoch. Gives PEM.
 */
export async function createClusterAuthority(
  now: number,
  serialNumber: string,
): Promise<{ certificate: string; privateKey: string }> {
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber,
    name: [{ CN: ['kubernetes'] }],
    notBefore: new Date(now - DAY),
    notAfter: new Date(now + YEARS * 365 * DAY),
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(
        x509.KeyUsageFlags.keyCertSign |
          x509.KeyUsageFlags.keyEncipherment |
          x509.KeyUsageFlags.digitalSignature,
        true,
      ),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: 'kubernetes' }]),
    ],
  })
  const der = await crypto.subtle.exportKey('pkcs8', keys.privateKey)
  return {
    certificate: certificate.toString('pem'),
    privateKey: x509.PemConverter.encode(der, 'PRIVATE KEY'),
  }
}
