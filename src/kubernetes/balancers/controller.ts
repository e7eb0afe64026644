import type { Controller, Result } from '#world/controller.ts'
import type { ControlPlane } from '../controllers/control-plane.ts'
import { equal } from '../equality.ts'
import { resourcePrefix } from '../keys.ts'
import type { EndpointSlice, Ingress, IngressClass, Pod, Service } from '../objects.ts'
import { nameOf, splitName } from '../pods.ts'
import { classParams } from './class-params.ts'
import { AUTO, bindingsOf, INSTALLED } from './flavour.ts'
import { ALB_PREFIX, type IngressGroup, ingressStack } from './ingress-model.ts'
import {
  type Installation,
  Installations,
  managedWorkplace,
  runsController,
  type Workplace,
} from './installation.ts'
import { isForController, serviceStack } from './service-model.ts'
import { type BalancerStack, ModelError } from './stack.ts'
import { bindTargetGroups, type TargetGroupBinding, targetsOf, unbind } from './target-bindings.ts'

const INGRESSES = 'ingresses.networking.k8s.io'
const CLASSES = 'ingressclasses.networking.k8s.io'
const DEFINITIONS = 'customresourcedefinitions.apiextensions.k8s.io'
/** Retries after a failure (ms), doubling. */
const RETRY_MS = 5_000
const RETRY_MAX_MS = 1_000_000

/** What a load balancer is made for. */
type Owner = Ingress | Service

interface Kind {
  resource: string
  component: string
}
const INGRESS: Kind = { resource: INGRESSES, component: 'ingress' }
const SERVICE: Kind = { resource: 'services', component: 'service' }

/**
 * The AWS Load Balancer Controller: gives Ingresses of its class an application load balancer and Services that ask for it a network
 * one, while its pods run. The same, under other names, is EKS Auto Mode's. Undefined in a cluster without AWS. Models kubernetes-sigs/aws-load-balancer-controller v2.14.
 */
export function balancerController(
  plane: ControlPlane,
  flavour = INSTALLED,
): (Controller & { close(): void }) | undefined {
  const { api, options } = plane
  const { balancers, autoBalancers } = options.provider
  const cloud = flavour === AUTO ? autoBalancers : balancers
  if (!cloud) return
  const installations: Workplace =
    flavour === AUTO ? managedWorkplace(() => autoBalancers!.cluster()) : new Installations(plane)
  const { group, domain, ingressController, annotated } = flavour
  const BINDINGS = bindingsOf(flavour)
  const IMPLICIT = `ingress.${domain}/resources`
  const EXPLICIT = `group.ingress.${domain}/`
  const SERVICE_FINALIZER = `service.${domain}/resources`
  const finalizerOf = (id: string) => (id.includes('/') ? IMPLICIT : `${EXPLICIT}${id}`)
  const isWanted = (service: Service) => isForController(flavour, service)
  const failures = new Map<string, number>()
  /** What was last deployed of each stack: a change is told by an event. */
  const deployed = new Map<string, string>()

  async function reconcile(key: string): Promise<Result | undefined> {
    const installation = installations.find()
    if (!installation || !api.resourceNamed(group, 'TargetGroupBinding')) return
    const [kind = '', name = ''] = key.split(/:(.*)/s, 2)
    if (kind === 'binding') return bind(name, installation)
    if (kind === 'ingress') return reconcileGroup(key, name, installation)
    return reconcileService(key, name, installation)
  }

  async function reconcileGroup(
    key: string,
    id: string,
    installation: Installation,
  ): Promise<Result | undefined> {
    const finalizer = finalizerOf(id)
    const all = api.list<Ingress>(INGRESSES)
    const members = all.filter((ingress) => groupOf(ingress) === id).sort(byOrder)
    const leaving = all.filter(
      (ingress) => ingress.metadata.finalizers?.includes(finalizer) && !members.includes(ingress),
    )
    const build = () =>
      ingressStack(api, flavour, installation.cluster, { id, members } satisfies IngressGroup)
    return settle(key, INGRESS, finalizer, members, leaving, members.length > 0 ? build : undefined, {
      stack: { kind: 'ingress', id },
      installation,
    })
  }

  async function reconcileService(
    key: string,
    id: string,
    installation: Installation,
  ): Promise<Result | undefined> {
    const service = api.get<Service>('services', ...splitName(id))
    if (!service) return
    const wanted = isWanted(service) && !service.metadata.deletionTimestamp
    const holds = service.metadata.finalizers?.includes(SERVICE_FINALIZER)
    if (!wanted && !holds) return
    const build = wanted ? () => serviceStack(flavour, installation.cluster, service) : undefined
    const [members, leaving] = wanted ? [[service], []] : [[], [service]]
    return settle(key, SERVICE, SERVICE_FINALIZER, members, leaving, build, {
      stack: { kind: 'service', id },
      installation,
    })
  }

  /** Brings a stack to what its members ask for, or takes it away with the last of them. */
  async function settle(
    key: string,
    kind: Kind,
    finalizer: string,
    members: Owner[],
    leaving: Owner[],
    build: (() => BalancerStack) | undefined,
    { stack: id, installation }: { stack: Pick<BalancerStack, 'kind' | 'id'>; installation: Installation },
  ): Promise<Result | undefined> {
    const failed = (reason: string, text: string) => {
      for (const owner of members) tell(owner, kind, 'Warning', reason, text)
      const count = failures.get(key) ?? 0
      failures.set(key, count + 1)
      return { requeueAfterMs: Math.min(RETRY_MS * 2 ** count, RETRY_MAX_MS) }
    }
    let stack: BalancerStack | undefined
    try {
      for (const owner of members) finalize(owner, kind, finalizer)
      stack = build?.()
    } catch (error) {
      if (!(error instanceof ModelError)) throw error
      return failed('FailedBuildModel', `Failed build model due to ${error.message}`)
    }
    try {
      if (stack) await deploy(key, kind, members, stack, installation)
      else await remove(key, id, installation)
    } catch (error) {
      if (error instanceof ModelError) {
        return failed('FailedBuildModel', `Failed build model due to ${error.message}`)
      }
      return failed('FailedDeployModel', `Failed deploy model due to ${(error as Error).message}`)
    }
    failures.delete(key)
    for (const owner of leaving) release(owner, kind, finalizer)
    return undefined
  }

  async function deploy(
    key: string,
    kind: Kind,
    members: Owner[],
    stack: BalancerStack,
    { caller }: Installation,
  ): Promise<void> {
    const result = await cloud!.deploy(stack, caller)
    bindTargetGroups(api, flavour, stack, result)
    const ingress = [{ hostname: result.hostname }]
    for (const { metadata } of members) {
      const owner = api.get<Owner>(kind.resource, metadata.namespace!, metadata.name)
      if (!owner || equal(hostsOf(owner), [result.hostname])) continue
      api.updateStatus(kind.resource, {
        ...owner,
        status: { ...owner.status, loadBalancer: { ingress } },
      } as Owner)
    }
    const state = JSON.stringify([stack, result])
    if (deployed.get(key) === state) return
    deployed.set(key, state)
    for (const owner of members) {
      tell(owner, kind, 'Normal', 'SuccessfullyReconciled', 'Successfully reconciled')
    }
  }

  async function remove(
    key: string,
    stack: Pick<BalancerStack, 'kind' | 'id'>,
    { caller }: Installation,
  ): Promise<void> {
    deployed.delete(key)
    unbind(api, flavour, stack)
    await cloud!.remove(stack, caller)
  }

  async function bind(name: string, { caller }: Installation): Promise<Result | undefined> {
    const binding = api.get<TargetGroupBinding>(BINDINGS, ...splitName(name))
    if (!binding || binding.metadata.deletionTimestamp) return
    try {
      await cloud!.setTargets(binding.spec.targetGroupARN, targetsOf(api, binding), caller)
      failures.delete(`binding:${name}`)
      return
    } catch (error) {
      const count = failures.get(`binding:${name}`) ?? 0
      failures.set(`binding:${name}`, count + 1)
      const source = { component: 'targetGroupBinding' }
      api.event(binding, 'Warning', 'FailedNetworkReconcile', (error as Error).message, source)
      return { requeueAfterMs: Math.min(RETRY_MS * 2 ** count, RETRY_MAX_MS) }
    }
  }

  function tell(owner: Owner, { component }: Kind, type: 'Normal' | 'Warning', reason: string, text: string) {
    api.event(owner, type, reason, text, { component })
  }

  function finalize(owner: Owner, { resource }: Kind, finalizer: string): void {
    const { finalizers = [] } = owner.metadata
    if (finalizers.includes(finalizer)) return
    const { resourceVersion: _, ...metadata } = owner.metadata
    api.update(resource, { ...owner, metadata: { ...metadata, finalizers: [...finalizers, finalizer] } })
  }

  function release({ metadata: { namespace, name } }: Owner, { resource }: Kind, finalizer: string): void {
    const owner = api.get<Owner>(resource, namespace!, name)
    if (!owner) return
    if (owner.status?.loadBalancer?.ingress && !owner.metadata.deletionTimestamp) {
      api.updateStatus(resource, { ...owner, status: { ...owner.status, loadBalancer: {} } } as Owner)
    }
    const { resourceVersion: _, ...metadata } = owner.metadata
    const finalizers = metadata.finalizers?.filter((other) => other !== finalizer) ?? []
    api.update(resource, { ...owner, metadata: { ...metadata, finalizers } })
  }

  /** The group that an Ingress belongs to; undefined: none of this controller's. */
  function groupOf(ingress: Ingress): string | undefined {
    if (ingress.metadata.deletionTimestamp || !isOurs(ingress)) return
    const named = ingress.metadata.annotations?.[`${ALB_PREFIX}/group.name`]
    return classParams(api, flavour, ingress).group?.name ?? named ?? nameOf(ingress)
  }

  function isOurs({ metadata, spec }: Ingress): boolean {
    const named = metadata.annotations?.['kubernetes.io/ingress.class']
    if (named !== undefined) return annotated && named === 'alb'
    if (!spec.ingressClassName) return false
    const found = api.get<IngressClass>(CLASSES, '', spec.ingressClassName)
    return found?.spec.controller === ingressController
  }

  /** Every stack that an Ingress is or was part of. */
  const groupKeys = (ingress: Ingress): string[] => {
    const own = groupOf(ingress)
    const held = (ingress.metadata.finalizers ?? []).flatMap((finalizer) => {
      if (finalizer === IMPLICIT) return [nameOf(ingress)]
      return finalizer.startsWith(EXPLICIT) ? [finalizer.slice(EXPLICIT.length)] : []
    })
    return [...new Set([...(own === undefined ? [] : [own]), ...held])].map((id) => `ingress:${id}`)
  }

  const allIngresses = () => api.list<Ingress>(INGRESSES).flatMap(groupKeys)
  const bindings = (of: (binding: TargetGroupBinding) => boolean = () => true): string[] =>
    installations.present && api.resourceNamed(group, 'TargetGroupBinding')
      ? api
          .list<TargetGroupBinding>(BINDINGS)
          .filter(of)
          .map((binding) => `binding:${nameOf(binding)}`)
      : []
  const everything = (): string[] => [
    ...allIngresses(),
    ...api
      .list<Service>('services')
      .filter(isWanted)
      .map((service) => `service:${nameOf(service)}`),
    ...bindings(),
  ]
  const toService = (namespace: string | undefined, name: string | undefined) =>
    bindings(({ metadata, spec }) => metadata.namespace === namespace && spec.serviceRef.name === name)

  return {
    name: flavour.name,
    concurrency: 3,
    sources: [
      {
        prefix: api.prefix(INGRESSES),
        keys: ({ entry, previous }) => [
          ...new Set([...groupKeys(entry.value), ...(previous ? groupKeys(previous.value) : [])]),
        ],
      },
      { prefix: api.prefix(CLASSES), keys: allIngresses },
      { prefix: resourcePrefix(options.uid, group, 'ingressclassparams'), keys: allIngresses },
      {
        prefix: api.prefix('services'),
        keys: ({ entry }: { entry: { value: Service } }) => {
          if (!installations.present) return []
          const { namespace, name } = entry.value.metadata
          const users = api.list<Ingress>(INGRESSES, namespace).filter((ingress) => uses(ingress, name))
          return [...users.flatMap(groupKeys), `service:${namespace}/${name}`, ...toService(namespace, name)]
        },
      },
      {
        prefix: api.prefix('endpointslices.discovery.k8s.io'),
        keys: ({ entry }: { entry: { value: EndpointSlice } }) => {
          const { namespace, labels } = entry.value.metadata
          return toService(namespace, labels?.['kubernetes.io/service-name'])
        },
      },
      { prefix: api.prefix('nodes'), keys: () => bindings(({ spec }) => spec.targetType === 'instance') },
      {
        prefix: resourcePrefix(options.uid, group, 'targetgroupbindings'),
        keys: ({ entry }) => [`binding:${nameOf(entry.value)}`],
      },
      {
        prefix: api.prefix('pods'),
        keys: ({ entry }: { entry: { value: Pod } }) =>
          flavour === INSTALLED && runsController(entry.value) ? everything() : [],
      },
      // One that runs elsewhere begins with its kinds.
      ...(flavour === AUTO ? [{ prefix: api.prefix(DEFINITIONS), keys: everything }] : []),
    ],
    reconcile,
    close: () => installations.close(),
  }
}

const orderOf = ({ metadata }: Ingress) => Number(metadata.annotations?.[`${ALB_PREFIX}/group.order`] ?? 0)
const byOrder = (a: Ingress, b: Ingress) => orderOf(a) - orderOf(b) || (nameOf(a) < nameOf(b) ? -1 : 1)

const hostsOf = ({ status }: Owner) => status?.loadBalancer?.ingress?.map(({ hostname }) => hostname)

/** Whether an Ingress may lead to a Service, as a backend or in an annotation. */
const uses = ({ spec, metadata }: Ingress, service: string): boolean =>
  JSON.stringify([spec, metadata.annotations]).includes(JSON.stringify(service).slice(1, -1))
