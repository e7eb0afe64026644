/**
 * A classroom at work on one server: `node bench/classroom.ts [learners] [minutes] [--kill] [--processes=N] [--limit=MINUTES]`, 10
 * learners and 2 minutes when left out. Each has a world with an EKS cluster of two nodes and an open terminal, types `kubectl` and `aws`
 * at a human pace, and has their step checked, by the button and whenever their cloud changes; who is seated works while others come.
 * `--kill` ends the cloud's process (its gate, where there are several) with SIGKILL in the middle. `--processes` is how many the worlds
 * are spread over; the product's own choice when left out. After `--limit` minutes in all (15), or at Ctrl+C, it ends with what it has.
 * Tells every 15 s how far it is. Prints the echo of keys, the time of checks and commands, memory and CPU, the start of the last
 * learner, and what went wrong. Exits with 1 if anything did, if an acknowledged object is not there at the end, or if it was ended
 * before its time. Its limit in the same run: the first learner alone.
 */
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Cohort } from '../src/classroom/cohorts.ts'
import { UNISOLATED } from '../src/server/settings.ts'
import { assertBubblewrap } from '../src/workspace/sandbox/bubblewrap.ts'
import { ServedClassroom } from '../test/support/classroom/served.ts'
import { freePort } from '../test/support/free-port.ts'
import { firstAdministrator } from '../test/support/hosted.ts'
import { ClassroomRun } from './classroom/run.ts'

const TELL_EVERY = 15_000

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    kill: { type: 'boolean', default: false },
    processes: { type: 'string' },
    limit: { type: 'string', default: '15' },
  },
})
const learners = Number(positionals[0] ?? 10)
const minutes = Number(positionals[1] ?? 2)

const isolated = await assertBubblewrap().then(
  () => true,
  () => false,
)
const data = await mkdtemp(join(tmpdir(), 'drydock-classroom-'))
const server = await ServedClassroom.start({
  data,
  port: await freePort(),
  ...(values.processes !== undefined && { processes: Number(values.processes) }),
  isolation: isolated ? 'bubblewrap' : UNISOLATED,
})
const admin = await firstAdministrator(server)
const { body: cohort } = await admin.call<Cohort>('POST', '/api/cohorts', { name: 'Bench' })

const run = new ClassroomRun(server, { learners, minutes, kill: values.kill })
const tell = async () => console.error(await run.progress())
const telling = setInterval(tell, TELL_EVERY)
const stopped = new AbortController()
const limit = setTimeout(() => stopped.abort('its time limit'), Number(values.limit) * 60_000)
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopped.abort(signal))
await Promise.race([run.run(cohort), once(stopped.signal, 'abort')])
clearTimeout(limit)
clearInterval(telling)
const cutShort = stopped.signal.aborted
if (cutShort) await tell()

console.log(
  [
    `${learners} learners, ${minutes} minutes${values.kill ? ', cloud killed in the middle' : ''}, terminals ${isolated ? 'in sandboxes' : 'NOT isolated (no bubblewrap here)'}, ${(await server.processes()).length} processes of worlds, load ${loadavg()[0]!.toFixed(0)}`,
    ...(cutShort ? [`CUT SHORT by ${stopped.signal.reason}: what there was until then`] : []),
    run.figures(),
  ].join('\n'),
)
run.close()
await server.close()
await rm(data, { recursive: true, force: true })
process.exit(run.isFlawless && !cutShort ? 0 : 1)
