/** A known vulnerability of a package. Those with a lower version than `fixed` have it; without `fixed` all have. */
export interface Vulnerability {
  id: string
  package: string
  ecosystem: 'debian' | 'alpine' | 'npm' | 'pypi' | 'program'
  fixed?: string
  severity: 'CRITICAL' | 'HIGH' | 'MEDIUM' | 'LOW' | 'INFORMATIONAL' | 'UNDEFINED'
  /** CVSS 3.1 base score and vector. */
  score: number
  vector: string
  description: string
  /** ISO date of publication. */
  published: string
}

/** When this data was put together: what scans call the update of their source. From knowledge, not compared with a feed. */
export const VULNERABILITIES_UPDATED = Date.parse('2026-11-01T00:00:00Z')

/** A small, fixed choice for lessons: what is in the images that the labs use and in the packages that people often add. */
export const VULNERABILITIES: readonly Vulnerability[] = [
  {
    id: 'CVE-2024-7347',
    package: 'nginx',
    ecosystem: 'program',
    fixed: '1.27.1',
    severity: 'MEDIUM',
    score: 4.7,
    vector: 'CVSS:3.1/AV:L/AC:H/PR:L/UI:N/S:U/C:N/I:N/A:H',
    description:
      'The module ngx_http_mp4_module reads beyond its memory for a crafted mp4 file and ends its worker.',
    published: '2024-08-14',
  },
  {
    id: 'CVE-2025-23419',
    package: 'nginx',
    ecosystem: 'program',
    fixed: '1.27.4',
    severity: 'MEDIUM',
    score: 4.3,
    vector: 'CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:L/I:N/A:N',
    description:
      'With TLS session resumption a client certificate check can be passed by on another server block.',
    published: '2025-02-05',
  },
  {
    id: 'CVE-2025-53859',
    package: 'nginx',
    ecosystem: 'program',
    fixed: '1.29.1',
    severity: 'LOW',
    score: 3.7,
    vector: 'CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:L/I:N/A:N',
    description:
      'The SMTP authentication of the mail proxy can send a few bytes of memory to the authentication server.',
    published: '2025-08-13',
  },
  {
    id: 'CVE-2024-38476',
    package: 'httpd',
    ecosystem: 'program',
    fixed: '2.4.60',
    severity: 'CRITICAL',
    score: 9.8,
    vector: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H',
    description:
      'Response headers of a backend can make the server disclose information or run local scripts.',
    published: '2024-07-01',
  },
  {
    id: 'CVE-2024-40725',
    package: 'httpd',
    ecosystem: 'program',
    fixed: '2.4.62',
    severity: 'MEDIUM',
    score: 5.3,
    vector: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:L/I:N/A:N',
    description: 'Sources of files that AddType and similar directives should handle can be disclosed.',
    published: '2024-07-18',
  },
  {
    id: 'CVE-2023-42366',
    package: 'busybox',
    ecosystem: 'program',
    fixed: '1.37.0',
    severity: 'MEDIUM',
    score: 5.5,
    vector: 'CVSS:3.1/AV:L/AC:L/PR:N/UI:R/S:U/C:N/I:N/A:H',
    description: 'A heap buffer overflow in the next_token function of awk.',
    published: '2023-11-27',
  },
  {
    id: 'CVE-2023-38545',
    package: 'curl',
    ecosystem: 'program',
    fixed: '8.4.0',
    severity: 'CRITICAL',
    score: 9.8,
    vector: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H',
    description: 'A host name that is too long overflows a heap buffer in the SOCKS5 proxy handshake.',
    published: '2023-10-18',
  },
  {
    id: 'CVE-2016-2781',
    package: 'coreutils',
    ecosystem: 'debian',
    severity: 'MEDIUM',
    score: 6.5,
    vector: 'CVSS:3.0/AV:L/AC:L/PR:L/UI:N/S:C/C:N/I:H/A:N',
    description:
      'chroot with --userspec lets a local user escape to the parent session by an ioctl on the terminal.',
    published: '2017-02-07',
  },
  {
    id: 'CVE-2011-3374',
    package: 'apt',
    ecosystem: 'debian',
    severity: 'LOW',
    score: 3.7,
    vector: 'CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:N/I:L/A:N',
    description: 'apt-key net-update does not check signatures of keys correctly.',
    published: '2019-11-26',
  },
  {
    id: 'CVE-2021-23337',
    package: 'lodash',
    ecosystem: 'npm',
    fixed: '4.17.21',
    severity: 'HIGH',
    score: 7.2,
    vector: 'CVSS:3.1/AV:N/AC:L/PR:H/UI:N/S:U/C:H/I:H/A:H',
    description: 'Command injection by the template function.',
    published: '2021-02-15',
  },
  {
    id: 'CVE-2021-44906',
    package: 'minimist',
    ecosystem: 'npm',
    fixed: '1.2.6',
    severity: 'CRITICAL',
    score: 9.8,
    vector: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H',
    description: 'Prototype pollution by the function setKey.',
    published: '2022-03-17',
  },
  {
    id: 'CVE-2024-29041',
    package: 'express',
    ecosystem: 'npm',
    fixed: '4.19.2',
    severity: 'MEDIUM',
    score: 6.1,
    vector: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N',
    description: 'Open redirect by malformed URLs.',
    published: '2024-03-25',
  },
  {
    id: 'CVE-2023-32681',
    package: 'requests',
    ecosystem: 'pypi',
    fixed: '2.31.0',
    severity: 'MEDIUM',
    score: 6.1,
    vector: 'CVSS:3.1/AV:N/AC:H/PR:N/UI:R/S:C/C:H/I:N/A:N',
    description: 'Proxy-Authorization headers go to the destination server after a redirect to https.',
    published: '2023-05-26',
  },
  {
    id: 'CVE-2023-30861',
    package: 'flask',
    ecosystem: 'pypi',
    fixed: '2.3.2',
    severity: 'HIGH',
    score: 7.5,
    vector: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N',
    description: 'A caching proxy may send one client’s session cookie to others.',
    published: '2023-05-02',
  },
  {
    id: 'CVE-2024-34064',
    package: 'jinja2',
    ecosystem: 'pypi',
    fixed: '3.1.4',
    severity: 'MEDIUM',
    score: 5.4,
    vector: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N',
    description: 'The xmlattr filter takes keys with characters that are no part of an attribute’s name.',
    published: '2024-05-06',
  },
]
