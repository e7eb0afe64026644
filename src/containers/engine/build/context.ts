import { createWriteStream } from 'node:fs'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { readContent } from '../../files/nodes.ts'
import { type FileTree, resolvePath } from '../../files/tree.ts'
import { badRequest } from '../api.ts'
import { type Instruction, parseDockerfile } from './dockerfile.ts'
import { ignoreMatcher } from './dockerignore.ts'

/** The instructions of the Dockerfile at a path of the context. Throws EngineError. */
export async function readDockerfile(context: FileTree, name: string): Promise<Instruction[]> {
  const node = context.lookup(resolvePath('/', name))
  if (node?.kind !== 'file') throw badRequest(`Cannot locate specified Dockerfile: ${name}`)
  const text = Buffer.from(await readContent(node.content)).toString()
  if (text.trim() === '') throw badRequest(`the Dockerfile (${name}) cannot be empty`)
  return parseDockerfile(text)
}

/**
 * Takes the Dockerfile and .dockerignore out of the context when .dockerignore says so: clients send them all the same,
 * because the builder has to read them.
 */
export async function dropIgnored(context: FileTree, dockerfile: string): Promise<void> {
  const node = context.lookup('/.dockerignore')
  if (node?.kind !== 'file') return
  const ignored = ignoreMatcher(Buffer.from(await readContent(node.content)).toString())
  for (const name of [dockerfile.replace(/^\/+/, ''), '.dockerignore'])
    if (ignored(name) && context.lookup(`/${name}`)) context.remove(`/${name}`)
}

/** Writes the context to a file, unpacking gzip. Throws EngineError when it is empty. */
export async function receiveContext(body: Readable, file: string): Promise<void> {
  const iterator = body[Symbol.asyncIterator]()
  const first = await iterator.next()
  if (first.done) throw badRequest('build context is empty')
  async function* all() {
    yield first.value as Buffer
    for (;;) {
      const { done, value } = await iterator.next()
      if (done) return
      yield value as Buffer
    }
  }
  const gzip = first.value[0] === 0x1f && first.value[1] === 0x8b
  if (gzip) await pipeline(all, createGunzip(), createWriteStream(file))
  else await pipeline(all, createWriteStream(file))
}
