import { createSecureContext, type SecureContext } from 'node:tls'
import { readContent } from '../../files/nodes.ts'
import { resolvePath } from '../../files/tree.ts'
import type { Process } from '../../processes/process.ts'
import { type Directive, find, findAll, NginxConfigError } from './config.ts'

/** The certificates of server blocks, read when nginx reads its configuration. */
const certificates = new WeakMap<readonly Directive[], SecureContext>()

/**
 * Reads what the servers with `listen … ssl` show. Throws NginxConfigError with nginx's text.
 * https://nginx.org/en/docs/http/configuring_https_servers.html
 */
export async function loadCertificates(process: Process, config: readonly Directive[]): Promise<void> {
  const http = find(config, 'http')?.block ?? []
  for (const { block = [], file, line } of findAll(http, 'server')) {
    const secure = findAll(block, 'listen').some(({ args }) => args.includes('ssl'))
    if (!secure) continue
    const read = async (name: string) => {
      const path = (find(block, name) ?? find(http, name))?.args[0]
      if (!path)
        throw new NginxConfigError(
          `no "${name}" is defined for the "listen ... ssl" directive in ${file}:${line}`,
        )
      const node = process.machine.files.find(resolvePath('/etc/nginx', path))
      if (node?.kind === 'file') return Buffer.from(await readContent(node.content))
      const what = name === 'ssl_certificate' ? 'certificate' : 'certificate key'
      throw new NginxConfigError(
        `cannot load ${what} "${path}": BIO_new_file() failed (SSL: error:80000002:system library::No such file or directory:calling fopen(${path}, r) error:10000080:BIO routines::no such file)`,
      )
    }
    const cert = await read('ssl_certificate')
    const key = await read('ssl_certificate_key')
    certificates.set(block, createSecureContext({ cert, key }))
  }
}

/** The certificate that a port shows, that of its first server; undefined when the port speaks plain HTTP. */
export function certificateOf(
  servers: readonly (readonly Directive[])[],
  port: number,
): SecureContext | undefined {
  const secure = servers.find((block) =>
    findAll(block, 'listen').some(({ args }) => portOf(args[0]!) === port && args.includes('ssl')),
  )
  return secure && certificates.get(secure)
}

/** The port of a `listen` address. */
export const portOf = (text: string): number => Number(/^(?:.*:)?(\d+)$/.exec(text)?.[1] ?? 80)
