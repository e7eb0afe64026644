import { POPULAR } from './data/popular.ts'
import type { HubRepositories } from './repositories.ts'

/** A repository that was found, as `docker search` shows it. */
interface Found {
  /** Official ones without `library/`. */
  name: string
  description: string
  star_count: number
  is_official: boolean
  is_automated: boolean
  is_trusted: boolean
}

/** Public repositories with all words of a query in their name or description, the best known first. */
function matches(repositories: HubRepositories, query: string): Found[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean)
  return repositories
    .all()
    .flatMap((full): Found[] => {
      const record = repositories.get(full)
      if (!record || record.private) return []
      const name = full.replace(/^library\//, '')
      const description = record.description ?? POPULAR[full]?.description ?? ''
      const text = `${name} ${description}`.toLowerCase()
      if (!words.every((word) => text.includes(word))) return []
      const stars = POPULAR[full]?.stars ?? 0
      const is_official = full.startsWith('library/')
      return [{ name, description, star_count: stars, is_official, is_automated: false, is_trusted: false }]
    })
    .sort((a, b) => b.star_count - a.star_count || (a.name < b.name ? -1 : 1))
}

const positive = (text: string | null, fallback: number) => Math.max(Number(text ?? fallback) || fallback, 1)

/** `GET /v1/search?q=TERM&n=25&page=1` of index.docker.io, which the Docker Engine asks. */
export function searchV1(repositories: HubRepositories, query: URLSearchParams) {
  const found = matches(repositories, query.get('q') ?? '')
  const size = Math.min(positive(query.get('n'), 25), 100)
  const page = positive(query.get('page'), 1)
  return {
    num_pages: Math.ceil(found.length / size),
    num_results: found.length,
    results: found.slice((page - 1) * size, page * size),
    page_size: size,
    query: query.get('q') ?? '',
    page,
  }
}

/** A repository in `GET /v2/search/repositories?query=TERM` of hub.docker.com. */
export const searchV2 = (repositories: HubRepositories, query: string) =>
  matches(repositories, query).map(({ name, description, star_count, is_official }) => ({
    repo_name: name,
    short_description: description,
    star_count,
    pull_count: repositories.get(is_official ? `library/${name}` : name)?.pulls ?? 0,
    repo_owner: '',
    is_automated: false,
    is_official,
  }))
