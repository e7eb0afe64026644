import type { ClusterApi } from '../api.ts'
import { type Kubelets, startKubelets } from '../kubelet/kubelet.ts'
import type { TokenIssuer } from '../kubelet/volumes.ts'
import { ResourceMetrics } from '../metrics/resource-metrics.ts'
import { ClusterDns, resolverFile } from '../network/dns.ts'
import { PolicyRoute } from '../network/policies.ts'
import { ServiceRoute } from '../network/services.ts'
import type { ClusterOptions } from '../provider.ts'
import { startScheduler } from '../scheduler/scheduler.ts'
import { apiServiceController } from './api-services.ts'
import { autoscalerController } from './autoscaler/autoscaler.ts'
import { createControlPlane } from './control-plane.ts'
import { cronJobController } from './cronjob.ts'
import { daemonSetController } from './daemonset.ts'
import { deploymentController } from './deployment.ts'
import { disruptionController } from './disruption.ts'
import { endpointsController } from './endpoints.ts'
import { garbageCollector } from './garbage-collector.ts'
import { jobController } from './job.ts'
import { namespaceController } from './namespace.ts'
import { nodeLifecycleController, taintEvictionController } from './node-lifecycle.ts'
import { podGarbageCollector } from './pod-garbage.ts'
import { replicaSetController } from './replicaset.ts'
import { namespaceDefaultsController } from './service-account.ts'
import { serviceLoadBalancerController } from './service-load-balancer.ts'
import { statefulSetController } from './statefulset.ts'

import { volumeBinder } from './volumes/binder.ts'
import { volumeProtection } from './volumes/protection.ts'
import { ebsProvisioner } from './volumes/provisioner.ts'

export interface ControllersOptions {
  issueToken: TokenIssuer
  /** Names outside the cluster, as the nodes resolve them; undefined: NXDOMAIN. */
  upstreamDns?(name: string): string | undefined
}

export interface RunningControllers {
  kubelets: Kubelets
  dns: ClusterDns
  stop(): void
}

/** Starts everything of a cluster that is not its API server: controllers, scheduler, kubelets, Service network. */
export function startControllers(
  options: ClusterOptions,
  api: ClusterApi,
  { issueToken, upstreamDns }: ControllersOptions,
): RunningControllers {
  const { world, network, serviceCidr } = options
  const plane = createControlPlane(options, api)
  const pick = (count: number) => world.ids.number(count)
  const isPod = (address: string) => plane.podAddresses.has(address)
  const services = new ServiceRoute({ store: world.store, api, serviceCidr, isPod, now: plane.now, pick })
  // Later routes are asked first: policies see where the Services lead.
  const policies = new PolicyRoute(world.store, api)
  const routes = [network.addRoute(policies), network.addRoute(services)]
  const dns = new ClusterDns({ api, services, pick, ...(upstreamDns && { upstream: upstreamDns }) })
  const collector = garbageCollector(plane)
  const controllers = [
    namespaceDefaultsController(plane),
    deploymentController(plane),
    replicaSetController(plane),
    daemonSetController(plane),
    statefulSetController(plane),
    jobController(plane),
    cronJobController(plane),
    endpointsController(plane),
    nodeLifecycleController(plane),
    taintEvictionController(plane),
    podGarbageCollector(plane),
    serviceLoadBalancerController(plane),
    namespaceController(plane),
    apiServiceController(plane),
    disruptionController(plane),
    volumeBinder(plane),
    volumeProtection(plane),
    ebsProvisioner(plane),
    collector,
  ].map((controller) => world.controllers.start(controller))
  const scheduler = startScheduler(plane)
  const kubelets = startKubelets(plane, {
    issueToken,
    resolve: (pod, name) => (policies.reachesDns(pod) ? dns.resolve(pod, name) : undefined),
    resolver: (pod, nodeName) => resolverFile(pod, nodeName, serviceCidr),
  })
  const metrics = new ResourceMetrics(api, (namespace, pod) => kubelets.usage(namespace, pod), plane.now)
  const autoscaler = world.controllers.start(autoscalerController(plane, metrics))
  return {
    kubelets,
    dns,
    stop() {
      autoscaler.stop()
      kubelets.stop()
      scheduler.stop()
      for (const controller of controllers) controller.stop()
      collector.close()
      for (const route of routes) route.close()
      services.close()
      policies.close()
      plane.close()
    },
  }
}
