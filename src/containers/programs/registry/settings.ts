import { createSecureContext, type SecureContext } from 'node:tls'
import { parse } from 'yaml'
import { readContent } from '../../files/nodes.ts'
import type { Process } from '../../processes/process.ts'

/** What of the configuration is acted upon. */
export interface Settings {
  port: number
  root: string
  deletes: boolean
  /** Missing: plain HTTP. */
  tls: SecureContext | undefined
  /** Missing: anybody may do anything. */
  htpasswd: { realm: string; path: string } | undefined
}

/** Reads the configuration file and the variables that go before it; a text says what is wrong. */
export async function readSettings(process: Process, file: string): Promise<Settings | string> {
  const { files } = process.machine
  if (!files.exists(file)) return `configuration error: open ${file}: no such file or directory`
  // biome-ignore lint/suspicious/noExplicitAny: a file that a learner may have written; what is read of it is checked below.
  let config: any
  try {
    config = parse(Buffer.from(await files.read(file)).toString()) ?? {}
  } catch (error) {
    return `configuration error: error parsing ${file}: ${(error as Error).message.split('\n')[0]}`
  }
  /** `http.tls.certificate` stands in the variable `REGISTRY_HTTP_TLS_CERTIFICATE`, or in the file. */
  const value = (path: string): string | undefined => {
    const given = process.env.get(`REGISTRY_${path.toUpperCase().replaceAll('.', '_')}`)
    // biome-ignore lint/suspicious/noExplicitAny: as above.
    const told = path.split('.').reduce((at: any, key) => at?.[key], config)
    return (
      given ?? (told === undefined || told === null || typeof told === 'object' ? undefined : String(told))
    )
  }
  const refused = value('proxy.remoteurl')
    ? 'a pull-through cache'
    : value('http.tls.letsencrypt.email')
      ? "a certificate of Let's Encrypt"
      : (value('http.tls.clientcas') ?? config.http?.tls?.clientcas)
        ? 'TLS with certificates of clients'
        : undefined
  if (refused) return `drydock: ${refused} of a registry in a container is not simulated`
  const auth = value('auth') ?? Object.keys(config.auth ?? {})[0]
  const [realm, path] = [value('auth.htpasswd.realm'), value('auth.htpasswd.path')]
  if (auth !== undefined && auth !== 'htpasswd')
    return `drydock: authentication of a registry in a container by "${auth}" is not simulated, htpasswd is`
  const wanted = auth !== undefined || realm !== undefined || path !== undefined
  if (wanted && (realm === undefined || path === undefined))
    return `unable to configure authorization (htpasswd): ${JSON.stringify(realm === undefined ? 'realm' : 'path')} must be set for htpasswd access controller`
  const tls = await readCertificate(process, value('http.tls.certificate'), value('http.tls.key'))
  if (typeof tls === 'string') return tls
  return {
    port: Number((value('http.addr') ?? ':5000').split(':').pop()),
    root: value('storage.filesystem.rootdirectory') ?? '/var/lib/registry',
    deletes: value('storage.delete.enabled') === 'true',
    tls,
    htpasswd: wanted ? { realm: realm!, path: path! } : undefined,
  }
}

/** What the server shows; a text of Go's crypto/tls says why there is none. */
async function readCertificate(
  process: Process,
  certificate: string | undefined,
  key: string | undefined,
): Promise<SecureContext | string | undefined> {
  if (certificate === undefined) return undefined
  const texts: Buffer[] = []
  for (const [path, what] of [
    [certificate, 'certificate'],
    [key ?? '', 'key'],
  ] as const) {
    const node = process.machine.files.find(path)
    if (node?.kind !== 'file') return `open ${path}: no such file or directory`
    const bytes = Buffer.from(await readContent(node.content))
    if (!bytes.includes('-----BEGIN ')) return `tls: failed to find any PEM data in ${what} input`
    texts.push(bytes)
  }
  try {
    return createSecureContext({ cert: texts[0], key: texts[1] })
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ERR_OSSL_X509_KEY_VALUES_MISMATCH'
      ? 'tls: private key does not match public key'
      : `tls: failed to parse private key: ${(error as Error).message}`
  }
}
