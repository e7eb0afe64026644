import type { IncomingMessage } from 'node:http'
import { parse } from 'yaml'
import { StatusError } from '../../api.ts'
import { badRequest, unsupportedMediaType } from '../errors.ts'
import { isObject, type Json, type Obj } from '../json.ts'

/** Largest request body that an API server reads. */
const LIMIT = 3 * 1024 * 1024

/** The whole body. Throws RequestEntityTooLarge. */
export async function readBody(req: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of req) {
    size += (chunk as Buffer).length
    if (size > LIMIT) {
      throw new StatusError(413, 'RequestEntityTooLarge', `Request entity too large: limit is ${LIMIT}`)
    }
    chunks.push(chunk as Buffer)
  }
  return Buffer.concat(chunks).toString('utf8')
}

export const mediaType = (req: IncomingMessage): string =>
  (req.headers['content-type'] ?? '').split(';')[0]!.trim().toLowerCase()

/** The object in a body, JSON or YAML. Throws BadRequest or UnsupportedMediaType. */
export function parseObject(text: string, type: string): Obj {
  const value = parseValue(text, type)
  if (!isObject(value)) throw badRequest('the request body must be an object')
  return value
}

export function parseValue(text: string, type: string): Json {
  const isYaml = type === 'application/yaml'
  if (type !== '' && type !== 'application/json' && !isYaml) {
    throw unsupportedMediaType(['application/json', 'application/yaml'])
  }
  try {
    return isYaml ? parse(text) : JSON.parse(text)
  } catch (error) {
    throw badRequest(
      `the object provided is unrecognized (must be of type ${isYaml ? 'YAML' : 'JSON'}): ${(error as Error).message}`,
    )
  }
}
