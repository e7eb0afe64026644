import type { IncomingMessage, ServerResponse } from 'node:http'
import { parse } from 'yaml'
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

/** Where a registry keeps what its repositories hold. */
export interface RegistryStorage {
  world: World
  blobs: BlobStore
}

/** What of the configuration is acted upon. */
interface Settings {
  port: number
  root: string
  deletes: boolean
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
    const log = (level: string, text: string) =>
      process.complain(
        `time="${new Date(process.machine.clock.now()).toISOString()}" level=${level} msg=${JSON.stringify(text)} service=registry version=${version}\n`,
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
    const policy: RegistryPolicy = {
      authenticate: () => undefined,
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
    listenHttp(process, settings.port, (req, res) => answer(process, registry, req, res))
    await log(
      'warning',
      'No HTTP secret provided - generated random secret. This may cause problems with uploads if multiple registries are behind a load-balancer. To provide a shared secret, fill in http.secret in the configuration file or set the REGISTRY_HTTP_SECRET environment variable.',
    )
    await log('info', 'redis not configured')
    await log('info', 'using inmemory blob descriptor cache')
    await log('info', `listening on [::]:${settings.port}`)
    await process.waitFor(stopped)
    return 0
  }

/** Reads the configuration file and the variables that go before it; a text says what is wrong. */
async function readSettings(process: Process, file: string): Promise<Settings | string> {
  const { files } = process.machine
  if (!files.exists(file)) return `configuration error: open ${file}: no such file or directory`
  // biome-ignore lint/suspicious/noExplicitAny: a file that a learner may have written; what is read of it is checked below.
  let config: any
  try {
    config = parse(Buffer.from(await files.read(file)).toString()) ?? {}
  } catch (error) {
    return `configuration error: error parsing ${file}: ${(error as Error).message.split('\n')[0]}`
  }
  const value = (variable: string, ...path: string[]): string | undefined => {
    const given = process.env.get(`REGISTRY_${variable}`)
    // biome-ignore lint/suspicious/noExplicitAny: as above.
    const told = path.reduce((at: any, key) => at?.[key], config)
    return given ?? (told === undefined || typeof told === 'object' ? undefined : String(told))
  }
  const refused =
    (process.env.get('REGISTRY_AUTH') ?? config.auth)
      ? 'authentication'
      : value('HTTP_TLS_CERTIFICATE', 'http', 'tls', 'certificate')
        ? 'TLS'
        : value('PROXY_REMOTEURL', 'proxy', 'remoteurl')
          ? 'a pull-through cache'
          : undefined
  if (refused) return `drydock: ${refused} of a registry in a container is not simulated`
  return {
    port: Number((value('HTTP_ADDR', 'http', 'addr') ?? ':5000').split(':').pop()),
    root:
      value('STORAGE_FILESYSTEM_ROOTDIRECTORY', 'storage', 'filesystem', 'rootdirectory') ??
      '/var/lib/registry',
    deletes: value('STORAGE_DELETE_ENABLED', 'storage', 'delete', 'enabled') === 'true',
  }
}

function answer(process: Process, registry: Registry, req: IncomingMessage, res: ServerResponse): void {
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
  try {
    if (url.pathname === '/v2/_catalog') return listRepositories(metadata.repositories(), url, res)
    if (listed && metadata.manifests(listed).length === 0)
      throw new RegistryError(404, 'NAME_UNKNOWN', 'repository name not known to registry', {
        detail: { name: listed },
      })
  } catch (error) {
    return sendError(req, res, error)
  }
  registry.request(req, res)
}
