import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { stripVTControlCharacters } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { CheckReport } from '../../src/checks/finding.ts'
import type { Cohort } from '../../src/classroom/cohorts.ts'
import { UNISOLATED } from '../../src/server/settings.ts'
import { Ids } from '../../src/world/ids.ts'
import { Learner } from '../support/classroom/learner.ts'
import { ServedClassroom } from '../support/classroom/served.ts'
import { freePort } from '../support/free-port.ts'
import { firstAdministrator } from '../support/hosted.ts'
import { TestPostgres } from '../support/postgres.ts'

const LAB = 'same-image-twice'
const LEARNERS = 3
/** Another seed gives other moments: DRYDOCK_KILL_SEED=2. */
const chance = new Ids(process.env.DRYDOCK_KILL_SEED ?? '1')
/** A kill comes at most so long after everybody works again, ms. */
const LATEST = 1500

let data: string
let postgres: TestPostgres
let classroom: ServedClassroom
let people: Working[]

beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'drydock-kill-classroom-'))
  postgres = await TestPostgres.start()
  classroom = await ServedClassroom.start({
    data,
    port: await freePort(),
    database: await postgres.database(),
    processes: 2,
    isolation: UNISOLATED,
  })
  const admin = await firstAdministrator(classroom)
  const { body: cohort } = await admin.call<Cohort>('POST', '/api/cohorts', { name: 'Storm' })
  people = await Promise.all(
    Array.from(
      { length: LEARNERS },
      async (_, n) => new Working(await Learner.start(classroom, cohort, `Learner ${n}`, LAB)),
    ),
  )
})
afterAll(async () => {
  for (const person of people ?? []) person.learner.close()
  await classroom?.close()
  await postgres.close()
  await rm(data, { recursive: true, force: true, maxRetries: 5 })
})

/** A learner who makes, saves and passes things one after the other, and remembers what was acknowledged. */
class Working {
  readonly learner: Learner
  readonly acknowledged = {
    volumes: [] as string[],
    files: [] as string[],
    typed: [] as string[],
    passed: [] as string[],
  }
  #next = 0
  #done = false
  #progress: (() => void)[] = []
  readonly over: Promise<void>

  constructor(learner: Learner) {
    this.learner = learner
    this.over = this.#work()
  }

  /** Resolves when one more of each kind of work has been acknowledged. */
  async worksAgain(): Promise<void> {
    const before = this.#counts()
    while (this.#counts().some((count, kind) => count <= before[kind]!))
      await new Promise<void>((resolve) => this.#progress.push(resolve))
  }

  end(): Promise<void> {
    this.#done = true
    return this.over
  }

  #counts(): number[] {
    const { volumes, files, typed } = this.acknowledged
    return [volumes, files, typed].map(({ length }) => length)
  }

  async #work(): Promise<void> {
    const { learner, acknowledged } = this
    const kinds = {
      volumes: async (name: string) => (await learner.run(`docker volume create ${name}`)).code === 0,
      files: async (name: string) => {
        const path = `/api/labs/${LAB}/file?path=${name}.txt`
        return (await learner.visitor.call('PUT', path, { text: name })).status === 200
      },
      typed: async (name: string) => (await learner.run(`echo ${name} > ${name}.typed`)).code === 0,
      passed: async () => {
        if ((await learner.run('docker build --quiet --tag site:v1 site')).code !== 0) return false
        const { status, body } = await learner.visitor.call<CheckReport>(
          'POST',
          `/api/labs/${LAB}/steps/build/check`,
        )
        return status === 200 && body.status === 'passed'
      },
    }
    while (!this.#done) {
      for (const kind of Object.keys(kinds) as (keyof typeof kinds)[]) {
        if (kind === 'passed' && acknowledged.passed.length > 0) continue
        const name = `n-${this.#next++}`
        // What a kill cut off was not acknowledged: it may be there or not.
        if (!(await kinds[kind](name).catch(() => false))) {
          await pause(50)
          continue
        }
        acknowledged[kind].push(name)
        for (const told of this.#progress.splice(0)) told()
      }
    }
  }
}

/** What a command prints, without what a shell says to the terminal. */
async function lines(learner: Learner, command: string): Promise<string[]> {
  return stripVTControlCharacters((await learner.run(command)).output).split(/[\r\n]+/)
}

/** Ends a process with SIGKILL, and starts again what a service manager would. */
const kills: Record<string, () => Promise<void>> = {
  server: async () => {
    await classroom.kill()
    await classroom.run()
  },
  'the cloud’s gate': async () => void process.kill(classroom.cloud, 'SIGKILL'),
  'a process of worlds': async () => {
    const processes = await classroom.processes()
    process.kill(processes[chance.number(processes.length)]!.pid, 'SIGKILL')
  },
  'the terminals’ process': async () => void process.kill(await classroom.terminals(), 'SIGKILL'),
  database: async () => {
    await postgres.kill()
    await postgres.run()
  },
}

it.each(Object.keys(kills))(
  'everybody works on by themselves after a kill of %s',
  async (victim) => {
    await pause(chance.number(LATEST))
    await kills[victim]!()
    await Promise.all(people.map((person) => person.worksAgain()))
  },
  120_000,
)

it('has lost nothing that was acknowledged', async () => {
  await Promise.all(people.map((person) => person.end()))
  for (const { learner, acknowledged } of people) {
    const { volumes, files, typed, passed } = acknowledged
    expect(await lines(learner, 'docker volume ls --quiet')).toEqual(expect.arrayContaining(volumes))
    for (const name of files) {
      const { body } = await learner.visitor.call<{ text: string }>(
        'GET',
        `/api/labs/${LAB}/file?path=${name}.txt`,
      )
      expect(body.text).toBe(name)
    }
    expect(await lines(learner, 'cat *.typed')).toEqual(expect.arrayContaining(typed))
    expect(passed).toHaveLength(1)
    expect((await learner.state()).steps[0]).toMatchObject({ id: 'build', status: 'passed' })
  }
}, 60_000)
