/** The resolver of a machine's own network, at its link-local address: a VPC's is there, too. */
export const OWN_RESOLVER = '169.254.169.253'

/** Name servers of the internet that answer anybody, with their own names. */
export const PUBLIC_RESOLVERS = new Map([
  ['1.1.1.1', 'one.one.one.one'],
  ['1.0.0.1', 'one.one.one.one'],
  ['8.8.8.8', 'dns.google'],
  ['8.8.4.4', 'dns.google'],
  ['9.9.9.9', 'dns9.quad9.net'],
])
