import type { Obj } from '../json.ts'
import { quantityValue } from '../quantity.ts'

const COMPUTE = ['cpu', 'memory']

/** Models pkg/apis/core/v1/helper/qos. */
export function qosClass(spec: Obj): 'Guaranteed' | 'Burstable' | 'BestEffort' {
  let any = false
  let guaranteed = true
  for (const container of [...(spec.containers ?? []), ...(spec.initContainers ?? [])]) {
    const { requests = {}, limits = {} } = container.resources ?? {}
    for (const name of COMPUTE) {
      const request = quantityValue(requests[name] ?? '0')
      const limit = quantityValue(limits[name] ?? '0')
      if (request > 0 || limit > 0) any = true
      if (limit === 0 || request !== limit) guaranteed = false
    }
  }
  if (!any) return 'BestEffort'
  return guaranteed ? 'Guaranteed' : 'Burstable'
}
