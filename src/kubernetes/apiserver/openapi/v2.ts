import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { Kinds } from '../kinds/kinds.ts'
import { encodeSwagger } from './gnostic.ts'
import { SWAGGER_HEAD, swaggerOf } from './swagger.ts'

/** The media type of protobuf by its two names: the older one cannot be parsed as a type. */
const PROTOBUF = /application\/com\.github\.proto-openapi\.spec\.v2[@.]v1\.0\+protobuf/
const PROTOBUF_TYPE = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf'

interface Document {
  json: Buffer
  protobuf: Buffer
  etag: string
}

/** `/openapi/v2`: what `buildOpenApi` wrote, with the kinds of CustomResourceDefinitions. */
export class OpenApiV2 {
  readonly #folder: string
  readonly #kinds: Kinds
  /** Gives the v3 documents of custom kinds, as text. */
  readonly #custom: () => Promise<string[]>
  #built: { state: string; document: Promise<Document> } | undefined

  constructor(folder: string, kinds: Kinds, custom: () => Promise<string[]>) {
    this.#folder = folder
    this.#kinds = kinds
    this.#custom = custom
  }

  /** The document in the form that is asked for, with its media type. */
  async answer(accept: string): Promise<{ body: Buffer; type: string; etag: string }> {
    const { json, protobuf, etag } = await this.#document()
    return PROTOBUF.test(accept)
      ? { body: protobuf, type: PROTOBUF_TYPE, etag }
      : { body: json, type: 'application/json', etag }
  }

  #document(): Promise<Document> {
    const state = this.#kinds.state()
    if (this.#built?.state !== state) this.#built = { state, document: this.#build() }
    return this.#built.document
  }

  async #build(): Promise<Document> {
    const [paths, definitions, fixed, texts] = await Promise.all([
      readFile(`${this.#folder}/paths.json`, 'utf8'),
      readFile(`${this.#folder}/definitions.json`, 'utf8'),
      readFile(`${this.#folder}/document.pb`),
      this.#custom(),
    ])
    const custom = swaggerOf(texts.map((text) => JSON.parse(text)))
    const head = JSON.stringify(SWAGGER_HEAD).slice(0, -1)
    const json = Buffer.from(
      `${head},"paths":${joined(paths, custom.paths)},"definitions":${joined(definitions, custom.definitions)}}`,
    )
    const protobuf = texts.length > 0 ? Buffer.concat([fixed, encodeSwagger(custom)]) : fixed
    const etag = `"${createHash('sha512').update(json).digest('hex').toUpperCase()}"`
    return { json, protobuf, etag }
  }
}

/** A JSON object with more members, without reading it. */
const joined = (text: string, more: object): string => {
  const other = JSON.stringify(more)
  return other === '{}' ? text : `${text.slice(0, -1)},${other.slice(1)}`
}
