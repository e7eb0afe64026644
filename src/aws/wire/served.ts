import type { ServiceModel } from './model.ts'
import type { Protocol } from './protocol.ts'
import type { Service } from './service.ts'

/** A service with what the wire knows of it once its SDK module is loaded. */
export interface Served {
  service: Service
  model: ServiceModel
  protocol: Protocol
}

/** The name that clients put in a signature's scope. */
export function signingName(service: Service): string {
  return service.signingName ?? service.actionPrefix
}
