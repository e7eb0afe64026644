import type { RepositoryContents } from '../registry/contents.ts'
import { type ImageManifest, type IndexManifest, isIndexType } from '../registry/manifest.ts'
import type { AccessToken, Account, Organization } from './accounts.ts'
import { POPULAR } from './data/popular.ts'
import type { HubRepositories } from './repositories.ts'

const iso = (time: number | undefined) => (time === undefined ? null : new Date(time).toISOString())

/** How Docker Hub's API shows what there is. */
export function hubViews({
  repositories,
  contents,
}: {
  repositories: HubRepositories
  contents: RepositoryContents
}) {
  const tags = (name: string): string[] => {
    const own = contents.metadata.tags(name).map(({ tag }) => tag)
    return [...new Set([...own, ...(contents.catalogue?.tags(contents.host, name) ?? [])])]
  }

  const list = <T>(results: T[]) => ({ count: results.length, next: null, previous: null, results })

  /** The page of a list that a request asks for; the links to others are whole URLs, as clients follow them. */
  function page<T, R>(items: T[], { origin, pathname, searchParams: query }: URL, view: (item: T) => R) {
    const size = Math.min(Math.max(Number(query.get('page_size') ?? 10) || 10, 1), 100)
    const number = Math.max(Number(query.get('page') ?? 1) || 1, 1)
    const results = items.slice((number - 1) * size, number * size).map(view)
    const link = (to: number) => `${origin}${pathname}?page=${to}&page_size=${size}`
    return {
      count: items.length,
      next: number * size < items.length ? link(number + 1) : null,
      previous: number > 1 ? link(number - 1) : null,
      results,
    }
  }

  const account = ({ name, uuid, createdAt }: Account) => ({
    id: uuid.replaceAll('-', ''),
    uuid,
    username: name,
    full_name: '',
    date_joined: iso(createdAt),
    type: 'User',
  })

  const organization = ({ name, uuid, createdAt }: Organization) => ({
    id: uuid.replaceAll('-', ''),
    uuid,
    orgname: name,
    full_name: '',
    date_joined: iso(createdAt),
    type: 'Organization',
  })

  const token = ({ uuid, label, scopes, active, createdAt, lastUsedAt }: AccessToken) => ({
    uuid,
    client_id: '',
    creator_ip: '',
    created_at: iso(createdAt),
    last_used: iso(lastUsedAt),
    generated_by: 'manual',
    is_active: active,
    token_label: label,
    scopes,
    token: '',
  })

  function repository(name: string) {
    const record = repositories.get(name)!
    const [namespace, short] = name.split('/')
    const updated = contents.metadata.tags(name).map(({ updatedAt }) => updatedAt)
    return {
      user: namespace,
      name: short,
      namespace,
      repository_type: 'image',
      status: 1,
      status_description: 'active',
      description: record.description ?? POPULAR[name]?.description ?? '',
      full_description: record.fullDescription ?? '',
      is_private: record.private,
      is_automated: false,
      star_count: POPULAR[name]?.stars ?? 0,
      pull_count: record.pulls ?? 0,
      last_updated: iso(updated.length > 0 ? Math.max(...updated) : record.createdAt),
      date_registered: iso(record.createdAt),
      collaborator_count: 0,
      hub_user: namespace,
    }
  }

  async function tag(repositoryName: string, name: string) {
    const manifest = (await contents.readManifest(repositoryName, name))!
    const stored = contents.metadata.tag(repositoryName, name)
    const images = []
    if (isIndexType(manifest.mediaType)) {
      for (const { digest, platform } of (JSON.parse(manifest.bytes.toString()) as IndexManifest).manifests) {
        const part = await contents.readManifest(repositoryName, digest)
        if (part) images.push({ ...platform, digest, size: sizeOf(part.bytes), status: 'active' })
      }
    } else
      images.push({
        os: 'linux',
        architecture: 'amd64',
        digest: manifest.digest,
        size: sizeOf(manifest.bytes),
        status: 'active',
      })
    return {
      name,
      digest: manifest.digest,
      media_type: manifest.mediaType,
      content_type: 'image',
      full_size: images[0]?.size ?? 0,
      images,
      last_updated: iso(stored?.updatedAt),
      tag_status: 'active',
      tag_last_pushed: iso(stored?.updatedAt),
    }
  }

  async function tagPage(name: string, url: URL) {
    const { results, ...rest } = page(tags(name), url, (one) => one)
    const shown = []
    for (const one of results) shown.push(await tag(name, one))
    return { ...rest, results: shown }
  }

  return { list, page, account, organization, token, repository, tags, tag, tagPage }
}

/** Compressed bytes of an image. */
function sizeOf(bytes: Buffer): number {
  const { config, layers } = JSON.parse(bytes.toString()) as ImageManifest
  return layers.reduce((sum, { size }) => sum + size, config.size)
}
