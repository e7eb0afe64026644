/**
 * Security policies of HTTPS and TLS listeners, without FIPS and post-quantum ones, in the order in which
 * `describe-ssl-policies.rst` of the AWS CLI's examples lists them. Protocols and ciphers:
 * https://docs.aws.amazon.com/elasticloadbalancing/latest/application/describe-ssl-policies.html (from knowledge, 2026-11).
 */
const TLS13 = ['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256']

/** Every cipher of TLS 1.2 and before, in the order of preference. */
const ALL = [
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES128-SHA256',
  'ECDHE-RSA-AES128-SHA256',
  'ECDHE-ECDSA-AES128-SHA',
  'ECDHE-RSA-AES128-SHA',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-AES256-SHA384',
  'ECDHE-RSA-AES256-SHA384',
  'ECDHE-RSA-AES256-SHA',
  'ECDHE-ECDSA-AES256-SHA',
  'AES128-GCM-SHA256',
  'AES128-SHA256',
  'AES128-SHA',
  'AES256-GCM-SHA384',
  'AES256-SHA256',
  'AES256-SHA',
]
/** With forward secrecy. */
const FORWARD = ALL.filter((name) => name.startsWith('ECDHE'))
/** Without SHA-1. */
const MODERN = ALL.filter((name) => !name.endsWith('-SHA'))
const FORWARD_MODERN = FORWARD.filter((name) => MODERN.includes(name))
const RESTRICTED = FORWARD.filter((name) => name.includes('GCM'))

const VERSIONS = ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3']
/** Those versions and all between them, by their places. */
const from = (oldest: number, newest: number) => VERSIONS.slice(oldest, newest + 1)

export const DEFAULT_SSL_POLICY = 'ELBSecurityPolicy-2016-08'

export const SSL_POLICIES: { name: string; protocols: string[]; ciphers: string[] }[] = [
  { name: DEFAULT_SSL_POLICY, protocols: from(0, 2), ciphers: ALL },
  {
    name: 'ELBSecurityPolicy-TLS13-1-2-2021-06',
    protocols: from(2, 3),
    ciphers: [...TLS13, ...FORWARD_MODERN],
  },
  {
    name: 'ELBSecurityPolicy-TLS13-1-2-Res-2021-06',
    protocols: from(2, 3),
    ciphers: [...TLS13, ...RESTRICTED],
  },
  { name: 'ELBSecurityPolicy-TLS13-1-2-Ext1-2021-06', protocols: from(2, 3), ciphers: [...TLS13, ...MODERN] },
  { name: 'ELBSecurityPolicy-TLS13-1-2-Ext2-2021-06', protocols: from(2, 3), ciphers: [...TLS13, ...ALL] },
  { name: 'ELBSecurityPolicy-TLS13-1-1-2021-06', protocols: from(1, 3), ciphers: [...TLS13, ...ALL] },
  { name: 'ELBSecurityPolicy-TLS13-1-0-2021-06', protocols: from(0, 3), ciphers: [...TLS13, ...ALL] },
  { name: 'ELBSecurityPolicy-TLS13-1-3-2021-06', protocols: from(3, 3), ciphers: TLS13 },
  { name: 'ELBSecurityPolicy-TLS-1-2-2017-01', protocols: from(2, 2), ciphers: MODERN },
  { name: 'ELBSecurityPolicy-TLS-1-1-2017-01', protocols: from(1, 2), ciphers: ALL },
  { name: 'ELBSecurityPolicy-TLS-1-2-Ext-2018-06', protocols: from(2, 2), ciphers: ALL },
  { name: 'ELBSecurityPolicy-FS-2018-06', protocols: from(0, 2), ciphers: FORWARD },
  { name: 'ELBSecurityPolicy-2015-05', protocols: from(0, 2), ciphers: ALL },
  { name: 'ELBSecurityPolicy-TLS-1-0-2015-04', protocols: from(0, 2), ciphers: [...ALL, 'DES-CBC3-SHA'] },
  { name: 'ELBSecurityPolicy-FS-1-2-Res-2019-08', protocols: from(2, 2), ciphers: FORWARD_MODERN },
  { name: 'ELBSecurityPolicy-FS-1-1-2019-08', protocols: from(1, 2), ciphers: FORWARD },
  { name: 'ELBSecurityPolicy-FS-1-2-2019-08', protocols: from(2, 2), ciphers: FORWARD },
  { name: 'ELBSecurityPolicy-FS-1-2-Res-2020-10', protocols: from(2, 2), ciphers: RESTRICTED },
]
