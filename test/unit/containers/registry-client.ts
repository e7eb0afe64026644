import { digestOf } from '#containers/blobs/digest.ts'
import { readAnswer } from '#containers/images/transport.ts'
import { type Lab, REGISTRY } from './lab.ts'

export const MANIFEST = 'application/vnd.oci.image.manifest.v1+json'
export const INDEX = 'application/vnd.oci.image.index.v1+json'
export const CONFIG = 'application/vnd.oci.image.config.v1+json'
export const LAYER = 'application/vnd.oci.image.layer.v1.tar'

const auth = { authorization: `Basic ${Buffer.from('AWS:token').toString('base64')}` }

export interface Answer {
  status: number
  headers: Record<string, string | string[] | undefined>
  text: string
  /** `code` of the first error in the body. */
  code: string | undefined
}

/** Asks a lab's registry as a plain HTTP client does. */
export function registryClient(lab: Lab, host = REGISTRY, headers: Record<string, string> = auth) {
  async function ask(
    method: string,
    path: string,
    options: { headers?: Record<string, string>; body?: string | Buffer } = {},
  ): Promise<Answer> {
    const body = options.body === undefined ? undefined : Buffer.from(options.body)
    const answer = await lab.transport.send(new URL(path, `https://${host}`), {
      method,
      headers: { ...headers, ...options.headers },
      body,
    })
    const text = (await readAnswer(answer)).toString()
    return { status: answer.statusCode!, headers: answer.headers, text, code: errorCode(text) }
  }

  const upload = (repository: string, content: string) =>
    ask('POST', `/v2/${repository}/blobs/uploads/?digest=${digestOf(content)}`, { body: content })

  /** Pushes a manifest as it is. */
  async function putManifest(repository: string, reference: string, value: object, type = MANIFEST) {
    const body = JSON.stringify(value)
    const answer = await ask('PUT', `/v2/${repository}/manifests/${reference}`, {
      headers: { 'content-type': type },
      body,
    })
    return { answer, body, digest: digestOf(body) }
  }

  /** Pushes an image of one layer. */
  async function pushImage(repository: string, tag: string, layer: string, extra: object = {}) {
    await upload(repository, '{}')
    await upload(repository, layer)
    return putManifest(repository, tag, image(layer, extra))
  }

  return { ask, upload, putManifest, pushImage }
}

/** The manifest of an image of one layer with the empty configuration. */
export const image = (layer: string, extra: object = {}) => ({
  schemaVersion: 2,
  mediaType: MANIFEST,
  config: { mediaType: CONFIG, digest: digestOf('{}'), size: 2 },
  layers: [{ mediaType: LAYER, digest: digestOf(layer), size: layer.length }],
  ...extra,
})

function errorCode(text: string): string | undefined {
  try {
    return JSON.parse(text).errors?.[0]?.code
  } catch {
    return undefined
  }
}
