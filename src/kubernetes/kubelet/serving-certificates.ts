import { makeRequest } from '#network/certificate-request.ts'
import type { Controller, Result } from '#world/controller.ts'
import { hasCondition, REQUESTS, SIGNERS, type SigningRequest } from '../controllers/certificates/requests.ts'
import type { ControlPlane } from '../controllers/control-plane.ts'
import { type NodeRecord, nodeRecordPrefix } from './node-record.ts'
import type { Reaches } from './uplink.ts'

/** How long a kubelet waits for an answer before it asks anew, ms. Source: client-go/util/certificate (certificateWaitTimeout). */
const PATIENCE_MS = 15 * 60_000

/** What a kubelet knows of its serving certificate. */
interface Serving {
  /** Name of its latest request. */
  request: string
  /** ms since the epoch */
  askedAt: number
  issued?: true
}

const servingKey = (clusterUid: string, node: string): string => `kubelet/${clusterUid}/serving/${node}`

/** Whether the kubelet of a node has a certificate to show to the API server. */
export const servesTls = ({ options, world }: ControlPlane, node: string): boolean =>
  !options.signedKubelets || world.store.get<Serving>(servingKey(options.uid, node))?.value.issued === true

/**
 * Has each kubelet ask the cluster for the certificate of its own port (`serverTLSBootstrap: true`), as those of EKS do. The port itself
 * is not simulated, so nobody needs the key. Models pkg/kubelet/certificate.
 */
export function servingCertificates(plane: ControlPlane, reaches: Reaches): Controller {
  const { api, world, options } = plane
  const nodes = nodeRecordPrefix(options.uid)

  async function ask({ name, address, externalAddress }: NodeRecord): Promise<void> {
    const { request } = await makeRequest({
      commonName: `system:node:${name}`,
      organizations: ['system:nodes'],
      dnsNames: [name],
      addresses: [address, ...(externalAddress ? [externalAddress] : [])],
    })
    const username = `system:node:${name}`
    const { metadata } = api.create<SigningRequest>(
      REQUESTS,
      {
        apiVersion: 'certificates.k8s.io/v1',
        kind: 'CertificateSigningRequest',
        metadata: { name: '', generateName: 'csr-' },
        spec: {
          request: Buffer.from(request).toString('base64'),
          signerName: SIGNERS.kubeletServing,
          usages: ['digital signature', 'server auth'],
        },
      },
      { username, groups: ['system:nodes', 'system:authenticated'] },
    )
    const serving: Serving = { request: metadata.name, askedAt: plane.now() }
    world.store.put(servingKey(options.uid, name), serving)
  }

  return {
    name: 'kubelet-serving-certificate',
    concurrency: 8,
    sources: [
      {
        prefix: nodes,
        keys: ({ type, key, entry }: { type: string; key: string; entry: { value: NodeRecord } }) => {
          const name = key.slice(nodes.length)
          if (type === 'delete') world.store.delete(servingKey(options.uid, name))
          return type === 'delete' || entry.value.stopped ? [] : [name]
        },
      },
      {
        prefix: api.prefix(REQUESTS),
        keys: ({ entry }: { entry: { value: SigningRequest } }) => {
          const { signerName, username = '' } = entry.value.spec
          return signerName === SIGNERS.kubeletServing ? [username.replace(/^system:node:/, '')] : []
        },
      },
    ],
    async reconcile(name): Promise<Result | undefined> {
      const record = world.store.get<NodeRecord>(`${nodes}${name}`)?.value
      if (!record || record.stopped || record.kubeletStopped || !reaches(name)) return
      const key = servingKey(options.uid, name)
      const known = world.store.get<Serving>(key)?.value
      if (known?.issued) return
      const request = known && api.get<SigningRequest>(REQUESTS, '', known.request)
      if (request?.status?.certificate) {
        world.store.put(key, { ...known, issued: true })
        return
      }
      const left = known ? known.askedAt + PATIENCE_MS - plane.now() : 0
      const refused = request && (hasCondition(request, 'Denied') || hasCondition(request, 'Failed'))
      if (left > 0 && (request || refused)) return { requeueAfterMs: left }
      await ask(record)
      return
    },
  }
}
