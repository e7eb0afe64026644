import type { IncomingMessage, ServerResponse } from 'node:http'
import type { HttpHost } from '#network/hosts.ts'
import { blob } from './blob-endpoint.ts'
import { type Call, json, sendError, text } from './call.ts'
import { type RegistryOptions, RepositoryContents } from './contents.ts'
import { listReferrers, listTags } from './discovery-endpoint.ts'
import { manifests } from './manifest-endpoint.ts'
import { type RegistryAction, RegistryError } from './policy.ts'
import { uploads } from './upload-endpoint.ts'

/** Name grammar of the distribution specification. */
const NAME = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/

/** One registry host: the OCI distribution API 1.1 over the blob store, ruled by a policy. */
export class Registry implements HttpHost {
  readonly kind = 'http'
  readonly host: string
  /** What its repositories hold; for APIs beside this one (ECR's own). */
  readonly contents: RepositoryContents

  constructor(options: RegistryOptions) {
    this.host = options.host
    this.contents = new RepositoryContents(options)
  }

  request(req: IncomingMessage, res: ServerResponse): void {
    this.#handle(req, res).catch((error) => {
      if (res.headersSent) res.destroy()
      else sendError(req, res, error)
    })
  }

  async #handle(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const { policy } = this.contents
    res.setHeader('docker-distribution-api-version', 'registry/2.0')
    if (!this.contents.world.fairUse.call()) throw new RegistryError(429, 'TOOMANYREQUESTS', 'Rate exceeded')
    const url = new URL(req.url ?? '/', `https://${this.host}`)
    const path = decodeURIComponent(url.pathname)
    if (path === '/v2/' || path === '/v2') {
      await policy.authenticate(req, undefined)
      return json(res, 200, {})
    }
    const route = matchRoute(path)
    // As CNCF Distribution answers: no code of the specification fits.
    if (!route) return text(res, 404, '404 page not found\n')
    const { repository } = route
    const action = actionOf(req.method!, route)
    if (!NAME.test(repository) || repository.length > 255) {
      throw new RegistryError(400, 'NAME_INVALID', 'invalid repository name', {
        detail: { name: repository },
      })
    }
    const identity = await policy.authenticate(req, { action, repository })
    await policy.authorize(identity, action, repository)
    await policy.requireRepository(identity, action, repository)
    const call: Call = { req, res, url, repository, identity, contents: this.contents }
    switch (route.type) {
      case 'tags':
        return listTags(call)
      case 'referrers':
        return listReferrers(call, route.reference)
      case 'manifests':
        return manifests(call, route.reference)
      case 'blobs':
        return blob(call, route.reference)
      case 'uploads':
        return uploads(call, route.reference)
    }
  }
}

interface Route {
  type: 'tags' | 'referrers' | 'manifests' | 'blobs' | 'uploads'
  repository: string
  reference: string
}

function matchRoute(path: string): Route | undefined {
  const match =
    /^\/v2\/(.+)\/(?:(tags)\/list|(referrers|manifests)\/([^/]+)|blobs\/(uploads)\/([^/]*)|(blobs)\/([^/]+))$/.exec(
      path,
    ) ?? /^\/v2\/(.+)\/blobs\/(uploads)$/.exec(path)
  if (!match) return undefined
  const type = match[2] ?? match[3] ?? match[5] ?? match[7]
  return {
    type: type as Route['type'],
    repository: match[1]!,
    reference: match[4] ?? match[6] ?? match[8] ?? '',
  }
}

function actionOf(method: string, { type }: Route): RegistryAction {
  if (method === 'GET' || method === 'HEAD') return type === 'uploads' ? 'push' : 'pull'
  return method === 'DELETE' && type !== 'uploads' ? 'delete' : 'push'
}
