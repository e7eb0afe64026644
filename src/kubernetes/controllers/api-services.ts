import type { Controller } from '#world/controller.ts'
import type { KubernetesObject } from '../api.ts'
import { AGGREGATED } from '../apiserver/kinds/aggregated.ts'
import { groupVersions } from '../apiserver/kinds/registry.ts'
import { equal } from '../equality.ts'
import { hasEndpoints } from '../metrics/resource-metrics.ts'
import type { EndpointSlice, Service } from '../objects.ts'
import { nameOf, withCondition } from '../pods.ts'
import { type ControlPlane, ownKey } from './control-plane.ts'

const RESOURCE = 'apiservices.apiregistration.k8s.io'
const DEFINITIONS = 'customresourcedefinitions.apiextensions.k8s.io'
const MANAGED = 'kube-aggregator.kubernetes.io/automanaged'
/** Groups of CustomResourceDefinitions come after all others. */
const CUSTOM_PRIORITY = { groupPriorityMinimum: 1000, versionPriority: 100 }

/** `groupPriorityMinimum` and `versionPriority` (pkg/controlplane/apiserver/aggregator.go, 1.35). */
const PRIORITIES: Record<string, [group: number, version: number]> = {
  '/v1': [18000, 1],
  'apps/v1': [17800, 15],
  'events.k8s.io/v1': [17750, 15],
  'authentication.k8s.io/v1': [17700, 15],
  'authorization.k8s.io/v1': [17600, 15],
  'autoscaling/v2': [17500, 30],
  'autoscaling/v1': [17500, 15],
  'batch/v1': [17400, 15],
  'certificates.k8s.io/v1': [17300, 15],
  'networking.k8s.io/v1': [17200, 15],
  'policy/v1': [17100, 15],
  'rbac.authorization.k8s.io/v1': [17000, 15],
  'storage.k8s.io/v1': [16800, 15],
  'apiextensions.k8s.io/v1': [16700, 15],
  'admissionregistration.k8s.io/v1': [16700, 15],
  'scheduling.k8s.io/v1': [16600, 15],
  'coordination.k8s.io/v1': [16500, 15],
  'node.k8s.io/v1': [16300, 15],
  'resource.k8s.io/v1': [16200, 20],
  'discovery.k8s.io/v1': [16200, 15],
  'flowcontrol.apiserver.k8s.io/v1': [16100, 15],
}

interface ApiService extends KubernetesObject {
  spec: {
    group?: string
    version: string
    groupPriorityMinimum: number
    versionPriority: number
    service?: { namespace: string; name: string; port?: number }
  }
  status?: { conditions?: Condition[] }
}

interface Condition {
  type: string
  status: string
  reason: string
  message: string
  lastTransitionTime?: string
}

interface Definition extends KubernetesObject {
  spec: { group: string; versions: { name: string; served: boolean }[] }
}

/** Registers the groups that the API server serves itself, and says which of the others answer. Models kube-aggregator. */
export function apiServiceController(plane: ControlPlane): Controller {
  const { api } = plane

  function reconcile(name: string): void {
    const service = api.get<ApiService>(RESOURCE, '', name)
    const local = localService(name)
    if (!service) {
      if (local) api.create<ApiService>(RESOURCE, local)
      return
    }
    if (!local && service.metadata.labels?.[MANAGED]) return api.delete(RESOURCE, '', name)
    const conditions = withCondition(service.status?.conditions, availability(service), plane.timestamp())
    if (!equal(conditions, service.status?.conditions)) {
      api.updateStatus<ApiService>(RESOURCE, { ...service, status: { ...service.status, conditions } })
    }
  }

  /** What registers a group version that needs no other server; undefined when the name is none. */
  function localService(name: string): ApiService | undefined {
    const [version = '', ...rest] = name.split('.')
    const group = rest.join('.')
    const known = PRIORITIES[`${group}/${version}`]
    const custom = api
      .list<Definition>(DEFINITIONS)
      .some(
        ({ spec }) => spec.group === group && spec.versions.some((one) => one.name === version && one.served),
      )
    if (!known && !custom) return
    const priorities = known ? { groupPriorityMinimum: known[0], versionPriority: known[1] } : CUSTOM_PRIORITY
    return {
      apiVersion: 'apiregistration.k8s.io/v1',
      kind: 'APIService',
      metadata: { name, labels: { [MANAGED]: known ? 'onstart' : 'true' } },
      spec: { ...(group && { group }), version, ...priorities },
    }
  }

  function availability({ metadata, spec }: ApiService): Condition {
    const condition = (status: string, reason: string, message: string) => ({
      type: 'Available',
      status,
      reason,
      message,
    })
    if (!spec.service) return condition('True', 'Local', 'Local APIServices are always available')
    const { namespace, name, port = 443 } = spec.service
    const where = `service/${name} in "${namespace}"`
    const service = api.get<Service>('services', namespace, name)
    if (!service) return condition('False', 'ServiceNotFound', `${where} is not present`)
    const named = service.spec.ports?.find((candidate) => candidate.port === port)?.name ?? ''
    if (!hasEndpoints(api, spec.service)) {
      const message = `endpoints for ${where} have no addresses with port name "${named}"`
      return condition('False', 'MissingEndpoints', message)
    }
    if (AGGREGATED.some(({ apiService }) => apiService === metadata.name)) {
      return condition('True', 'Passed', 'all checks passed')
    }
    const url = `https://${service.spec.clusterIP}:${port}/apis/${spec.group}/${spec.version}`
    const why = 'the simulation serves no aggregated API but metrics.k8s.io'
    return condition('False', 'FailedDiscoveryCheck', `failing or missing response from ${url}: ${why}`)
  }

  /** The registrations that a Service stands behind. */
  const behind = (namespace: string | undefined, name: string | undefined): string[] =>
    api
      .list<ApiService>(RESOURCE)
      .filter(({ spec }) => spec.service?.namespace === namespace && spec.service?.name === name)
      .map(nameOf)

  return {
    name: 'api-services',
    sources: [
      { prefix: api.prefix(RESOURCE), keys: ownKey },
      {
        prefix: api.prefix('namespaces'),
        // One that is always there: what the server serves itself is registered when it starts.
        keys: ({ entry }) => (entry.value.metadata.name === 'kube-system' ? localNames() : []),
      },
      {
        prefix: api.prefix('services'),
        keys: ({ entry }) => behind(entry.value.metadata.namespace, entry.value.metadata.name),
      },
      {
        prefix: api.prefix('endpointslices.discovery.k8s.io'),
        keys: ({ entry }: { entry: { value: EndpointSlice } }) => {
          const { namespace, labels } = entry.value.metadata
          return behind(namespace, labels?.['kubernetes.io/service-name'])
        },
      },
      {
        prefix: api.prefix(DEFINITIONS),
        keys: ({ entry }: { entry: { value: Definition } }) => {
          const { group, versions } = entry.value.spec
          return versions.map(({ name }) => `${name}.${group}`)
        },
      },
    ],
    reconcile,
  }
}

const localNames = (): string[] =>
  groupVersions().flatMap(({ group, versions }) => versions.map((version) => `${version}.${group}`))
