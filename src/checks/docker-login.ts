/** The name under which `docker login` keeps the password of Docker Hub. */
const HUB = 'https://index.docker.io/v1/'

/** The base64 of `user:password` for a registry's host in the text of a `~/.docker/config.json`; undefined: not logged in. */
export function dockerLogin(config: string | undefined, host: string): string | undefined {
  if (!config) return undefined
  try {
    const { auths = {} } = JSON.parse(config) as { auths?: Record<string, { auth?: string }> }
    return auths[host.endsWith('docker.io') ? HUB : host]?.auth
  } catch {
    return undefined
  }
}
