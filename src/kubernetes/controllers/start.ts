import type { Question } from '#network/dns-message.ts'
import { StoreIndex } from '#world/store-index.ts'
import type { ContainerUsage } from '../api.ts'
import { balancerController } from '../balancers/controller.ts'
import { AUTO, INSTALLED } from '../balancers/flavour.ts'
import { localDns } from '../dns/local.ts'
import { ClusterRecords } from '../dns/records.ts'
import { PodResolver } from '../dns/resolver.ts'
import { ResourceMetrics } from '../metrics/resource-metrics.ts'
import { NodePlugins } from '../network/plugins.ts'
import { PolicyRoute } from '../network/policies.ts'
import { NodeProxies } from '../network/proxies.ts'
import { ServiceRoute } from '../network/services.ts'
import type { Pod } from '../objects.ts'
import { isFinished } from '../pods.ts'
import type { NodeServices } from '../provider.ts'
import { apiServiceController } from './api-services.ts'
import { autoscalerController } from './autoscaler/autoscaler.ts'
import { certificateApprover } from './certificates/approver.ts'
import { certificateCleaner } from './certificates/cleaner.ts'
import { certificateSigner } from './certificates/signer.ts'
import { type ControlPlane, managedBy } from './control-plane.ts'
import { controllerAccounts } from './controller-accounts.ts'
import { cronJobController } from './cronjob.ts'
import { daemonSetController } from './daemonset.ts'
import { deploymentController } from './deployment.ts'
import { disruptionController } from './disruption.ts'
import { endpointMirroringController } from './endpoint-mirroring.ts'
import { endpointsController } from './endpoints.ts'
import { garbageCollector } from './garbage-collector.ts'
import { jobController } from './job.ts'
import { namespaceController } from './namespace.ts'
import { nodeLifecycleController, taintEvictionController } from './node-lifecycle.ts'
import { podGarbageCollector } from './pod-garbage.ts'
import { replicaSetController, replicationController } from './replicaset.ts'
import { namespaceDefaultsController } from './service-account.ts'
import { serviceLoadBalancerController } from './service-load-balancer.ts'
import { statefulSetController } from './statefulset.ts'

import { volumeBinder } from './volumes/binder.ts'
import { AUTO_EBS, ebsDriver } from './volumes/ebs-driver.ts'
import { efsDriver } from './volumes/efs-driver.ts'
import { volumeProtection } from './volumes/protection.ts'
import { csiProvisioner } from './volumes/provisioner.ts'
import { ebsResizer } from './volumes/resizer.ts'

/** The Services and policies of a cluster, and the resolver of its pods. */
export interface ClusterNetwork {
  services: ServiceRoute
  policies: PolicyRoute
  resolver: PodResolver
  plugins: NodePlugins
  stop(): void
}

interface NetworkNeeds {
  /** Resolves names outside the cluster, as the nodes do; undefined: NXDOMAIN. */
  upstream?: ((name: string) => string | undefined) | undefined
  /** What nodes have without pods of the cluster. */
  nodeBrings(nodeName: string): NodeServices
}

export function startNetwork(
  plane: ControlPlane,
  { upstream = () => undefined, nodeBrings }: NetworkNeeds,
): ClusterNetwork {
  const { options, world, api, podAddresses, now } = plane
  const pick = (count: number) => world.ids.number(count)
  const isPod = (address: string) => podAddresses.has(address)
  const { serviceCidr, network, nodeNames } = options
  const { store } = world
  const pods = new StoreIndex<Pod>(store, api.prefix('pods'), (pod) =>
    pod.status?.podIP && !pod.spec.hostNetwork && !isFinished(pod) ? [pod.status.podIP] : [],
  )
  const services = new ServiceRoute({ store, api, serviceCidr, isPod, pods, now, pick })
  // Later routes are asked first: policies see where the Services lead.
  const policies = new PolicyRoute(store, api, pods)
  const records = new ClusterRecords(api, services, isPod)
  const has = (address: string) => isPod(address) || services.nodeAt(address) !== undefined
  const proxies = new NodeProxies(world, api, options.uid, services, (node) => nodeBrings(node).proxy)
  const proxy = (address: string) => {
    const node = services.nodeAt(address)
    return node === undefined ? undefined : proxies.run(node)
  }
  const plugins = new NodePlugins(plane)
  const plugin = (address: string) => {
    const node = services.nodeAt(address)
    return node === undefined ? undefined : plugins.at(node)
  }
  const answerLocally = localDns(records, upstream, pick)
  const local = (pod: Pod, question: Question) =>
    nodeBrings(pod.spec.nodeName!).dns ? answerLocally(question) : undefined
  const parts = [
    network.addRoute(policies),
    network.addRoute(services),
    ...(options.networks ? [options.networks.add({ records, has, upstream, pick, proxy, plugin })] : []),
  ]
  return {
    services,
    policies,
    plugins,
    resolver: new PodResolver({ network, upstream, pick, serviceCidr, local, nodeNames }),
    stop() {
      proxies.close()
      pods.close()
      for (const part of parts) part.close()
      services.close()
      policies.close()
    },
  }
}

/**
 * Starts what a kube-controller-manager runs, and beside it the controllers of add-ons and, where there is one, of the cloud. `accounts` are
 * the service accounts as which its controllers act.
 */
export function startControllerManager(
  cluster: ControlPlane,
  usage: (namespace: string, pod: string) => ContainerUsage[],
  { cloud = true, accounts = [] }: { cloud?: boolean; accounts?: readonly string[] } = {},
): { stop(): void } {
  const { world } = cluster
  const plane = managedBy(cluster, 'kube-controller-manager')
  const { api } = plane
  const balancers = [INSTALLED, AUTO].flatMap(
    (flavour) => balancerController(managedBy(cluster, 'controller'), flavour) ?? [],
  )
  const provisioner = managedBy(cluster, 'csi-provisioner')
  const metrics = new ResourceMetrics(api, usage, plane.now)
  const controllers = [
    namespaceDefaultsController(plane),
    controllerAccounts(plane, accounts),
    deploymentController(plane),
    replicaSetController(plane),
    replicationController(plane),
    daemonSetController(plane),
    statefulSetController(plane),
    jobController(plane),
    cronJobController(plane),
    endpointsController(plane),
    endpointMirroringController(plane),
    nodeLifecycleController(plane),
    taintEvictionController(plane),
    podGarbageCollector(plane),
    ...(cloud ? [serviceLoadBalancerController(plane)] : []),
    namespaceController(plane),
    apiServiceController(plane),
    disruptionController(plane),
    certificateApprover(plane),
    certificateSigner(plane),
    certificateCleaner(plane),
    volumeBinder(plane),
    volumeProtection(plane),
    csiProvisioner(provisioner, ebsDriver(provisioner)),
    ...(cloud ? [csiProvisioner(provisioner, ebsDriver(provisioner, AUTO_EBS))] : []),
    csiProvisioner(provisioner, efsDriver(provisioner)),
    ebsResizer(managedBy(cluster, 'csi-resizer')),
    garbageCollector(plane),
    ...balancers,
    autoscalerController(plane, metrics),
  ].map((controller) => world.controllers.start(controller))
  return {
    stop() {
      for (const controller of controllers) controller.stop()
      for (const one of balancers) one.close()
    },
  }
}
