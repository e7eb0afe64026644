import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { parse, stringify } from 'yaml'
import { tarEnd, tarHeader, tarPadding } from '#containers/files/tar.ts'
import type { HostTable, HttpHost } from '#network/hosts.ts'

/** Charts that a world's Helm can reach, each a folder. */
const CHARTS = fileURLToPath(new URL('charts/', import.meta.url))
/** When the charts were written; Helm shows it. */
const CREATED = '2025-10-21T00:00:00Z'
const HOST = 'aws.github.io'
const BASE = '/eks-charts/'

interface Chart {
  name: string
  version: string
  archive: Buffer
  index: Record<string, unknown>
}

/** The chart repository https://aws.github.io/eks-charts, with the charts that the simulation has a model of. */
export function helmRepository(): HostTable {
  let charts: Chart[] | undefined
  const host: HttpHost = {
    kind: 'http',
    request(req, res) {
      charts ??= readdirSync(CHARTS).map(readChart)
      const path = new URL(req.url ?? '/', `https://${HOST}`).pathname
      const chart = charts.find(({ name, version }) => path === `${BASE}${name}-${version}.tgz`)
      const body = path === `${BASE}index.yaml` ? indexOf(charts) : chart?.archive
      const type = chart ? 'application/gzip' : body ? 'text/yaml; charset=utf-8' : 'text/plain'
      const content =
        body ??
        `Drydock knows no ${path} on ${HOST}; its charts are: ${charts.map(({ name }) => name).join(', ')}\n`
      res.writeHead(body ? 200 : 404, { 'content-type': type, 'content-length': Buffer.byteLength(content) })
      res.end(req.method === 'HEAD' ? undefined : content)
    },
  }
  return { resolve: (name, port) => (name === HOST && port === 443 ? host : undefined) }
}

function indexOf(charts: Chart[]): string {
  const entries = Object.fromEntries(charts.map(({ name, index }) => [name, [index]]))
  return stringify({ apiVersion: 'v1', entries, generated: CREATED })
}

function readChart(folder: string): Chart {
  const root = join(CHARTS, folder)
  const metadata = parse(readFileSync(join(root, 'Chart.yaml'), 'utf8'))
  const files = readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
    .sort()
  const mtime = Date.parse(CREATED) / 1000
  const parts = files.flatMap((name) => {
    const content = readFileSync(join(root, name))
    const header = { type: 'file', mode: 0o644, uid: 0, gid: 0, mtime, size: content.length } as const
    return [tarHeader({ ...header, name: `${folder}/${name}` }), content, tarPadding(content.length)]
  })
  const archive = gzipSync(Buffer.concat([...parts, tarEnd()]))
  const digest = createHash('sha256').update(archive).digest('hex')
  const { name, version } = metadata
  const index = { ...metadata, created: CREATED, digest, urls: [`${name}-${version}.tgz`] }
  return { name, version, archive, index }
}
