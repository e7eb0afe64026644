export { elbHealthController } from './health-controller.ts'
export {
  createLoadBalancer,
  deleteLoadBalancer,
  ensureLoadBalancer,
  type LoadBalancerOptions,
  type WantedLoadBalancer,
} from './load-balancers.ts'
export type * from './records.ts'
export { elbService } from './service.ts'
export { findLoadBalancer, listLoadBalancers } from './tables.ts'
export { elbHosts } from './traffic.ts'
