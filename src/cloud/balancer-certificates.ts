import type * as sdk from '@aws-sdk/client-acm'
import { acmService } from '#aws/acm/index.ts'
import type { Scope } from '#aws/ec2/index.ts'
import type { Principal } from '#aws/wire/service.ts'
import { ModelError, type StackListener } from '#kubernetes/balancers/stack.ts'
import { awsCaller } from './aws-calls.ts'

/** ARNs of the certificates that a listener is to have, the default one first. Throws ModelError, and what ACM refuses. */
export type CertificateDiscovery = (wanted: NonNullable<StackListener['certificates']>) => Promise<string[]>

/** Finds certificates for host names in ACM, with the controller's rights. Models pkg/ingress/cert_discovery.go. */
export function certificateDiscovery(scope: Scope, principal: Principal): CertificateDiscovery {
  const call = awsCaller({ scope, service: acmService, title: 'ACM', principal })

  async function issued(): Promise<{ arn: string; domains: string[] }[]> {
    const { CertificateSummaryList = [] } = await call<sdk.ListCertificatesCommandOutput>(
      'ListCertificates',
      {
        CertificateStatuses: ['ISSUED'],
      },
    )
    return Promise.all(
      CertificateSummaryList.map(async ({ CertificateArn }) => {
        const { Certificate } = await call<sdk.DescribeCertificateCommandOutput>('DescribeCertificate', {
          CertificateArn,
        })
        return { arn: CertificateArn!, domains: Certificate?.SubjectAlternativeNames ?? [] }
      }),
    )
  }

  return async ({ arns, hosts }) => {
    if (hosts.length === 0) return arns
    const all = await issued()
    const found = new Set(arns)
    for (const host of hosts) {
      const matching = all.filter(({ domains }) => domains.some((domain) => covers(domain, host)))
      if (matching.length === 0) throw new ModelError(`no certificate found for host: ${host}`)
      for (const { arn } of matching) found.add(arn)
    }
    return [...found]
  }
}

/** Whether a certificate's name is good for a host; a wildcard stands for one label. */
const covers = (domain: string, host: string): boolean =>
  domain === host || (domain.startsWith('*.') && host.slice(host.indexOf('.') + 1) === domain.slice(2))
