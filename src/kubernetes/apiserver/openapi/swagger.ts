type Json = Record<string, unknown>

/** The parts of an OpenAPI v2 document that grow with what is served. */
export interface Swagger {
  paths: Json
  definitions: Json
}

/** `swagger`, `info` and what else says nothing about a cluster. */
export const SWAGGER_HEAD = { swagger: '2.0', info: { title: 'Kubernetes', version: 'unversioned' } }

/** OpenAPI v3 documents as one of v2, in which clients of before 1.27 and `kubectl explain --output=plaintext-openapiv2` read. */
export function swaggerOf(documents: Json[]): Swagger {
  const paths: Json = {}
  const definitions: Json = {}
  for (const document of documents) {
    const { schemas = {} } = (document.components ?? {}) as { schemas?: Record<string, Json> }
    for (const [name, schema] of Object.entries(schemas)) definitions[name] ??= schemaOf(schema)
    for (const [path, item] of Object.entries((document.paths ?? {}) as Record<string, Json>))
      paths[path] = pathItem(item)
  }
  return { paths, definitions }
}

const METHODS = ['get', 'put', 'post', 'delete', 'patch']

function pathItem(item: Json): Json {
  const out: Json = {}
  for (const [key, value] of Object.entries(item)) {
    out[key] = METHODS.includes(key) ? operation(value as Json) : parameters(value as Json[])
  }
  return out
}

function operation({ parameters: query, requestBody, responses, ...rest }: Json): Json {
  const body = requestBody
    ? [{ name: 'body', in: 'body', required: true, schema: schemaOf(contentOf(requestBody as Json)) }]
    : []
  const answers = Object.entries(responses as Record<string, Json>).map(([code, answer]) => [
    code,
    { description: answer.description, schema: schemaOf(contentOf(answer)) },
  ])
  return {
    consumes: ['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf'],
    produces: ['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf'],
    schemes: ['https'],
    ...rest,
    parameters: [...body, ...parameters(query as Json[])],
    responses: Object.fromEntries(answers),
  }
}

const contentOf = ({ content }: Json): Json =>
  (content as Record<string, { schema: Json }>)['application/json']!.schema

const parameters = (list: Json[]): Json[] =>
  list.map(({ schema, ...rest }) => ({ uniqueItems: true, ...rest, ...(schema as Json) }))

const DROPPED = new Set(['default', 'allOf', 'oneOf', 'anyOf', 'not', 'nullable'])

function schemaOf(schema: Json): Json {
  const out: Json = {}
  for (const [key, value] of Object.entries(schema)) {
    if (DROPPED.has(key)) continue
    if (key === '$ref') out[key] = (value as string).replace('#/components/schemas/', '#/definitions/')
    else if (key === 'properties') out[key] = mapValues(value as Record<string, Json>, schemaOf)
    else if (key === 'items') out[key] = schemaOf(value as Json)
    else if (key === 'additionalProperties' && typeof value === 'object') out[key] = schemaOf(value as Json)
    else out[key] = value
  }
  const [only] = (schema.allOf ?? []) as Json[]
  if (only?.$ref) Object.assign(out, schemaOf(only))
  // A number or a text: v2 has no way to say so.
  if (schema.oneOf && !out.type && !out.$ref) out.type = 'string'
  return out
}

const mapValues = (object: Record<string, Json>, change: (value: Json) => Json): Json =>
  Object.fromEntries(Object.entries(object).map(([key, value]) => [key, change(value)]))
