import { EngineError, notFound, type Route, sendJson } from './api.ts'
import type { EngineParts } from './parts.ts'
import { networkList } from './views.ts'

/** The networks that every engine has. */
export function networkRoutes({ world }: EngineParts): Route[] {
  return [
    ['GET', /^\/networks$/, (call) => sendJson(call, 200, networkList(world))],
    [
      'GET',
      /^\/networks\/([^/]+)$/,
      (call) => {
        const network = networkList(world).find(
          ({ Name, Id }) => Name === call.params[0] || Id.startsWith(call.params[0]!),
        )
        if (!network) throw notFound(`network ${call.params[0]} not found`)
        sendJson(call, 200, network)
      },
    ],
    [
      'POST',
      /^\/networks\/create$/,
      () => {
        throw new EngineError(
          501,
          'drydock: making Docker networks is not simulated yet; containers share the bridge network',
        )
      },
    ],
  ]
}
