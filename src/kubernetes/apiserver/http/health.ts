import type { ServerResponse } from 'node:http'
import { sendPlain } from './reply.ts'

// The checks of a 1.35 API server by name, in its order. Source: `kubectl get --raw '/livez?verbose'`
// (kubernetes.io/docs/reference/using-api/health-checks) and pkg/controlplane, from knowledge.
const HOOKS = [
  'start-apiserver-admission-initializer',
  'generic-apiserver-start-informers',
  'priority-and-fairness-config-consumer',
  'priority-and-fairness-filter',
  'storage-object-count-tracker-hook',
  'start-apiextensions-informers',
  'start-apiextensions-controllers',
  'crd-informer-synced',
  'start-system-namespaces-controller',
  'start-cluster-authentication-info-controller',
  'start-kube-apiserver-identity-lease-controller',
  'start-kube-apiserver-identity-lease-garbage-collector',
  'start-legacy-token-tracking-controller',
  'start-service-ip-repair-controllers',
  'rbac/bootstrap-roles',
  'scheduling/bootstrap-system-priority-classes',
  'priority-and-fairness-config-producer',
  'bootstrap-controller',
  'aggregator-reload-proxy-client-cert',
  'start-kube-aggregator-informers',
  'apiservice-status-local-available-controller',
  'apiservice-status-remote-available-controller',
  'apiservice-registration-controller',
  'apiservice-discovery-controller',
  'kube-apiserver-autoregistration',
].map((name) => `poststarthook/${name}`)
const LAST = [
  'autoregister-completion',
  'poststarthook/apiservice-openapi-controller',
  'poststarthook/apiservice-openapiv3-controller',
]

const ALIVE = ['ping', 'log', 'etcd', ...HOOKS, ...LAST]
const READY = ['ping', 'log', 'etcd', 'etcd-readiness', 'informer-sync', ...HOOKS, ...LAST, 'shutdown']

const CHECKS: Record<string, string[]> = { healthz: ALIVE, livez: ALIVE, readyz: READY }

/** Whether a path is one of health. */
export const isHealth = (path: string): boolean => /^\/(healthz|livez|readyz)(\/|$)/.test(path)

/** Checks that fail while the storage does not answer. */
const STORAGE = ['etcd', 'etcd-readiness']

/** `/livez`, `/livez?verbose`, `/livez?exclude=etcd`, `/livez/etcd`; `stored`: the storage answers. Models apiserver/pkg/server/healthz. */
export function sendHealth(res: ServerResponse, path: string, query: URLSearchParams, stored: boolean): void {
  const [, group = '', ...rest] = path.split('/')
  const checks = CHECKS[group]!
  const fails = (name: string) => !stored && STORAGE.includes(name)
  if (rest.length > 0) {
    const known = checks.includes(rest.join('/'))
    if (fails(rest.join('/'))) return sendPlain(res, 500, 'internal server error: reason withheld\n')
    return known ? sendPlain(res, 200, 'ok') : sendPlain(res, 404, '404 page not found\n')
  }
  const excluded = query.getAll('exclude')
  const failed = checks.some((name) => fails(name) && !excluded.includes(name))
  if (!query.has('verbose') && !failed) return sendPlain(res, 200, 'ok')
  const lines = checks.map((name) => {
    if (excluded.includes(name)) return `[+]${name} excluded: ok`
    return fails(name) ? `[-]${name} failed: reason withheld` : `[+]${name} ok`
  })
  const unknown = excluded.filter((name) => !checks.includes(name))
  if (unknown.length > 0) {
    const names = unknown.map((name) => JSON.stringify(name)).join(',')
    lines.push(`warn: some health checks cannot be excluded: no matches for ${names}`)
  }
  sendPlain(res, failed ? 500 : 200, `${lines.join('\n')}\n${group} check ${failed ? 'failed' : 'passed'}\n`)
}
