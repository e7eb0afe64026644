import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import type { Arrivals } from '../lti/arrivals.ts'
import { newWindowPage } from '../lti/new-window.ts'
import { LaunchRefused } from '../lti/refused.ts'
import { LTI_PATHS, type LtiTool } from '../lti/tool.ts'
import { contentPolicy } from '../security/content-policy.ts'
import type { Door } from '../sign-in/door.ts'

const answerBody = z.object({ state: z.string(), id_token: z.string() })
const errorBody = z.object({ error: z.string().max(200) })
const stateQuery = z.object({ state: z.string().max(100) })

const elsewhere = { config: { access: 'anyone', fromElsewhere: true } } as const

export interface LtiRoutesOptions {
  tool: LtiTool
  arrivals: Arrivals
  door: Door
}

/** The routes by which learning platforms send people here. */
export async function ltiRoutes(
  app: FastifyInstance,
  { tool, arrivals, door }: LtiRoutesOptions,
): Promise<void> {
  app.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string' },
    (_request, body: string, done) => done(null, Object.fromEntries(new URLSearchParams(body))),
  )

  /** Sends on, or to the page that says that it did not work: why is for the log. */
  const go = async (request: FastifyRequest, reply: FastifyReply, where: () => Promise<string> | string) => {
    const location = await Promise.try(where).catch(async (error: unknown) => {
      if (!(error instanceof LaunchRefused)) throw error
      request.log.warn({ reason: error.message }, 'a launch by a learning platform was refused')
      await door.keptOut(request, 'lti')
      return '/sign-in/#launch-refused'
    })
    // 303: whatever came by a POST goes on by a GET.
    return reply.header('cache-control', 'no-store').redirect(location, 303)
  }

  const login = (request: FastifyRequest, reply: FastifyReply, given: unknown) => {
    const dest = request.headers['sec-fetch-dest']
    if (dest === 'iframe' || dest === 'frame') {
      const parameters = z.record(z.string(), z.string()).catch({}).parse(given)
      const again = `${LTI_PATHS.login}?${new URLSearchParams(parameters)}`
      const page = newWindowPage(again, request.headers['accept-language'])
      return reply
        .removeHeader('x-frame-options')
        .header('content-security-policy', contentPolicy(page, undefined, '*'))
        .header('cache-control', 'no-store')
        .type('text/html; charset=utf-8')
        .send(page)
    }
    return go(request, reply, async () => {
      const { location, cookie } = await tool.begin(given)
      reply.header('set-cookie', cookie)
      return location
    })
  }
  app.get(LTI_PATHS.login, elsewhere, (request, reply) => login(request, reply, request.query))
  app.post(LTI_PATHS.login, elsewhere, (request, reply) => login(request, reply, request.body))

  app.post(LTI_PATHS.launch, elsewhere, (request, reply) =>
    go(request, reply, () => {
      const answer = answerBody.safeParse(request.body)
      if (!answer.success) {
        const error = errorBody.safeParse(request.body).data?.error
        throw new LaunchRefused(
          error === undefined ? 'the answer is none' : `the platform says ${JSON.stringify(error)}`,
        )
      }
      const { state, id_token } = answer.data
      tool.answer(state, id_token)
      return `${LTI_PATHS.launch}?${new URLSearchParams({ state })}`
    }),
  )
  app.get(LTI_PATHS.launch, elsewhere, (request, reply) =>
    go(request, reply, async () => {
      const { success, data } = stateQuery.safeParse(request.query)
      if (!success) throw new LaunchRefused('nobody has launched')
      const launch = await tool.finish(data.state, request.headers)
      const { person, page } = await arrivals.arrive(launch, request.ip)
      reply.header('set-cookie', tool.done)
      await door.letIn(request, reply, person, 'lti')
      return page
    }),
  )
  app.get(LTI_PATHS.keys, elsewhere, async (_request, reply) =>
    reply.header('cache-control', 'public, max-age=300').send(tool.keys),
  )
}
