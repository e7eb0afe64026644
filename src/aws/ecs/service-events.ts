import type { Scope } from '../ec2/index.ts'
import type { ServiceRecord } from './records.ts'
import { services } from './tables.ts'

/** ECS shows the latest hundred. */
const EVENTS_KEPT = 100

/** Adds `(service web) …` to a service's events. */
export function withEvent(scope: Scope, service: ServiceRecord, text: string): ServiceRecord {
  const event = {
    id: scope.world.ids.uuid(),
    at: scope.world.clock.now(),
    message: `(service ${service.name}) ${text}`,
  }
  return { ...service, events: [event, ...service.events].slice(0, EVENTS_KEPT) }
}

/** Tells of something that happened to a task of a service, if it has one. */
export function announce(scope: Scope, task: { cluster: string; service?: string }, text: string): void {
  const service = task.service === undefined ? undefined : services.find(scope, task.cluster, task.service)
  if (service) services.put(scope, withEvent(scope, service, text))
}
