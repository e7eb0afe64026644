import type { Controller } from '#world/controller.ts'
import { type ControlPlane, ownKey } from '../controllers/control-plane.ts'
import type { Node } from '../objects.ts'

/** Gives each node its range of pod addresses. Models pkg/controller/nodeipam with the range allocator and `/24` a node. */
export function nodeIpam({ api }: ControlPlane, podCidr: string | undefined): Controller {
  return {
    name: 'node-ipam',
    sources: [{ prefix: api.prefix('nodes'), keys: ownKey }],
    reconcile(name) {
      const node = api.get<Node>('nodes', '', name)
      if (!node || node.spec.podCIDR || !podCidr) return
      const taken = new Set(api.list<Node>('nodes').map(({ spec }) => spec.podCIDR))
      const [a, b] = podCidr.split('.')
      for (let block = 0; block < 256; block++) {
        const podCIDR = `${a}.${b}.${block}.0/24`
        if (taken.has(podCIDR)) continue
        api.update('nodes', { ...node, spec: { ...node.spec, podCIDR, podCIDRs: [podCIDR] } })
        return
      }
    },
  }
}
