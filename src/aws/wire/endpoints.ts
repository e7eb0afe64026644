import type { Service } from './service.ts'

export interface Endpoint {
  services: Service[]
  /** `undefined` for a global endpoint, whose clients may sign for any region. */
  region: string | undefined
}

/** AWS's host names → services, as the SDKs and the CLI resolve them, dual-stack names included. */
export class Endpoints {
  readonly #byPrefix = new Map<string, Service[]>()
  readonly #global = new Map<string, Service[]>()

  constructor(services: Service[]) {
    for (const one of services) {
      for (const { prefix, global } of one.endpoints) {
        if (global) add(this.#global, prefix, one)
        else {
          add(this.#byPrefix, prefix, one)
          // Dual-stack names drop the `api.`: api.ecr.us-east-1.amazonaws.com is ecr.us-east-1.api.aws.
          add(this.#byPrefix, `${prefix.replace(/^api\./, '')}@dual`, one)
        }
      }
    }
  }

  find(hostname: string): Endpoint | undefined {
    const match =
      /^(?<prefix>[a-z0-9.-]+?)\.(?<region>[a-z]{2}(?:-[a-z]+)+-\d)\.(?<domain>amazonaws\.com|api\.aws)$/.exec(
        hostname,
      )
    if (match?.groups) {
      const { prefix, region, domain } = match.groups
      const services = this.#byPrefix.get(domain === 'api.aws' ? `${prefix}@dual` : prefix!)
      return services && { services, region }
    }
    const [, global] = /^([a-z0-9.-]+?)(?:\.amazonaws\.com|\.global\.api\.aws)$/.exec(hostname) ?? []
    const services = global === undefined ? undefined : this.#global.get(global)
    return services && { services, region: undefined }
  }
}

function add(map: Map<string, Service[]>, key: string, service: Service): void {
  const list = map.get(key)
  if (list) list.push(service)
  else map.set(key, [service])
}
