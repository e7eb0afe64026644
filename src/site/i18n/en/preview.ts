import type { Door, PreviewFailure } from '#server/api.ts'

/** What stands under a page that did not come, or came with an error. */
export interface Explanation {
  what: string
  why: string
}

export const preview = {
  region: 'Web preview',
  needStart: 'Web pages of your lab are shown here, once the lab is started.',
  address: 'Address inside the lab',
  open: 'Open',
  reload: 'Load again',
  newTab: 'Open in a tab of its own',
  close: 'Close the page',
  frame: (address: string) => `The page at ${address}`,
  lead: 'Opens a page as your terminal reaches it: a load balancer, a published port of a container, a node port, a port that kubectl forwards.',
  doors: 'In your lab now',
  noDoors:
    'Nothing in your lab answers browsers yet. Make a load balancer, publish a port (docker run -p) or forward one (kubectl port-forward), then look again.',
  look: 'Look again',
  door: {
    'load-balancer': 'Load balancer',
    container: 'Published port',
    'node-port': 'Node port',
  } satisfies Record<Door['kind'], string>,
  loading: 'Loading…',
  answered: (status: number, reason: string) => `Answered ${status} ${reason}`.trim(),
  unanswered: 'No answer',
  failure: {
    'no-host': (host: string) => ({
      what: `The lab network knows no host ${host}.`,
      why: 'A load balancer has a name only while it exists, and the internet is not part of the lab. Check the name.',
    }),
    refused: (host: string) => ({
      what: `${host} refused the connection.`,
      why: 'Nothing listens on this port: the program is not running, or the port is another.',
    }),
    silent: (host: string) => ({
      what: `${host} does not answer at all.`,
      why: 'Packets to it are dropped: no security group lets them in, no listener has this port, or it is reached from inside its network only.',
    }),
    'no-route': (host: string) => ({
      what: `No way leads to ${host}.`,
      why: 'The address belongs to nothing that the lab’s shell can reach.',
    }),
    certificate: (host: string) => ({
      what: `The certificate of ${host} is not one that browsers trust.`,
      why: 'It is made for another name, is out of date, or its authority is not the lab’s.',
    }),
    closed: (host: string) => ({
      what: `${host} closed the connection without an answer.`,
      why: 'A program that forwards the port may have ended, or it does not speak HTTP (or HTTPS) on this port.',
    }),
    'cloud-away': () => ({
      what: 'The lab network does not answer.',
      why: 'The cloud is being restarted, or the lab was started over. Load the page again in a moment.',
    }),
  } satisfies Record<PreviewFailure, (host: string) => Explanation>,
  /** What a load balancer says for itself when it got no page from behind. */
  balancer: {
    502: {
      what: 'The load balancer is there, but its target gave no proper answer.',
      why: 'The target closed the connection, or does not speak HTTP on the port that the target group names.',
    },
    503: {
      what: 'The load balancer is there, but it has no healthy target.',
      why: 'No target is registered, or all fail their health checks. For a Service or an Ingress that means: no ready pod behind it.',
    },
    504: {
      what: 'The load balancer is there, but its target does not answer in time.',
      why: 'The target hangs, or a security group between load balancer and target drops the packets.',
    },
  } as Record<number, Explanation>,
}
