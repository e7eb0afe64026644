import { EngineError, type Route } from './api.ts'

const NOT_A_MANAGER =
  'This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect this node to swarm and try again.'
const NOT_IN_A_SWARM = 'This node is not part of a swarm'

const refuse = (method: string, path: RegExp, status: number, message: string): Route => [
  method,
  path,
  () => {
    throw new EngineError(status, message)
  },
]

const MANAGED = /^\/(?:nodes|services|tasks|secrets|configs)(?:\/.*)?$/

/**
 * Swarm mode: a node that is in no swarm answers as the real engine does; a swarm cannot be made. Plugins cannot be
 * installed either.
 */
export function swarmRoutes(): Route[] {
  return [
    refuse(
      'POST',
      /^\/swarm\/(?:init|join)$/,
      501,
      'drydock: Swarm mode is not simulated; what it does, Kubernetes does here (kubectl create deployment, kubectl scale)',
    ),
    refuse('POST', /^\/swarm\/leave$/, 503, NOT_IN_A_SWARM),
    refuse('GET', /^\/swarm(?:\/unlockkey)?$/, 503, NOT_A_MANAGER),
    refuse('POST', /^\/swarm\/(?:update|unlock)$/, 503, NOT_A_MANAGER),
    ...['GET', 'POST', 'DELETE'].map((method) => refuse(method, MANAGED, 503, NOT_A_MANAGER)),
    [
      'GET',
      /^\/plugins$/,
      ({ res }) => {
        res.writeHead(200, { 'content-type': 'application/json' }).end('[]\n')
      },
    ],
    refuse('GET', /^\/plugins\/privileges$/, 501, 'drydock: plugins of the Docker engine are not simulated'),
    refuse('POST', /^\/plugins\/pull$/, 501, 'drydock: plugins of the Docker engine are not simulated'),
  ]
}
