import type { EngineCall } from '#containers/engine/engine.ts'
import type { AnsweredRequest } from '#kubernetes/provider.ts'
import type { World } from '#world/world.ts'

/** A call to something else than AWS that changed something, or was to. AWS's own are in CloudTrail. */
export interface LoggedCall {
  /** ms since the epoch, world time. */
  at: number
  source: 'kubernetes' | 'docker'
  /** `create deployments.apps`, `container create`. */
  operation: string
  /** What it was about: `default/web`, `web`. */
  target: string
  /** The cluster's name. */
  cluster?: string
  /** Who called, by the name that the API knows; the Docker Engine knows none. */
  principal: string
  error?: { code: string; message: string }
}

/** The store's folder of logged calls. */
export const CALLS = 'calls/'
/** How many are kept. */
const KEPT = 2_000
const CHANGES = /^(?:create|update|patch|delete|deletecollection)$/
/** These ask a question with POST, or come by themselves all the time. */
const NO_CHANGE =
  /\.(?:authentication|authorization)\.k8s\.io$|^\w+ (?:events(?:\.events\.k8s\.io)?|leases\.coordination\.k8s\.io|\w+\/(?:exec|attach|portforward|proxy|token))$/
/** The parts of a cluster are no persons. */
const COMPONENT = /^system:(?:node:|kube-|serviceaccount:kube-)/

/** What requests of the Engine API do, in the words of `docker`; the group is what they do it to. */
const ENGINE: [method: string, path: RegExp, operation: string, named?: string][] = [
  ['POST', /^\/containers\/create$/, 'container create', 'name'],
  ['POST', /^\/containers\/prune$/, 'container prune'],
  ...['start', 'stop', 'restart', 'kill', 'pause', 'unpause', 'rename', 'update'].map(
    (act): [string, RegExp, string] => [
      'POST',
      new RegExp(`^/containers/([^/]+)/${act}$`),
      `container ${act}`,
    ],
  ),
  ['DELETE', /^\/containers\/([^/]+)$/, 'container rm'],
  ['PUT', /^\/containers\/([^/]+)\/archive$/, 'container cp'],
  ['POST', /^\/commit$/, 'container commit', 'container'],
  ['POST', /^\/build$/, 'image build', 't'],
  ['POST', /^\/images\/create$/, 'image pull', 'fromImage'],
  ['POST', /^\/images\/load$/, 'image load'],
  ['POST', /^\/images\/prune$/, 'image prune'],
  ['POST', /^\/images\/(.+)\/push$/, 'image push'],
  ['POST', /^\/images\/(.+)\/tag$/, 'image tag'],
  ['DELETE', /^\/images\/(.+)$/, 'image rm'],
  ['POST', /^\/(?:networks|volumes)\/(?:create|prune)$/, ''],
  ['POST', /^\/networks\/([^/]+)\/connect$/, 'network connect'],
  ['POST', /^\/networks\/([^/]+)\/disconnect$/, 'network disconnect'],
  ['DELETE', /^\/networks\/([^/]+)$/, 'network rm'],
  ['DELETE', /^\/volumes\/([^/]+)$/, 'volume rm'],
]

/** Keeps who called what of a world's clusters and its Docker Engine. */
export class CallLog {
  readonly #world: World
  #next: number

  constructor(world: World) {
    this.#world = world
    world.fairUse.leaveOut(CALLS)
    const last = world.store.list(CALLS).entries.at(-1)
    this.#next = last ? Number(last.key.slice(CALLS.length)) + 1 : 0
  }

  /** A request to an API server, answered. */
  kubernetes(cluster: string, { user, verb, uri, object, error }: AnsweredRequest): void {
    if (!object || !user || !CHANGES.test(verb) || /[?&]dryRun=/.test(uri)) return
    const { group, resource, subresource, namespace, name } = object
    const operation = `${verb} ${resource}${group ? `.${group}` : ''}${subresource ? `/${subresource}` : ''}`
    if (NO_CHANGE.test(operation) || COMPONENT.test(user.username)) return
    this.#record({
      source: 'kubernetes',
      operation,
      target: [namespace, name].filter(Boolean).join('/'),
      cluster,
      principal: user.username,
      ...(error && { error: { code: error.reason, message: error.message } }),
    })
  }

  /** A request to the Docker Engine, answered. */
  docker({ method, path, query, error }: EngineCall): void {
    for (const [wanted, pattern, operation, named] of ENGINE) {
      const match = wanted === method && pattern.exec(path)
      if (!match) continue
      const [, noun, act] = path.split('/')
      const tag = query.get('tag')
      const target = match[1] === undefined ? (named && query.get(named)) || '' : plain(match[1])
      return this.#record({
        source: 'docker',
        operation: operation || `${noun!.slice(0, -1)} ${act}`,
        target: named === 'fromImage' && tag ? `${target}:${tag}` : target,
        principal: '',
        ...(error && { error: { code: String(error.status), message: error.message } }),
      })
    }
  }

  #record(call: Omit<LoggedCall, 'at'>): void {
    const { store, clock, closed } = this.#world
    // An answer may be on its way when its world ends.
    if (closed.aborted) return
    const number = this.#next++
    store.commit([
      { key: CALLS + padded(number), value: { at: clock.now(), ...call } satisfies LoggedCall },
      ...(number >= KEPT ? [{ key: CALLS + padded(number - KEPT), value: undefined }] : []),
    ])
  }
}

/** A part of a path as it is meant; what no client writes stays as it came. */
function plain(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

const padded = (number: number) => String(number).padStart(12, '0')
