/** A Kubernetes version that EKS offers. Dates are ISO days. */
export interface EksVersion {
  version: string
  /** What the API server says of itself. */
  gitVersion: string
  /** What kubelets of the newest node release say. */
  kubeletVersion: string
  platformVersion: string
  /** Newest node release: `<kubernetes patch>-<AMI date>`. */
  releaseVersion: string
  patchVersion: string
  released: string
  endOfStandardSupport: string
  endOfExtendedSupport: string
}

/**
 * https://docs.aws.amazon.com/eks/latest/userguide/kubernetes-versions.html,
 * https://docs.aws.amazon.com/eks/latest/userguide/platform-versions.html and https://endoflife.date/amazon-eks
 * (as stored 2026-02, read 2026-11-21). Newest first.
 */
export const versions: EksVersion[] = [
  {
    version: '1.35',
    gitVersion: 'v1.35.0-eks-ac2d5a0',
    kubeletVersion: 'v1.35.0-eks-ac2d5a0',
    platformVersion: 'eks.3',
    releaseVersion: '1.35.0-20260120',
    patchVersion: '1.35.0',
    released: '2026-01-27',
    endOfStandardSupport: '2027-03-27',
    endOfExtendedSupport: '2028-03-27',
  },
  {
    version: '1.34',
    gitVersion: 'v1.34.2-eks-ecaa3a6',
    kubeletVersion: 'v1.34.2-eks-ecaa3a6',
    platformVersion: 'eks.13',
    releaseVersion: '1.34.2-20251112',
    patchVersion: '1.34.2',
    released: '2025-10-02',
    endOfStandardSupport: '2026-12-02',
    endOfExtendedSupport: '2027-12-02',
  },
  {
    version: '1.33',
    gitVersion: 'v1.33.5-eks-ecaa3a6',
    kubeletVersion: 'v1.33.5-eks-ecaa3a6',
    platformVersion: 'eks.27',
    releaseVersion: '1.33.5-20251112',
    patchVersion: '1.33.5',
    released: '2025-05-29',
    endOfStandardSupport: '2026-07-29',
    endOfExtendedSupport: '2027-07-29',
  },
]

export const DEFAULT_VERSION = '1.35'

export const versionInfo = (version: string) => versions.find((known) => known.version === version)
