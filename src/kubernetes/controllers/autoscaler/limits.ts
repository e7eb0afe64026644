import type { ScalingRules } from '../../objects.ts'

/** A change of the number of replicas: what was added, negative for removed; ms since the epoch. */
export interface ScaleEvent {
  change: number
  time: number
}

export interface Recommendation {
  replicas: number
  time: number
}

/** What has happened to one autoscaler's target. */
export interface History {
  recommendations: Recommendation[]
  events: ScaleEvent[]
}

/** A decision with the reason and message of the condition that tells it. */
export interface Decision {
  replicas: number
  reason: string
  message: string
}

/** `--horizontal-pod-autoscaler-downscale-stabilization`, s. */
const DOWNSCALE_STABILIZATION_S = 300
/** Without rules a target at most doubles at once, or gets four. */
const SCALE_UP_FACTOR = 2
const SCALE_UP_MINIMUM = 4

interface Rules {
  stabilizationWindowSeconds: number
  selectPolicy: string
  policies: { type: string; value: number; periodSeconds: number }[]
}

export interface Behavior {
  scaleUp?: ScalingRules
  scaleDown?: ScalingRules
}

const filled = (rules: ScalingRules | undefined, window: number, policies: Rules['policies']): Rules => ({
  stabilizationWindowSeconds: rules?.stabilizationWindowSeconds ?? window,
  selectPolicy: rules?.selectPolicy ?? 'Max',
  policies: rules?.policies ?? policies,
})

/** Rules with the defaults of autoscaling/v2. */
const rulesUp = ({ scaleUp }: Behavior): Rules =>
  filled(scaleUp, 0, [
    { type: 'Pods', value: 4, periodSeconds: 15 },
    { type: 'Percent', value: 100, periodSeconds: 15 },
  ])
const rulesDown = ({ scaleDown }: Behavior): Rules =>
  filled(scaleDown, DOWNSCALE_STABILIZATION_S, [{ type: 'Percent', value: 100, periodSeconds: 15 }])

/** How long (ms) recommendations and scale events matter. */
export function memoryMs(behavior: Behavior | undefined): number {
  const rules = behavior ? [rulesUp(behavior), rulesDown(behavior)] : []
  const seconds = rules.flatMap(({ stabilizationWindowSeconds, policies }) => [
    stabilizationWindowSeconds,
    ...policies.map(({ periodSeconds }) => periodSeconds),
  ])
  return Math.max(DOWNSCALE_STABILIZATION_S, ...seconds) * 1000
}

const READY = { reason: 'ReadyForNewScale', message: 'recommended size matches current size' }
const STABILIZED_DOWN = {
  reason: 'ScaleDownStabilized',
  message: 'recent recommendations were higher than current one, applying the highest recent recommendation',
}
const STABILIZED_UP = {
  reason: 'ScaleUpStabilized',
  message: 'recent recommendations were lower than current one, applying the lowest recent recommendation',
}

/** Holds a wish back by the recommendations of the stabilization windows. */
export function stabilize(
  behavior: Behavior | undefined,
  current: number,
  desired: number,
  { recommendations }: History,
  now: number,
): Decision {
  const since = (seconds: number) =>
    recommendations.filter(({ time }) => time > now - seconds * 1000).map(({ replicas }) => replicas)
  if (!behavior) {
    const replicas = Math.max(desired, ...since(DOWNSCALE_STABILIZATION_S))
    return { replicas, ...(replicas === desired ? READY : STABILIZED_DOWN) }
  }
  const lowest = Math.min(desired, ...since(rulesUp(behavior).stabilizationWindowSeconds))
  const highest = Math.max(desired, ...since(rulesDown(behavior).stabilizationWindowSeconds))
  const replicas = Math.min(Math.max(current, lowest), highest)
  if (replicas === desired) return { replicas, ...READY }
  return { replicas, ...(desired >= current ? STABILIZED_UP : STABILIZED_DOWN) }
}

const WITHIN = {
  reason: 'DesiredWithinRange',
  message: 'the desired count is within the acceptable range',
}
const TOO_MANY = {
  reason: 'TooManyReplicas',
  message: 'the desired replica count is more than the maximum replica count',
}
const TOO_FEW = {
  reason: 'TooFewReplicas',
  message: 'the desired replica count is less than the minimum replica count',
}
const TOO_FAST_UP = {
  reason: 'ScaleUpLimit',
  message: 'the desired replica count is increasing faster than the maximum scale rate',
}
const TOO_FAST_DOWN = {
  reason: 'ScaleDownLimit',
  message: 'the desired replica count is decreasing faster than the maximum scale rate',
}

/** Keeps a wish within the bounds and the speed of change that the rules allow. */
export function limit(
  behavior: Behavior | undefined,
  bounds: { minimum: number; maximum: number },
  current: number,
  desired: number,
  { events }: History,
  now: number,
): Decision {
  const { minimum, maximum } = bounds
  const speedUp = behavior
    ? Math.max(current, fastest(rulesUp(behavior), 1, current, events, now))
    : Math.max(SCALE_UP_FACTOR * current, SCALE_UP_MINIMUM)
  if (desired > Math.min(maximum, speedUp) && (desired > current || !behavior)) {
    return maximum > speedUp ? { replicas: speedUp, ...TOO_FAST_UP } : { replicas: maximum, ...TOO_MANY }
  }
  const speedDown = behavior
    ? Math.min(current, fastest(rulesDown(behavior), -1, current, events, now))
    : Number.NEGATIVE_INFINITY
  if (desired < Math.max(minimum, speedDown) && (desired < current || !behavior)) {
    return minimum < speedDown ? { replicas: speedDown, ...TOO_FAST_DOWN } : { replicas: minimum, ...TOO_FEW }
  }
  return { replicas: desired, ...WITHIN }
}

/** The number of replicas that the policies allow now in one direction. */
function fastest(rules: Rules, sign: 1 | -1, current: number, events: ScaleEvent[], now: number): number {
  if (rules.selectPolicy === 'Disabled') return current
  const proposals = rules.policies.map(({ type, value, periodSeconds }) => {
    const changed = events
      .filter(({ time }) => time > now - periodSeconds * 1000)
      .reduce((sum, { change }) => sum + change, 0)
    const start = current - changed
    if (type === 'Pods') return start + sign * value
    const percent = start * (1 + (sign * value) / 100)
    return sign === 1 ? Math.ceil(percent) : Math.trunc(percent)
  })
  const most = (rules.selectPolicy === 'Max') === (sign === 1)
  return most ? Math.max(...proposals) : Math.min(...proposals)
}
