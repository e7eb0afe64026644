/**
 * The proxy that the environment names for an https URL, as curl and Go programs read it: `HTTPS_PROXY`, but not for the
 * hosts and domains in `NO_PROXY`.
 */
export function environmentProxy(url: string, env: NodeJS.ProcessEnv = process.env): string | undefined {
  const proxy = env.HTTPS_PROXY ?? env.https_proxy
  if (!proxy || !URL.canParse(url)) return undefined
  const { hostname } = new URL(url)
  const direct = (env.NO_PROXY ?? env.no_proxy ?? '')
    .split(',')
    .map((entry) => entry.trim().replace(/^\*?\./, ''))
    .some((entry) => entry === '*' || hostname === entry || (entry !== '' && hostname.endsWith(`.${entry}`)))
  return direct ? undefined : proxy
}
