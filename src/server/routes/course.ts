import type { FastifyInstance, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { progressFileSchema } from '#course/progress-file.ts'
import type { CertificateState } from '../api.ts'
import type { Course } from '../course.ts'
import type { IdentityOf } from './labs.ts'
import { labelled } from './parameters.ts'

const access = { config: { access: 'signed-in' } } as const
const anyone = { config: { access: 'anyone' } } as const
/** A progress file is at most so long, bytes: some thousand answers. */
const FILE_LIMIT = 1024 * 1024

const lessonParameters = z.object({ track: labelled, lesson: labelled })
const readBody = z.strictObject({
  answers: z.record(z.string().regex(/^\d{1,2}$/), z.string().max(2000)).default({}),
})
const answerBody = z.strictObject({
  question: z.int().min(0).max(99),
  command: z.string().trim().min(1).max(2000),
})
const certificateBody = z.strictObject({
  path: labelled,
  name: z.string().trim().min(1).max(100).optional(),
})
const verifyBody = z.strictObject({ code: z.string().max(4000) })

export interface CourseRoutesOptions {
  course: Course
  identityOf: IdentityOf
  /** The address of this server, for certificates. */
  issuer: () => string
  /** Whether people may say who they are: where one person uses the machine, who has no account. */
  freeName: boolean
}

/** The routes of progress in the course, and of certificates. */
export function courseRoutes(
  app: FastifyInstance,
  { course, identityOf, issuer, freeName }: CourseRoutesOptions,
): void {
  const learner = (request: FastifyRequest) => identityOf(request).learner
  app.get('/api/progress', access, (request) => course.state(learner(request)))
  app.put('/api/progress/lessons/:track/:lesson', access, (request) => {
    const { track, lesson } = lessonParameters.parse(request.params)
    const { answers } = readBody.parse(request.body)
    return course.read(learner(request), `${track}/${lesson}`, answers, Date.now())
  })
  app.post('/api/lessons/:track/:lesson/answers', access, (request) => {
    const { track, lesson } = lessonParameters.parse(request.params)
    const answer = answerBody.parse(request.body)
    return course.answer(learner(request), `${track}/${lesson}`, { ...answer, at: Date.now() })
  })
  app.get('/api/progress/file', access, async (request, reply) => {
    const { learner: id, name } = identityOf(request)
    reply.header('content-disposition', 'attachment; filename="drydock-progress.json"')
    return course.export(id, name, Date.now())
  })
  app.post('/api/progress/file', { ...access, bodyLimit: FILE_LIMIT }, (request) =>
    course.import(learner(request), progressFileSchema.parse(request.body)),
  )
  app.post('/api/certificates', access, async (request) => {
    const { path, name } = certificateBody.parse(request.body)
    const identity = identityOf(request)
    const code = await course.certify(identity.learner, path, {
      name: (freeName && name) || identity.name,
      issuer: issuer(),
      at: Date.now(),
    })
    return { code }
  })
  app.post('/api/certificates/verify', anyone, async (request): Promise<CertificateState> => {
    const certificate = course.seal.open(verifyBody.parse(request.body).code)
    return certificate ? { certificate } : {}
  })
  app.get('/api/certificates/key', anyone, async () => course.seal.publicKey)
}
