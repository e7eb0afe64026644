import type { IncomingMessage, ServerResponse } from 'node:http'
import type { World } from '#world/world.ts'
import type { BlobStore } from '../blobs/store.ts'
import type { Process, Program } from '../processes/process.ts'
import { sendError, unsupported } from '../registry/call.ts'
import { listRepositories } from '../registry/discovery-endpoint.ts'
import { dataHost, newDataFile, savedDataId } from '../registry/local-data.ts'
import { RegistryError, type RegistryPolicy } from '../registry/policy.ts'
import { Registry } from '../registry/registry.ts'
import { clientAddress, countBody, listenHttp } from './http-listener.ts'
import { localTime } from './nginx/times.ts'
import { CATALOG, HtpasswdAccess, type Log, type Needed, neededFor } from './registry/access.ts'
import { readSettings } from './registry/settings.ts'

/** Where a registry keeps what its repositories hold. */
export interface RegistryStorage {
  world: World
  blobs: BlobStore
}

/**
 * `registry`, the image of CNCF Distribution: a registry that anybody may use, in a container. Its folder holds an id, by which
 * the world's store has its repositories; so they live as long as the volume.
 * https://distribution.github.io/distribution/about/configuration/
 */
export const registryProgram =
  ({ world, blobs }: RegistryStorage, version: string): Program =>
  async (process) => {
    const [, command = '', file = '/etc/docker/registry/config.yml'] = process.argv
    if (command === '--version' || command === '-v') {
      await process.print(`registry github.com/docker/distribution ${version}\n`)
      return 0
    }
    if (command !== 'serve') {
      await process.complain(
        command === 'garbage-collect'
          ? 'drydock: what no manifest names is removed by itself after a day: garbage-collect has nothing to do\n'
          : 'Usage:\n  registry [flags]\n  registry [command]\n\nAvailable Commands:\n  garbage-collect `garbage-collect` deletes layers not referenced by any manifests\n  help            Help about any command\n  serve           `serve` stores and distributes Docker images\n',
      )
      return command === 'garbage-collect' || command === '' || command === 'help' ? 0 : 1
    }
    const log: Log = (level, text, fields = {}) =>
      process.complain(
        `time="${new Date(process.machine.clock.now()).toISOString()}" level=${level} msg=${JSON.stringify(text)} ${Object.entries(
          { ...fields, service: 'registry', version },
        )
          .map(([name, value]) => `${name}=${value}`)
          .join(' ')}\n`,
      )
    const settings = await readSettings(process, file)
    if (typeof settings === 'string') {
      await log('fatal', settings)
      return 1
    }
    const { machine } = process
    const data = `${settings.root}/docker/registry/v2`
    if (savedDataId(machine.files.exists(data) ? machine.files.listSync(data) : []) === undefined) {
      machine.files.makeFolder(data, { recursive: true })
      machine.files.writeSync(`${data}/${newDataFile(world.ids.hex(32))}`, new Uint8Array())
    }
    const access = settings.htpasswd && new HtpasswdAccess(process, settings.htpasswd, log)
    await access?.prepare()
    const admit: Served['admit'] = (req, needed) => access?.authenticate(req, needed)
    const policy: RegistryPolicy = {
      authenticate: (req, needed) => admit(req, needed && neededFor(needed.action, needed.repository)),
      authorize(_identity, action) {
        if (action === 'delete' && !settings.deletes) throw unsupported()
      },
      requireRepository() {},
    }
    const registry = new Registry({
      host: dataHost(savedDataId(machine.files.listSync(data))!),
      world,
      blobs,
      policy,
    })
    const stopped = new Promise<void>((resolve) => {
      for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => resolve())
    })
    listenHttp(
      process,
      settings.port,
      (req, res) => answer(process, { registry, admit }, req, res),
      settings.tls,
    )
    await log(
      'warning',
      'No HTTP secret provided - generated random secret. This may cause problems with uploads if multiple registries are behind a load-balancer. To provide a shared secret, fill in http.secret in the configuration file or set the REGISTRY_HTTP_SECRET environment variable.',
    )
    await log('info', 'redis not configured')
    await log('info', 'using inmemory blob descriptor cache')
    await log('info', `listening on [::]:${settings.port}${settings.tls ? ', tls' : ''}`)
    await process.waitFor(stopped)
    return 0
  }

interface Served {
  registry: Registry
  /** Throws the challenge for who may not. */
  admit: (req: IncomingMessage, needed: readonly Needed[] | undefined) => Promise<void> | undefined
}

function answer(
  process: Process,
  { registry, admit }: Served,
  req: IncomingMessage,
  res: ServerResponse,
): void {
  const sent = countBody(res)
  res.once('finish', () => {
    const time = localTime(process.machine.clock.now())
    const line = `${clientAddress(req)} - - [${time}] "${req.method} ${req.url} HTTP/${req.httpVersion}" ${res.statusCode} ${sent()} "" "${req.headers['user-agent'] ?? ''}"\n`
    void process.print(line).catch(() => {})
  })
  res.setHeader('x-content-type-options', 'nosniff')
  const url = new URL(req.url ?? '/', 'http://registry')
  if (url.pathname === '/') return void res.writeHead(200, { 'cache-control': 'no-cache' }).end()
  const { metadata } = registry.contents
  const listed = /^\/v2\/(.+)\/tags\/list$/.exec(decodeURIComponent(url.pathname))?.[1]
  const lists = async () => {
    if (url.pathname === '/v2/_catalog') {
      await admit(req, CATALOG)
      return listRepositories(metadata.repositories(), url, res)
    }
    if (listed && metadata.manifests(listed).length === 0) {
      await admit(req, neededFor('pull', listed))
      throw new RegistryError(404, 'NAME_UNKNOWN', 'repository name not known to registry', {
        detail: { name: listed },
      })
    }
    registry.request(req, res)
  }
  lists().catch((error) => sendError(req, res, error))
}
