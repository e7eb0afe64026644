import { randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { type InsideEnd, type InstanceRecord, instanceTypes, type Scope, tables } from '#aws/ec2/index.ts'
import { roleOfProfile, rolePrincipal } from '#aws/iam/identity.ts'
import { issueSession } from '#aws/iam/session.ts'
import { ConnectError, type Peer, type Route, type VirtualNetwork } from '#network/virtual-network.ts'
import type { World } from '#world/world.ts'
import type { VpcPaths } from './vpc-paths.ts'

export const METADATA_ADDRESS = '169.254.169.254'
const PORT = 80
const TOKEN_HEADER = 'x-aws-ec2-metadata-token'
const TTL_HEADER = `${TOKEN_HEADER}-ttl-seconds`
const MOST_SECONDS = 21_600
const CREDENTIAL_SECONDS = 6 * 3600
/** What one instance may hold of tokens that are not used up; the oldest go. */
const TOKENS_KEPT = 1000

interface Token {
  instanceId: string
  expires: number
}

/**
 * The instance metadata service at its link-local address, for what runs on EC2 instances: their processes and, a hop further, the
 * pods on them. https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-service.html
 */
export class InstanceMetadata implements Route {
  readonly #world: World
  readonly #paths: VpcPaths
  readonly #server = createServer((req, res) => this.#answer(req, res))
  readonly #peers = new WeakMap<Duplex, string>()
  /** Sessions of the service's own: void when the process ends, as after an instance's reboot. */
  readonly #tokens = new Map<string, Token>()
  readonly #uses: { close(): void }[]

  constructor(world: World, paths: VpcPaths, network: VirtualNetwork) {
    this.#world = world
    this.#paths = paths
    this.#uses = [
      network.addRoute(this),
      network.listen(METADATA_ADDRESS, PORT, (socket, peer) => {
        this.#peers.set(socket, peer.address)
        socket.on('error', () => socket.destroy())
        this.#server.emit('connection', socket)
      }),
    ]
  }

  close(): void {
    for (const use of this.#uses) use.close()
  }

  /** There is no such service but on instances: Fargate's tasks and pods have none. */
  resolve(from: Peer, to: Peer): undefined {
    if (to.address !== METADATA_ADDRESS) return
    if (to.port !== PORT) throw new ConnectError('ECONNREFUSED', to.address, to.port)
    const client = this.#clientAt(from.address)
    if (!client || client.instance.metadataDisabled) throw new ConnectError('ETIMEDOUT', to.address, to.port)
  }

  #clientAt(
    address: string,
  ): { scope: Scope; instance: InstanceRecord; end: InsideEnd; hops: number } | undefined {
    const end = this.#paths.endAt(address)
    const id = end?.eni.attachment?.instanceId
    if (!end || id === undefined) return undefined
    const scope: Scope = { world: this.#world, accountId: end.accountId, region: end.region }
    const instance = tables.instances.find(scope, id)
    // The machine's own processes use its primary address; a pod's packets pass the machine on their way.
    return instance && { scope, instance, end, hops: address === instance.privateIp ? 1 : 2 }
  }

  #answer(req: IncomingMessage, res: ServerResponse): void {
    const client = this.#clientAt(this.#peers.get(req.socket) ?? '')
    if (!client) return void req.socket.destroy()
    const { scope, instance, hops } = client
    const path = (req.url ?? '/').replace(/\?.*$/, '').replace(/^\/(latest|20\d\d-\d\d-\d\d)(?=\/|$)/, '')
    const token = header(req, TOKEN_HEADER)
    if (req.method === 'PUT' && path === '/api/token') {
      // The answer that has the token dies after as many hops as the instance allows; a client beyond waits in vain.
      if (hops > instance.metadataHopLimit) return
      return this.#giveToken(req, res, instance.id)
    }
    if (req.method !== 'GET' && req.method !== 'HEAD') return refuse(res, 405, 'Method Not Allowed')
    if (token === undefined ? instance.metadataHttpTokens === 'required' : !this.#isValid(token, instance.id))
      return refuse(res, 401, 'Unauthorized')
    const text = contentOf(scope, instance, path)
    if (text === undefined) return refuse(res, 404, 'Not Found')
    const type = text.startsWith('{') ? 'application/json' : 'text/plain'
    res.writeHead(200, { 'content-type': type, server: 'EC2ws' }).end(text)
  }

  #giveToken(req: IncomingMessage, res: ServerResponse, instanceId: string): void {
    const asked = Number(header(req, TTL_HEADER))
    // Not for who comes by a proxy.
    if (header(req, 'x-forwarded-for') !== undefined) return refuse(res, 403, 'Forbidden')
    if (!Number.isInteger(asked) || asked < 1 || asked > MOST_SECONDS) return refuse(res, 400, 'Bad Request')
    const token = randomBytes(40).toString('base64').replaceAll('+', '-').replaceAll('/', '_')
    this.#tokens.set(token, { instanceId, expires: this.#world.clock.now() + asked * 1000 })
    for (const oldest of this.#tokens.keys()) {
      if (this.#tokens.size <= TOKENS_KEPT) break
      this.#tokens.delete(oldest)
    }
    res
      .writeHead(200, { 'content-type': 'text/plain', [TTL_HEADER]: String(asked), server: 'EC2ws' })
      .end(token)
  }

  #isValid(token: string, instanceId: string): boolean {
    const known = this.#tokens.get(token)
    return known?.instanceId === instanceId && known.expires > this.#world.clock.now()
  }
}

const header = (req: IncomingMessage, name: string): string | undefined => [req.headers[name]].flat()[0]

function refuse(res: ServerResponse, status: number, title: string): void {
  const page = `<?xml version="1.0" encoding="iso-8859-1"?>\n<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN"\n\t"http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">\n<html xmlns="http://www.w3.org/1999/xhtml" xml:lang="en" lang="en">\n <head>\n  <title>${status} - ${title}</title>\n </head>\n <body>\n  <h1>${status} - ${title}</h1>\n </body>\n</html>\n`
  res.writeHead(status, { 'content-type': 'text/html', server: 'EC2ws' }).end(page)
}

/** A folder's names, or a value; undefined: there is no such path. */
type Node = string | { [name: string]: Node | undefined } | undefined

function contentOf(scope: Scope, instance: InstanceRecord, path: string): string | undefined {
  let node: Node = tree(scope, instance)
  for (const part of path.split('/').filter(Boolean)) {
    if (typeof node !== 'object') return undefined
    node = node[part]
  }
  if (typeof node !== 'object') return node
  return Object.entries(node)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => (typeof value === 'object' ? `${name}/` : name))
    .join('\n')
}

function tree(scope: Scope, instance: InstanceRecord): Node {
  const eni = tables.networkInterfaces.find(scope, instance.networkInterfaceIds[0] ?? '')
  const subnet = tables.subnets.find(scope, instance.subnetId)
  const groups = instance.groupIds.map((id) => tables.securityGroups.find(scope, id)?.name ?? id)
  return {
    dynamic: { 'instance-identity': { document: identityDocument(scope, instance) } },
    'meta-data': {
      'ami-id': instance.imageId,
      'ami-launch-index': String(instance.launchIndex),
      hostname: instance.privateDnsName,
      iam: instance.profile && iamOf(scope, instance),
      'instance-action': 'none',
      'instance-id': instance.id,
      'instance-life-cycle': instance.lifecycle ?? 'on-demand',
      'instance-type': instance.type,
      'local-hostname': instance.privateDnsName,
      'local-ipv4': instance.privateIp,
      mac: eni?.macAddress,
      network: eni && {
        interfaces: {
          macs: {
            [eni.macAddress]: {
              'device-number': '0',
              'interface-id': eni.id,
              'local-ipv4s': eni.addresses.join('\n'),
              mac: eni.macAddress,
              'owner-id': scope.accountId,
              'security-group-ids': instance.groupIds.join('\n'),
              'subnet-id': instance.subnetId,
              'subnet-ipv4-cidr-block': subnet?.cidr,
              'vpc-id': instance.vpcId,
            },
          },
        },
      },
      placement: {
        'availability-zone': instance.zone,
        'availability-zone-id': subnet?.zoneId,
        region: scope.region,
      },
      'public-hostname':
        instance.publicIp && `ec2-${instance.publicIp.replaceAll('.', '-')}.compute-1.amazonaws.com`,
      'public-ipv4': instance.publicIp,
      'reservation-id': instance.reservationId,
      'security-groups': groups.join('\n'),
      services: { domain: 'amazonaws.com', partition: 'aws' },
      tags: instance.metadataTags ? { instance: instance.tags } : undefined,
    },
    'user-data': instance.userData && Buffer.from(instance.userData, 'base64').toString(),
  }
}

function identityDocument({ accountId, region }: Scope, instance: InstanceRecord): string {
  const document = {
    accountId,
    architecture: instanceTypes.get(instance.type)?.architecture ?? 'x86_64',
    availabilityZone: instance.zone,
    billingProducts: null,
    devpayProductCodes: null,
    marketplaceProductCodes: null,
    imageId: instance.imageId,
    instanceId: instance.id,
    instanceType: instance.type,
    kernelId: null,
    pendingTime: new Date(instance.launchedAt).toISOString().replace(/\.\d+Z$/, 'Z'),
    privateIp: instance.privateIp,
    ramdiskId: null,
    region,
    version: '2017-09-30',
  }
  return JSON.stringify(document, null, 2)
}

function iamOf(scope: Scope, instance: InstanceRecord): Node {
  const { arn, id } = instance.profile!
  const now = `${new Date(scope.world.clock.now()).toISOString().slice(0, 19)}Z`
  const roleArn = roleOfProfile(scope, arn)
  const principal = roleArn && rolePrincipal(scope.world, roleArn, instance.id)
  return {
    info: JSON.stringify(
      { Code: 'Success', LastUpdated: now, InstanceProfileArn: arn, InstanceProfileId: id },
      null,
      2,
    ),
    'security-credentials': principal
      ? {
          get [roleArn.split('/').at(-1)!]() {
            const given = issueSession(scope.world, principal, CREDENTIAL_SECONDS)
            const credentials = {
              Code: 'Success',
              LastUpdated: now,
              Type: 'AWS-HMAC',
              AccessKeyId: given.AccessKeyId,
              SecretAccessKey: given.SecretAccessKey,
              Token: given.SessionToken,
              Expiration: `${given.Expiration.toISOString().slice(0, 19)}Z`,
            }
            return JSON.stringify(credentials, null, 2)
          },
        }
      : {},
  }
}
