/** What a load balancer has answered since it was last asked, of one target group, or of none. */
export interface Traffic {
  balancerArn: string
  groupArn?: string
  requests: number
  /** Answers of targets, and of the load balancer itself, by their class: `2XX`. */
  byTarget: Map<string, number>
  byBalancer: Map<string, number>
  /** How long targets took for their answers, ms. */
  answers: number
  totalMs: number
  fastestMs: number
  slowestMs: number
}

/** Counts the requests of application load balancers, for CloudWatch. */
export class TrafficMeter {
  #traffic = new Map<string, Traffic>()

  /** Counts one answer; `targetMs` is given when a target made it. */
  count(balancerArn: string, groupArn: string | undefined, status: number, targetMs?: number): void {
    const key = `${balancerArn} ${groupArn}`
    const known = this.#traffic.get(key)
    const traffic = known ?? empty(balancerArn, groupArn)
    if (!known) this.#traffic.set(key, traffic)
    traffic.requests++
    const classes = targetMs === undefined ? traffic.byBalancer : traffic.byTarget
    const name = `${Math.floor(status / 100)}XX`
    classes.set(name, (classes.get(name) ?? 0) + 1)
    if (targetMs === undefined) return
    traffic.answers++
    traffic.totalMs += targetMs
    traffic.fastestMs = Math.min(traffic.fastestMs, targetMs)
    traffic.slowestMs = Math.max(traffic.slowestMs, targetMs)
  }

  /** What has come since the last call. */
  take(): Traffic[] {
    const taken = [...this.#traffic.values()]
    this.#traffic = new Map()
    return taken
  }
}

function empty(balancerArn: string, groupArn: string | undefined): Traffic {
  return {
    balancerArn,
    ...(groupArn === undefined ? {} : { groupArn }),
    requests: 0,
    byTarget: new Map(),
    byBalancer: new Map(),
    answers: 0,
    totalMs: 0,
    fastestMs: Number.POSITIVE_INFINITY,
    slowestMs: 0,
  }
}
