import type { RouteRecord } from './records.ts'
import type { Scope } from './scope.ts'
import {
  instances,
  internetGateways,
  natGateways,
  networkInterfaces,
  peerings,
  vpcEndpoints,
} from './tables.ts'

/** A route whose target is gone stays as a black hole. */
export function routeState(scope: Scope, { target }: Pick<RouteRecord, 'target'>): 'active' | 'blackhole' {
  return leads(scope, target) ? 'active' : 'blackhole'
}

function leads(scope: Scope, target: string): boolean {
  if (target === 'local') return true
  const kind = target.slice(0, target.indexOf('-'))
  switch (kind) {
    case 'nat': {
      const state = natGateways.find(scope, target)?.state
      return state === 'available' || state === 'pending'
    }
    case 'igw':
      return internetGateways.find(scope, target)?.vpcId !== undefined
    case 'pcx':
      return peerings.find(scope, target)?.status === 'active'
    case 'vpce':
      return vpcEndpoints.find(scope, target)?.state === 'available'
    case 'i':
      return instances.find(scope, target)?.state === 'running'
  }
  return networkInterfaces.find(scope, target) !== undefined
}
