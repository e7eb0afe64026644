/** Security policies of HTTPS and TLS listeners: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/describe-ssl-policies.html (from knowledge, 2026-11; not all of them). */
const TLS13 = ['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256']
const TLS12 = [
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
]
const OLDER = [
  'ECDHE-ECDSA-AES128-SHA256',
  'ECDHE-RSA-AES128-SHA256',
  'AES128-GCM-SHA256',
  'AES256-GCM-SHA384',
]

export const DEFAULT_SSL_POLICY = 'ELBSecurityPolicy-2016-08'

export const SSL_POLICIES: { name: string; protocols: string[]; ciphers: string[] }[] = [
  {
    name: 'ELBSecurityPolicy-TLS13-1-2-Res-2021-06',
    protocols: ['TLSv1.2', 'TLSv1.3'],
    ciphers: [...TLS13, ...TLS12],
  },
  {
    name: 'ELBSecurityPolicy-TLS13-1-2-2021-06',
    protocols: ['TLSv1.2', 'TLSv1.3'],
    ciphers: [...TLS13, ...TLS12, ...OLDER.slice(0, 2)],
  },
  { name: 'ELBSecurityPolicy-TLS13-1-3-2021-06', protocols: ['TLSv1.3'], ciphers: TLS13 },
  { name: DEFAULT_SSL_POLICY, protocols: ['TLSv1', 'TLSv1.1', 'TLSv1.2'], ciphers: [...TLS12, ...OLDER] },
  { name: 'ELBSecurityPolicy-TLS-1-2-2017-01', protocols: ['TLSv1.2'], ciphers: [...TLS12, ...OLDER] },
  { name: 'ELBSecurityPolicy-FS-1-2-Res-2020-10', protocols: ['TLSv1.2'], ciphers: TLS12 },
]
