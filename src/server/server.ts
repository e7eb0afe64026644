import { mkdir, readFile } from 'node:fs/promises'
import { createServer as createHttpServer, type RequestListener } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import Fastify, {
  type FastifyBaseLogger,
  type FastifyRequest,
  type FastifyServerOptions,
  LogController,
} from 'fastify'
import { sql } from 'kysely'
import type { Logger } from 'pino'
import { CheckRunner } from '#checks/runner.ts'
import { Classroom } from '#classroom/classroom.ts'
import { newSecret } from '#course/certificate.ts'
import { openDatabase } from '#database/database.ts'
import { Hints } from '#database/hints.ts'
import { StartedLabs } from '#database/labs.ts'
import { LessonRecords } from '#database/lessons.ts'
import { Marks } from '#database/marks.ts'
import { Moments } from '#database/moments.ts'
import { Passes } from '#database/passes.ts'
import { OWNER, People } from '#database/people.ts'
import { DatabaseProgress } from '#database/progress.ts'
import { keptSecret } from '#database/secrets.ts'
import { Sessions } from '#database/sessions.ts'
import { Statements } from '#database/statements.ts'
import { TerminalRecords } from '#database/terminals.ts'
import type { Lab } from '#labs/lab.ts'
import { loadLessons } from '#labs/lesson.ts'
import { loadLabs } from '#labs/load.ts'
import { loadPaths } from '#labs/paths.ts'
import { PreparedWorlds } from '#labs/starts.ts'
import { doctor } from '#workspace/doctor.ts'
import { shellEnvironment } from '#workspace/environment.ts'
import { writeLearnerFiles } from '#workspace/home.ts'
import { SandboxedWorkspace } from '#workspace/sandbox/workspace.ts'
import { LocalWorkspace, type Workspace } from '#workspace/terminals.ts'
import type { Toolbox } from '#workspace/tools/install.ts'
import { StartedAws } from '#workspace/tools/started-aws/started-aws.ts'
import { Admission } from './admission.ts'
import { Attainments } from './attainments.ts'
import { Closing } from './closing.ts'
import { type GivenCloud, ServerCloud } from './cloud.ts'
import { Course } from './course.ts'
import { guard, identify, logRequests } from './hooks.ts'
import {
  assertEncrypted,
  firstInvitation,
  type HostedOptions,
  hostedRoutes,
  hostedWork,
  signInWays,
} from './hosted.ts'
import { LabSessions } from './lab-sessions.ts'
import { LabTerminals } from './lab-terminals.ts'
import { createLogger } from './logger.ts'
import { openLti } from './lti/lti.ts'
import { Metrics } from './metrics.ts'
import { Operations } from './operations.ts'
import { servePages } from './pages.ts'
import { previewPattern } from './previews/pattern.ts'
import { Previews } from './previews/previews.ts'
import { answerProblems, notFound } from './problem.ts'
import { courseRoutes } from './routes/course.ts'
import { labRoutes } from './routes/labs.ts'
import { previewRoutes } from './routes/previews.ts'
import { sessionRoutes } from './routes/session.ts'
import { terminalRoutes } from './routes/terminals.ts'
import { Scratch } from './scratch.ts'
import { collectAccess, type RouteAccess } from './security/access.ts'
import { assertLoopback } from './security/address.ts'
import { AllowList } from './security/allow-list.ts'
import { Connections } from './security/connections.ts'
import { Identities } from './security/identity.ts'
import { SignInLink } from './security/link.ts'
import { Tickets } from './security/tickets.ts'
import { SessionRecords } from './session-records.ts'
import type { Settings } from './settings.ts'
import { TerminalSockets } from './terminal-socket.ts'
import { LearningRecords } from './xapi/learning-records.ts'
import { Outbox } from './xapi/outbox.ts'
import { RecordStore } from './xapi/record-store.ts'

export interface ServerOptions {
  /** Where progress and homes are kept. */
  data: string
  /** Serves many people as these settings say; without them one person, on the loopback. */
  hosting?: Settings
  /** A loopback address; default 127.0.0.1. Throws for any other. */
  host?: string
  /** Default 4321; 0 takes any free one. */
  port?: number
  /** The cloud; the server listens before it is there, and ends it at its own end. */
  cloud: Promise<GivenCloud>
  /** The learner's tools; the server listens before they are there. */
  toolbox: Promise<Toolbox>
  /** The folder of the built pages; the server says "getting ready" before it is there. */
  site: Promise<string>
  labs?: Promise<Lab[]>
  /** The folder of learning paths; this checkout's when left out. */
  paths?: string
  workspace?: Workspace
  runner?: Pick<CheckRunner, 'run' | 'warm' | 'close'>
  /** Until a silent WebSocket is dropped, ms. */
  attachTimeout?: number
  /** Until requests that trickle in are given up, ms; see node:http. */
  slowRequests?: { headersTimeout?: number; requestTimeout?: number; connectionsCheckingInterval?: number }
  /** How often homes are measured, ms. */
  homesEvery?: number
  /** Fastify's; default: warnings and errors to standard error. */
  logger?: FastifyServerOptions['logger']
  /** The log of a hosted server; made from the settings when left out. */
  log?: Logger
}

export interface RunningServer {
  url: string
  /** The address to open: it signs the owner in, or invites the first administrator; else as `url`. */
  link: string
  /** The routes of the API, and whom each is for. */
  routes: readonly RouteAccess[]
  /** Settles when cloud, tools and terminals are warm; rejects with what did not start. */
  ready: Promise<void>
  /** Ends the server and its cloud; terminals go on unless told to end, too. */
  close(options?: { terminals?: 'keep' | 'end' }): Promise<void>
}

const DAY = 24 * 3600 * 1000
/** A browser of this machine stays signed in for a year, ms. */
const LOCAL_SESSION = 365 * DAY
/** Until a request that trickles in is given up, ms: its headers, all of it; and how often that is looked at. */
const SLOW_REQUESTS = { headersTimeout: 15_000, requestTimeout: 60_000, connectionsCheckingInterval: 5_000 }
/** A body is at most so long, bytes: the API takes none but small ones. */
const BODY_LIMIT = 64 * 1024
/** Checks of many people that run at once: one that waits for what never answers must not hold all others up. */
const HOSTED_CHECKS = 4

/** Starts the server: listens at once, and gets the rest ready meanwhile. */
export async function createServer(options: ServerOptions): Promise<RunningServer> {
  const { hosting } = options
  const host = hosting?.host ?? options.host ?? '127.0.0.1'
  if (hosting) assertEncrypted(hosting)
  else assertLoopback(host)
  await mkdir(options.data, { recursive: true, mode: 0o700 })

  const tls = hosting?.tls && (await readTls(hosting.tls))
  // Known once the port is: nothing is answered before.
  let previews: Previews | undefined
  const app = Fastify({
    ...(hosting
      ? { loggerInstance: (options.log ?? createLogger(hosting.log)) as FastifyBaseLogger }
      : { logger: options.logger ?? { level: 'warn', stream: process.stderr } }),
    bodyLimit: BODY_LIMIT,
    logController: new LogController({ disableRequestLogging: true }),
    forceCloseConnections: true,
    trustProxy: hosting?.trustProxy ?? false,
    // A preview is another site on the same port: none of our routes, hooks and headers is for it.
    serverFactory: (pages) => {
      const answer: RequestListener = (req, res) => {
        const preview = previews?.idOf(req.headers.host)
        if (preview === undefined) pages(req, res)
        else
          previews!.request(preview, req, res).catch((error) => {
            onError(error)
            res.destroy()
          })
      }
      const timeouts = { ...SLOW_REQUESTS, ...options.slowRequests }
      return tls ? createHttpsServer({ ...tls, ...timeouts }, answer) : createHttpServer(timeouts, answer)
    },
  })
  const metrics = new Metrics()
  const onError = (error: unknown) => {
    metrics.failed()
    app.log.error(error)
  }
  const database = await openDatabase(hosting?.database ?? join(options.data, 'drydock.db'))
  const people = new People(database)
  const signedIn = new Sessions(database)
  await signedIn.deleteExpired(Date.now())
  const classroom = hosting && new Classroom(database)
  const workspace = options.workspace ?? (await openWorkspace(join(options.data, 'pty-host'), hosting))
  const terminals = new LabTerminals(workspace, new TerminalRecords(database))
  const cloud = new ServerCloud(options.cloud)
  const threads = hosting ? HOSTED_CHECKS : 1
  const runner = metrics.watchChecks(options.runner ?? new CheckRunner({ threads }))
  // A class begins its labs together: what each start asks the AWS CLI is a fork of one that is started.
  const aws = hosting && options.toolbox.then((toolbox) => StartedAws.of(toolbox))
  // Whoever prepares a world gets the error.
  aws?.catch(() => {})
  const worlds = new PreparedWorlds({
    cloud: cloud.client,
    folder: join(options.data, 'starts'),
    async environment(world, home) {
      await writeLearnerFiles(home, world)
      const environment = shellEnvironment({ world, toolbox: await options.toolbox, home })
      const started = await aws
      return started ? { ...environment, PATH: started.before(environment.PATH!) } : environment
    },
  })
  const statements = new Statements(database)
  const outbox = hosting?.xapi && new Outbox({ statements, store: new RecordStore(hosting.xapi), onError })
  const told =
    hosting?.xapi &&
    classroom &&
    outbox &&
    new LearningRecords({
      url: new URL(hosting.url).origin,
      tell: hosting.xapi.people,
      people,
      started: new StartedLabs(database),
      cohorts: classroom.cohorts,
      paths: () => loadPaths(options.paths),
      outbox,
      onError,
    })
  const lti =
    hosting &&
    (await openLti({
      settings: hosting,
      database,
      result: (person, lab) => sessions.result(person, lab),
      onError,
    }))
  const records =
    hosting &&
    new SessionRecords(hosting.replayDays, join(options.data, 'recordings'), new Moments(database), onError)
  const admission = new Admission(hosting?.labsAtOnce, cloud)
  const sessions = new LabSessions(
    {
      folder: join(options.data, 'workspaces'),
      cloud,
      worlds,
      toolbox: options.toolbox,
      runner,
      progress: new DatabaseProgress(database),
      started: new StartedLabs(database),
      hints: new Hints(database),
      marks: new Marks(database),
      terminals,
      admission,
      ...(classroom && { classroom }),
      told,
      gradebook: lti?.gradebook,
      ...(records && records.days > 0 && { records }),
      onError,
    },
    options.labs ?? loadLabs(),
  )
  const tickets = new Tickets()
  const connections = new Connections()

  // Known once the port is: nothing is answered before.
  let allowed = new AllowList([])
  let url = ''
  let identities!: Identities
  let site: string | undefined
  const sockets = new TerminalSockets({
    allowed: () => allowed,
    identities: () => identities,
    connections,
    tickets,
    terminals,
    ...(classroom && { looks: classroom.looks }),
    attachTimeout: options.attachTimeout,
    onError,
  })

  answerProblems(app)
  metrics.watchRequests(app)
  const closing = new Closing()
  guard(app, () => allowed)
  closing.watch(app)
  if (hosting) logRequests(app)
  const routes = collectAccess(app)
  const find = identify(app, () => identities, connections)
  const identityOf = (request: FastifyRequest) => find(request)!
  const course = new Course({
    records: new LessonRecords(database),
    passes: new Passes(database),
    started: new StartedLabs(database),
    secret: await keptSecret(database, 'seal', newSecret),
    lessons: () => loadLessons(),
    paths: () => loadPaths(options.paths),
    told,
    labs: () => sessions.outlines(),
    summaries: (learner) => sessions.summaries(learner),
    scratch: new Scratch({
      cloud,
      worlds,
      terminals,
      toolbox: options.toolbox,
      folder: join(options.data, 'answers'),
      onError,
    }),
  })
  const attainments =
    hosting && classroom && new Attainments({ classroom, people, course, soon: hosting.remindDays * DAY })
  const hosted: HostedOptions | undefined = hosting &&
    classroom &&
    records &&
    attainments && {
      settings: hosting,
      attainments,
      database,
      people,
      signedIn,
      connections,
      classroom,
      sessions,
      terminals,
      tickets,
      lti,
      records,
      onError,
      identities: () => identities,
      find,
    }
  const ownerLink = new SignInLink()
  if (hosted) {
    sessionRoutes(app, { identities: () => identities, find, ...signInWays(hosted.settings) })
    hostedRoutes(app, hosted)
  } else {
    if (!(await people.find(OWNER.id))) await people.add(OWNER, Date.now())
    sessionRoutes(app, {
      identities: () => identities,
      find,
      ways: ['link'],
      link: { link: ownerLink, person: OWNER.id },
    })
  }
  labRoutes(app, sessions, terminals, identityOf)
  courseRoutes(app, {
    course,
    identityOf,
    issuer: () => url,
    freeName: !hosting,
  })
  terminalRoutes(app, terminals, tickets, identityOf)
  previewRoutes(app, sessions, () => previews!, identityOf)
  app.get('/api/doctor', { config: { access: 'signed-in' } }, async () =>
    doctor({ toolbox: await options.toolbox }),
  )
  app.all('/api/*', { config: { access: 'anyone' } }, async () => {
    throw notFound('The API has no such path.', 'Reload the page.')
  })
  await servePages(
    app,
    () => site,
    () => url,
    () => previews?.frames,
  )
  app.server.on('upgrade', (request, socket, head) => {
    const preview = previews?.idOf(request.headers.host)
    const upgraded =
      preview === undefined
        ? sockets.upgrade(request, socket, head)
        : previews!.upgrade(preview, request, socket, head)
    upgraded.catch((error) => {
      onError(error)
      socket.destroy()
    })
  })

  const wanted = hosting?.port ?? options.port ?? 4321
  await app.listen({ host, port: wanted }).catch(async (error: NodeJS.ErrnoException) => {
    await outbox?.close()
    await database.destroy()
    if (error.code !== 'EADDRINUSE') throw error
    throw new Error(
      `Port ${wanted} is taken, perhaps by another Drydock. End that, or choose another with --port.`,
    )
  })
  const { port } = app.server.address() as AddressInfo
  url = hosting ? new URL(hosting.url).origin : `http://${host.includes(':') ? `[${host}]` : host}:${port}`
  const { protocol, host: publicHost } = new URL(url)
  const secure = protocol === 'https:'
  allowed = hosting ? new AllowList([publicHost], secure ? 'https' : 'http') : AllowList.loopback(port)
  previews = new Previews({
    pattern: previewPattern(url, hosting?.previews),
    pages: allowed.origins,
    isSignedIn: async (session) => (await signedIn.person(session, Date.now())) !== undefined,
    connections,
  })
  identities = new Identities(signedIn, connections, {
    cookie: secure ? '__Host-drydock' : `drydock-${port}`,
    secure,
    lifetime: hosting ? hosting.sessionDays * DAY : LOCAL_SESSION,
  })
  const link =
    hosting && classroom ? ((await firstInvitation(people, classroom, hosting)) ?? url) : ownerLink.href(url)

  metrics.watchState({
    processes: async () => (await cloud.client).processes(),
    terminals: async () => [...(await workspace.list()).values()].filter(({ running }) => running).length,
    connections: () => sockets.connections,
    waiting: () => admission.waiting,
    cloudUp: () => cloud.status === 'up',
    statements: outbox && (() => statements.count()),
  })
  const operations =
    hosting?.operations &&
    (await Operations.listen(
      hosting.operations,
      {
        server: () => !closing.begun,
        database: () => sql`select 1`.execute(database),
        cloud: () => cloud.status === 'up',
        terminals: () => workspace.list(),
        pages: () => site !== undefined,
      },
      metrics,
    ))
  const work = hosted && hostedWork(hosted, options.homesEvery)

  const siteReady = options.site.then((folder) => {
    site = folder
  })
  runner.warm()
  const ready = Promise.all([cloud.client, options.toolbox, workspace.list(), siteReady]).then(() => {})
  ready.catch(onError)

  return {
    url,
    link,
    routes,
    ready,
    async close({ terminals = 'keep' } = {}) {
      const worked = work?.close()
      sessions.tellClosing()
      await closing.begin((hosting?.shutdownSeconds ?? 0) * 1000)
      await worked
      sessions.close()
      admission.close()
      sockets.close()
      await app.close()
      await operations?.close()
      await runner.close()
      await (terminals === 'end' ? workspace.stop() : workspace.close())
      await (await aws?.catch(() => undefined))?.close()
      await cloud.stop()
      await told?.settled()
      await outbox?.close()
      await database.destroy()
    },
  }
}

async function readTls({
  certificate,
  key,
}: NonNullable<Settings['tls']>): Promise<{ cert: Buffer; key: Buffer }> {
  const [cert, secret] = await Promise.all([readFile(certificate), readFile(key)])
  return { cert, key: secret }
}

function openWorkspace(folder: string, hosting: Settings | undefined): Promise<Workspace> | Workspace {
  return hosting?.isolation === 'bubblewrap'
    ? SandboxedWorkspace.open({ folder })
    : new LocalWorkspace(folder)
}
