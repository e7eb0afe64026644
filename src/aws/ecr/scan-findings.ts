import { createHash } from 'node:crypto'
import type * as sdk from '@aws-sdk/client-ecr'
import { VULNERABILITIES, VULNERABILITIES_UPDATED, type Vulnerability } from './data/vulnerabilities.ts'
import type { ImageScan, Software } from './records.ts'
import { compareVersions } from './versions.ts'

interface Finding {
  vulnerability: Vulnerability
  package: Software['packages'][number]
}

const SEVERITIES = ['CRITICAL', 'HIGH', 'MEDIUM', 'LOW', 'INFORMATIONAL', 'UNDEFINED']
/** Basic scanning looks at the operating system; enhanced scanning at language packages too. */
const BASIC = ['debian', 'alpine', 'program']

/** What a finished scan has found, worst first. */
export function findingsOf({ type, software }: ImageScan): Finding[] {
  const packages = (software?.packages ?? []).filter(
    ({ ecosystem }) => type === 'ENHANCED' || BASIC.includes(ecosystem),
  )
  return packages
    .flatMap((one) =>
      VULNERABILITIES.filter(
        (vulnerability) =>
          vulnerability.package === one.name &&
          concerns(vulnerability.ecosystem, one.ecosystem, software?.os?.id) &&
          (vulnerability.fixed === undefined || compareVersions(one.version, vulnerability.fixed) < 0),
      ).map((vulnerability): Finding => ({ vulnerability, package: one })),
    )
    .sort(
      (a, b) =>
        SEVERITIES.indexOf(a.vulnerability.severity) - SEVERITIES.indexOf(b.vulnerability.severity) ||
        (a.vulnerability.id < b.vulnerability.id ? -1 : 1),
    )
}

/** Whether what is known of one kind of package holds for another: a distribution's build of a program is that program. */
function concerns(known: Vulnerability['ecosystem'], found: string, os: string | undefined): boolean {
  if (known === found) return true
  if (known === 'program') return found === 'debian' || found === 'alpine'
  return found === 'program' && known === os
}

/** How many findings there are of each severity. */
export function severityCounts(findings: Finding[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { vulnerability } of findings)
    counts[vulnerability.severity] = (counts[vulnerability.severity] ?? 0) + 1
  return counts
}

/** The summary of a scan in an image's description; undefined before it has ended. */
export function findingsSummary(scan: ImageScan): sdk.ImageScanFindingsSummary | undefined {
  if (scan.completedAt === undefined || !scan.software) return undefined
  return {
    imageScanCompletedAt: new Date(scan.completedAt),
    vulnerabilitySourceUpdatedAt: new Date(VULNERABILITIES_UPDATED),
    findingSeverityCounts: severityCounts(findingsOf(scan)),
  }
}

const uri = (id: string) => `https://nvd.nist.gov/vuln/detail/${id}`

/** A finding of basic scanning. */
export function basicFinding({ vulnerability, package: one }: Finding): sdk.ImageScanFinding {
  const attributes: Record<string, string> = {
    package_version: one.version,
    package_name: one.name,
    CVSS3_VECTOR: vulnerability.vector,
    CVSS3_SCORE: String(vulnerability.score),
    ...(vulnerability.fixed && { fixed_version: vulnerability.fixed }),
  }
  return {
    name: vulnerability.id,
    description: vulnerability.description,
    uri: uri(vulnerability.id),
    severity: vulnerability.severity,
    attributes: Object.entries(attributes).map(([key, value]) => ({ key, value })),
  }
}

const PACKAGE_MANAGERS = { debian: 'OS', alpine: 'OS', npm: 'NODEPKG', pypi: 'PYTHONPKG', program: 'GENERIC' }

/** A finding of enhanced scanning, in the form of Amazon Inspector. */
export function enhancedFinding(
  { vulnerability, package: one }: Finding,
  image: {
    accountId: string
    region: string
    repository: string
    digest: string
    tags: string[]
    pushedAt: number
  },
  scan: ImageScan,
): sdk.EnhancedImageScanFinding {
  const { accountId, region, repository, digest } = image
  const { id, severity, score, vector, fixed, published, description } = vulnerability
  const seen = new Date(scan.completedAt ?? scan.startedAt)
  const hash = createHash('md5').update(`${digest} ${id} ${one.path}`).digest('hex')
  const vendorDate = new Date(published)
  return {
    awsAccountId: accountId,
    description,
    findingArn: `arn:aws:inspector2:${region}:${accountId}:finding/${hash}`,
    firstObservedAt: seen,
    lastObservedAt: seen,
    updatedAt: seen,
    packageVulnerabilityDetails: {
      cvss: [{ baseScore: score, scoringVector: vector, source: 'NVD', version: '3.1' }],
      referenceUrls: [uri(id)],
      relatedVulnerabilities: [],
      source: 'NVD',
      sourceUrl: uri(id),
      vendorCreatedAt: vendorDate,
      vendorUpdatedAt: vendorDate,
      vendorSeverity: severity,
      vulnerabilityId: id,
      vulnerablePackages: [
        {
          name: one.name,
          version: one.version,
          packageManager: PACKAGE_MANAGERS[one.ecosystem],
          filePath: one.path,
          fixedInVersion: fixed ?? 'NotAvailable',
        },
      ],
    },
    remediation: { recommendation: { text: fixed ? `Update ${one.name} to ${fixed}` : 'None Provided' } },
    resources: [
      {
        type: 'AWS_ECR_CONTAINER_IMAGE',
        id: `arn:aws:ecr:${region}:${accountId}:repository/${repository}/${digest}`,
        details: {
          awsEcrContainerImage: {
            architecture: 'amd64',
            imageHash: digest,
            imageTags: image.tags,
            platform: scan.software?.os?.name.toUpperCase().replaceAll(' ', '_'),
            pushedAt: new Date(image.pushedAt),
            registry: accountId,
            repositoryName: repository,
          },
        },
      },
    ],
    score,
    scoreDetails: { cvss: { score, scoreSource: 'NVD', scoringVector: vector, version: '3.1' } },
    severity,
    status: 'ACTIVE',
    title: `${id} - ${one.name}`,
    type: 'PACKAGE_VULNERABILITY',
    fixAvailable: fixed ? 'YES' : 'NO',
    exploitAvailable: 'NO',
  }
}
