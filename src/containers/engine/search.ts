import type { HostTransport } from '../images/transport.ts'
import { readAnswer } from '../images/transport.ts'
import { badRequest, EngineError } from './api.ts'

const FILTERS = new Set(['is-automated', 'is-official', 'stars'])

interface Result {
  name: string
  description: string
  star_count: number
  is_official: boolean
  is_automated: boolean
}

/**
 * `GET /images/search`: asks Docker Hub, as the engine does, and filters what it says. `limit` 0 means 25.
 * Throws EngineError.
 */
export async function searchImages(
  transport: HostTransport,
  term: string,
  limit: number,
  filters: Record<string, string[]>,
): Promise<Result[]> {
  for (const key of Object.keys(filters)) if (!FILTERS.has(key)) throw badRequest(`invalid filter '${key}'`)
  const flag = (name: string) => {
    const values = filters[name]
    if (!values) return undefined
    if (values.length === 1 && /^(true|1|false|0)$/i.test(values[0]!)) return /^(true|1)$/i.test(values[0]!)
    throw badRequest(`invalid filter '${name}=[${values.join(' ')}]'`)
  }
  const stars = (filters.stars ?? []).map((text) => {
    if (/^\d+$/.test(text)) return Number(text)
    throw badRequest(`invalid filter 'stars=[${text}]'`)
  })
  const official = flag('is-official')
  const automated = flag('is-automated')
  if (limit < 0 || limit > 100) throw badRequest(`limit ${limit} is outside the range of [1, 100]`)
  if (term === '' || term.includes('://'))
    throw badRequest(`invalid repository name (ex: "registry.domain.tld/myrepos")`)
  const { host, path } = indexOf(term)
  const query = new URLSearchParams({ q: path, n: String(limit || 25) })
  const answer = await transport.send(`https://${host}/v1/search?${query}`)
  const body = await readAnswer(answer)
  if (answer.statusCode !== 200) throw new EngineError(500, `Unexpected status code ${answer.statusCode}`)
  const { results } = JSON.parse(body.toString()) as { results: Result[] }
  return results
    .filter(
      (result) =>
        (official === undefined || result.is_official === official) &&
        (automated === undefined || result.is_automated === automated) &&
        stars.every((least) => result.star_count >= least),
    )
    .map(({ name, description, star_count, is_official, is_automated }) => ({
      ...{ star_count, is_official, name, is_automated, description },
    }))
}

/** The index that a term names; most name none and mean Docker Hub. */
function indexOf(term: string): { host: string; path: string } {
  const [first = '', ...rest] = term.split('/')
  const named = rest.length > 0 && (/[.:]/.test(first) || first === 'localhost')
  if (!named) return { host: 'index.docker.io', path: term.replace(/^library\//, '') }
  if (first === 'docker.io' || first === 'index.docker.io')
    return { host: 'index.docker.io', path: rest.join('/').replace(/^library\//, '') }
  return { host: first, path: rest.join('/') }
}
