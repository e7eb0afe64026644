import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { AutoCheck } from '#checks/auto-check.ts'
import type { CheckReport } from '#checks/finding.ts'
import type { WorldEvent } from '#cloud/api.ts'
import type { HostTime } from '#world/clock.ts'

/** Host time that moves by hand. */
class ManualTime implements HostTime {
  #now = 0
  #timers: { due: number; callback: () => void }[] = []
  now = () => this.#now
  setTimer = (delay: number, callback: () => void) => {
    const timer = { due: this.#now + delay, callback }
    this.#timers.push(timer)
    return { cancel: () => void this.#timers.splice(this.#timers.indexOf(timer), 1) }
  }
  async pass(ms: number): Promise<void> {
    const end = this.#now + ms
    for (;;) {
      const next = this.#timers.filter(({ due }) => due <= end).sort((a, b) => a.due - b.due)[0]
      if (!next) break
      this.#timers.splice(this.#timers.indexOf(next), 1)
      this.#now = next.due
      next.callback()
      await settled()
    }
    this.#now = end
  }
}

const settled = () => new Promise((resolve) => setImmediate(resolve))

describe('AutoCheck', () => {
  let home: string
  let time: ManualTime
  let change: (key: string) => void
  let watched: string[][]
  let runs: { step: string; signal: AbortSignal; finish: (status: CheckReport['status']) => void }[]
  let reports: CheckReport[]
  /** What is being checked, as a page shows it. */
  let busy: Set<string>
  /** Until when a report is being taken. */
  let taken: Promise<void> | undefined
  let auto: AutoCheck

  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), 'drydock-auto-'))
    time = new ManualTime()
    watched = []
    runs = []
    reports = []
    busy = new Set()
    taken = undefined
    auto = new AutoCheck({
      cloud: {
        watch(_id, { prefixes = [] }, listener) {
          watched.push(prefixes)
          change = (key) => listener([{ type: 'put', key, revision: 1 } satisfies WorldEvent])
          return { close: () => {} }
        },
      },
      worldId: 'w',
      home,
      time,
      run: (step, signal) =>
        new Promise((resolve) => {
          const finish = (status: CheckReport['status']) =>
            resolve({ lab: 'l', step, status, findings: [], at: time.now(), duration: 1 })
          runs.push({ step, signal, finish })
        }),
      onChecking: (id) => void busy.add(id),
      onReport: (report) => {
        reports.push(report)
        return taken
      },
      onEnd: (id) => void busy.delete(id),
    })
  })
  afterEach(async () => {
    auto.stop()
    await rm(home, { recursive: true })
  })

  const step = (id: string) => ({ id, watch: { aws: ['eks'], kubernetes: ['pods'] } })

  async function afterFirstRun() {
    auto.follow(step('one'))
    await time.pass(1000)
    runs[0]!.finish('failed')
    await settled()
  }

  it('checks a step when it becomes current', async () => {
    await afterFirstRun()
    expect(reports.map(({ step: id, status }) => [id, status])).toEqual([['one', 'failed']])
  })

  it('checks once for many changes in a row', async () => {
    await afterFirstRun()
    for (let i = 0; i < 5; i++) {
      change('aws/1/us-east-1/eks/cluster/harbor')
      await time.pass(100)
    }
    await time.pass(1000)
    expect(runs).toHaveLength(2)
  })

  it('does not wait for ever while changes go on', async () => {
    await afterFirstRun()
    for (let i = 0; i < 30; i++) {
      change('kubernetes/u/core/pods/default/a')
      await time.pass(100)
    }
    expect(runs).toHaveLength(2)
  })

  it('ignores what the step does not look at', async () => {
    await afterFirstRun()
    change('aws/1/us-east-1/ecr/repository/site')
    change('kubernetes/u/coordination.k8s.io/leases/kube-node-lease/n')
    await time.pass(5000)
    expect(runs).toHaveLength(1)
  })

  it('runs once more when something changed during a run', async () => {
    auto.follow(step('one'))
    await time.pass(1000)
    change('kubernetes/u/core/pods/default/a')
    change('kubernetes/u/core/pods/default/b')
    await time.pass(5000)
    expect(runs).toHaveLength(1)
    runs[0]!.finish('failed')
    await settled()
    await time.pass(5000)
    expect(runs).toHaveLength(2)
  })

  it('gives up the run of a step that is no longer current', async () => {
    auto.follow(step('one'))
    await time.pass(1000)
    auto.follow(step('two'))
    expect(runs[0]!.signal.aborted).toBe(true)
    runs[0]!.finish('passed')
    await settled()
    await time.pass(1000)
    runs[1]!.finish('passed')
    await settled()
    expect(reports.map((report) => report.step)).toEqual(['two'])
  })

  it('tells that a run is over, also of one that was given up', async () => {
    auto.follow(step('one'))
    await time.pass(1000)
    expect(busy).toEqual(new Set(['one']))
    auto.follow(step('two'))
    runs[0]!.finish('passed')
    await settled()
    expect(busy).toEqual(new Set())
  })

  it('checks again only after what the last run said has been taken', async () => {
    let take!: () => void
    taken = new Promise((resolve) => {
      take = resolve
    })
    auto.follow(step('one'))
    await time.pass(1000)
    change('kubernetes/u/core/pods/default/a')
    runs[0]!.finish('passed')
    await settled()
    await time.pass(5000)
    expect(runs).toHaveLength(1)
    take()
    await settled()
    await time.pass(5000)
    expect(runs).toHaveLength(2)
  })

  it('follows only the prefixes that a step needs', () => {
    auto.follow({ id: 'one', watch: { aws: ['eks'] } })
    expect(watched).toEqual([['aws/']])
  })

  it('checks when a file of the learner changes', async () => {
    auto.follow({ id: 'one', watch: { files: ['answers.yaml'] } })
    await time.pass(1000)
    runs[0]!.finish('failed')
    await settled()
    await writeFile(join(home, 'answers.yaml'), 'account: 1')
    await expect
      .poll(async () => {
        await time.pass(500)
        return runs.length
      })
      .toBe(2)
  })
})
