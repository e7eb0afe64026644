import type { FastifyInstance, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { FILE_LIMIT, FILE_PATH, WorkspaceFileError } from '#workspace/files.ts'
import { watchHome } from '#workspace/home-watch.ts'
import type { FileEntry } from '../api.ts'
import type { LabSession } from '../lab-session.ts'
import { notFound, Problem } from '../problem.ts'
import { sendEvents } from './events.ts'

const access = { config: { access: 'signed-in' } } as const
const filePath = z.object({ path: z.string().max(2000).regex(FILE_PATH, 'names joined by "/"') })
const saved = z.strictObject({ text: z.string(), version: z.string().max(64).optional() })
const schemaQuery = z.object({ apiVersion: z.string().min(1).max(300) })

/** The routes of a lab's files: the tree, live, and each file. */
export function fileRoutes(
  app: FastifyInstance,
  session: (request: FastifyRequest) => Promise<LabSession>,
): void {
  const files = async (request: FastifyRequest) => (await session(request)).place.files()
  const path = (request: FastifyRequest) => filePath.parse(request.query).path

  app.get('/api/labs/:lab/files', access, async (request, reply) => {
    const { home, files } = await (await session(request)).place.files()
    sendEvents<FileEntry[]>(reply, (listener) => {
      const list = () => void files.list().then(listener, (error) => request.log.error(error))
      const watch = watchHome(home, list)
      list()
      return watch
    })
  })
  app.get('/api/labs/:lab/file', access, async (request) =>
    answered(path(request), async (at) => (await files(request)).files.read(at)),
  )
  app.put('/api/labs/:lab/file', { ...access, bodyLimit: 2 * FILE_LIMIT }, async (request) => {
    const { text, version } = saved.parse(request.body)
    ;(await session(request)).place.home.assertRoom()
    return answered(path(request), async (at) => ({
      version: await (await files(request)).files.write(at, text, version),
    }))
  })
  app.delete('/api/labs/:lab/file', access, async (request, reply) => {
    await answered(path(request), async (at) => (await files(request)).files.remove(at))
    return reply.code(204).send()
  })
  app.post('/api/labs/:lab/file/reset', access, async (request) =>
    answered(path(request), async (at) => (await files(request)).files.reset(at)),
  )
  app.get('/api/labs/:lab/schemas', access, async (request) => {
    const { apiVersion } = schemaQuery.parse(request.query)
    const schemas = await (await session(request)).world.schemas(apiVersion)
    if (!schemas) throw notFound(`No cluster of this lab serves ${apiVersion}.`)
    return schemas
  })
}

/** What went wrong with a file, in words. */
async function answered<T>(path: string, act: (path: string) => Promise<T>): Promise<T> {
  try {
    return await act(path)
  } catch (error) {
    if (error instanceof WorkspaceFileError) throw PROBLEMS[error.code](path)
    throw error
  }
}

const PROBLEMS: Record<WorkspaceFileError['code'], (path: string) => Problem> = {
  'not-found': (path) => notFound(`There is no file ${path}.`),
  'no-text': (path) =>
    new Problem(415, { code: 'no-text', what: `${path} is no text.`, next: 'Look at it in the terminal.' }),
  'too-large': (path) =>
    new Problem(413, {
      code: 'too-large',
      what: `${path} is larger than ${FILE_LIMIT / 1024} KiB.`,
      next: 'Use an editor in the terminal.',
    }),
  changed: (path) =>
    new Problem(409, {
      code: 'changed',
      what: `${path} has changed on disk since it was opened.`,
      why: 'A command in the terminal, or another window, wrote to it.',
      next: 'Look at the difference, then keep yours or take the one on disk.',
    }),
  refused: (path) =>
    new Problem(403, {
      code: 'refused',
      what: `${path} cannot be opened here.`,
      why: 'It is a link, a folder or something else that is no plain file in your home folder.',
    }),
}
