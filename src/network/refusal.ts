import type { Refusal } from './proxy.ts'
import type { ConnectError } from './virtual-network.ts'

/** What the lab network's door says when it does not open: what happened, why, what to do. */
export const refusal = {
  credentials: (): Refusal => ({
    status: 407,
    reason: 'Proxy Authentication Required',
    headers: { 'proxy-authenticate': 'Basic realm="drydock"' },
    body:
      'This is the lab network of Drydock, and the proxy URL names no world that it knows.\n' +
      'Either the lab was reset or HTTPS_PROXY was changed. Open a new terminal in the lab.\n',
  }),
  unknownHost: (name: string): Refusal => ({
    status: 403,
    reason: `${name.replace(/[^\x21-\x7e]/g, '?').slice(0, 200)} is not in the lab network`,
    body:
      `${name} is not in the lab network.\n` +
      'This terminal is inside a simulated cloud: it reaches AWS endpoints, clusters, registries and load balancers of ' +
      'your own world and nothing on the internet.\n' +
      'Check the name; if it belonged to a load balancer or a cluster, that may have been deleted.\n',
  }),
  unreachable: ({ code, message }: Pick<ConnectError, 'code' | 'message'>): Refusal => ({
    status: 502,
    reason:
      code === 'ECONNREFUSED'
        ? 'connect: connection refused'
        : code === 'ETIMEDOUT'
          ? 'i/o timeout'
          : 'no route to host',
    body: `${message}\n`,
  }),
  failed: (why: string): Refusal => ({
    status: 502,
    reason: 'Bad Gateway',
    body:
      `The lab network could not open your world: ${why}.\n` +
      'Try again; if it stays so, start Drydock anew: what you have done is kept.\n',
  }),
  silent: (why: string): Refusal => ({
    status: 504,
    reason: why,
    body: `${why}\nNothing answered: packets to this address are dropped. Ask whether it is private, or open to other addresses only.\n`,
  }),
  notAProxyRequest: (): Refusal => ({
    status: 400,
    reason: 'Bad Request',
    body:
      'This address is a forward proxy: it takes requests like "GET http://host/path" and "CONNECT host:443".\n' +
      'Set HTTPS_PROXY and HTTP_PROXY to it instead of opening it. For AWS_ENDPOINT_URL start "drydock cloud --endpoint-port".\n',
  }),
  noUpgrade: (): Refusal => ({
    status: 400,
    reason: 'Bad Request',
    body: 'This host does not take protocol upgrades.\n',
  }),
}
