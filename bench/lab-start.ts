/**
 * From "Start the lab" to a prompt with a working cloud, warm: `node bench/lab-start.ts`. Exits with 1 if the aim is missed.
 * Beside it, in the same run, the limit: a bare bash in a pty, with the same home folder and environment.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts'
import { spawn } from 'node-pty'
import { simulatedTarget } from '../src/checks/target.ts'
import { TargetClients } from '../src/checks/target-clients.ts'
import { prepare } from '../src/cli/prepare.ts'
import type { WorldInfo } from '../src/cloud/api.ts'
import { startCloud } from '../src/cloud/supervisor.ts'
import { loadLab } from '../src/labs/load.ts'
import type { LabState } from '../src/server/api.ts'
import { shellEnvironment } from '../src/workspace/environment.ts'
import { makeHome } from '../src/workspace/home.ts'
import { TestServer } from '../test/support/server.ts'

const AIM_MS = 300
const ROUNDS = 20
/** Starts before the first that counts. */
const WARM_UP = 3
const PROMPT = ' $'

const toolbox = await prepare()
const folder = await mkdtemp(join(tmpdir(), 'drydock-bench-'))
const cloud = await startCloud({ directory: join(folder, 'cloud') })
const lab = await loadLab('first-eks-cluster')
// A lab is started once; so each round has one of its own.
const ids = Array.from({ length: WARM_UP + ROUNDS }, (_, n) => `${lab.id}-${n}`)
const server = await TestServer.start({
  cloud: Promise.resolve(cloud),
  toolbox: Promise.resolve(toolbox),
  labs: Promise.resolve(ids.map((id) => ({ ...lab, id }))),
})

/** What the page does when the button is pressed; ms until the prompt is there and until STS has answered. */
async function start(id: string): Promise<{ prompt: number; answered: number; world: WorldInfo }> {
  const begin = performance.now()
  const { body } = await server.call<LabState>('POST', `/api/labs/${id}/start`)
  const terminals = await server.call<{ id: string }[]>('GET', `/api/labs/${id}/terminals`)
  const page = await server.attach(terminals.body[0]!.id)
  // What came before the page did is on the screen that it gets.
  const { screen } = await page.message('attached')
  if (!screen?.includes(PROMPT)) await page.expect(PROMPT)
  const prompt = performance.now() - begin
  const world = (await cloud.world(body.world!.id))!
  const clients = new TargetClients(simulatedTarget(world))
  await clients.aws(STSClient).send(new GetCallerIdentityCommand({}))
  const answered = performance.now() - begin
  clients.close()
  page.close()
  return { prompt, answered, world }
}

/** ms until a bash that is nobody's terminal shows its prompt. */
async function bare(home: string, environment: Record<string, string>): Promise<number> {
  const begin = performance.now()
  const pty = spawn('bash', [], { cols: 80, rows: 24, cwd: home, env: environment, encoding: null })
  const exited = new Promise<void>((resolve) => pty.onExit(() => resolve()))
  let seen = ''
  await new Promise<void>((resolve) => {
    pty.onData((data) => {
      seen += data
      if (seen.includes(PROMPT)) resolve()
    })
  })
  const time = performance.now() - begin
  process.kill(pty.pid, 'SIGKILL')
  await exited
  return time
}

const times = { prompt: [] as number[], answered: [] as number[], bare: [] as number[] }
for (const [n, id] of ids.entries()) {
  const { prompt, answered, world } = await start(id)
  const home = join(folder, 'home', id)
  await makeHome({ home, world, files: [lab.files] })
  const alone = await bare(home, shellEnvironment({ world, toolbox, home }))
  if (n < WARM_UP) continue
  times.prompt.push(prompt)
  times.answered.push(answered)
  times.bare.push(alone)
}
const quantile = (list: number[], q: number) =>
  list.toSorted((a, b) => a - b)[Math.min(list.length - 1, Math.floor(list.length * q))]!
const show = (list: number[]) =>
  `p50 ${quantile(list, 0.5).toFixed(0)} ms, worst ${Math.max(...list).toFixed(0)} ms`
console.log(
  `start the lab to prompt: ${show(times.prompt)}; and until STS has answered: ${show(times.answered)} (aim: ${AIM_MS})`,
)
console.log(`a bare bash to its prompt: ${show(times.bare)}`)

await server.close()
await rm(folder, { recursive: true, force: true, maxRetries: 3 })
process.exitCode = quantile(times.answered, 0.5) < AIM_MS ? 0 : 1
