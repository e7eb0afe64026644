import { symlink } from '#containers/files/nodes.ts'
import type { Process } from '#containers/processes/process.ts'
import { makeRequest } from '#network/certificate-request.ts'
import type { World } from '#world/world.ts'
import type { ClusterApi } from '../../api.ts'
import {
  hasCondition,
  REQUESTS,
  SIGNERS,
  type SigningRequest,
} from '../../controllers/certificates/requests.ts'
import type { UserInfo } from '../../provider.ts'
import { bootstrapTokens } from '../bootstrap-tokens.ts'
import { type Kubeconfig, readKubeconfig, writeKubeconfig } from '../kubeconfig.ts'
import type { Machines } from '../machines.ts'

export const KUBELET_CONF = '/etc/kubernetes/kubelet.conf'
const FOLDER = '/var/lib/kubelet/pki'
/** Where a kubelet has its client certificate and key. */
export const CLIENT_CERTIFICATE = `${FOLDER}/kubelet-client-current.pem`
/** How often a kubelet asks again for an API server that does not answer, ms. */
const RETRY_MS = 2_000

const nodeUser = (node: string): UserInfo => ({
  username: `system:node:${node}`,
  groups: ['system:nodes', 'system:authenticated'],
})

/**
 * The client certificate of a kubelet by a request to the cluster, in the file that its kubeconfig names. Settles when it is there; a request that is
 * denied is followed by another. Models client-go/util/certificate and pkg/kubelet/certificate.
 */
async function request(
  process: Process,
  world: World,
  api: ClusterApi,
  node: string,
  user: UserInfo,
): Promise<void> {
  const { files, clock } = process.machine
  for (;;) {
    const { username: commonName } = nodeUser(node)
    const { request, privateKey } = await makeRequest({ commonName, organizations: ['system:nodes'] })
    const { metadata } = api.create<SigningRequest>(
      REQUESTS,
      {
        apiVersion: 'certificates.k8s.io/v1',
        kind: 'CertificateSigningRequest',
        metadata: { name: '', generateName: 'csr-' },
        spec: {
          request: Buffer.from(request).toString('base64'),
          signerName: SIGNERS.kubeletClient,
          usages: ['digital signature', 'client auth'],
        },
      },
      user,
    )
    const certificate = await process.waitFor(answer(world, api, metadata.name))
    if (certificate === undefined) {
      await process.sleep(RETRY_MS)
      continue
    }
    const date = new Date(clock.now()).toISOString().slice(0, 19).replace(/[T:]/g, '-')
    const path = `${FOLDER}/kubelet-client-${date}.pem`
    files.makeFolder(FOLDER, { recursive: true })
    files.writeSync(path, Buffer.from(certificate + privateKey), 0o600)
    files.tree.put(CLIENT_CERTIFICATE, symlink(path))
    return
  }
}

/** The certificate (PEM) for a request, when there is one; undefined when it is refused or gone. */
function answer(world: World, api: ClusterApi, name: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const look = (): boolean => {
      const found = api.get<SigningRequest>(REQUESTS, '', name)
      const certificate = found?.status?.certificate
      if (!certificate && found && !hasCondition(found, 'Denied') && !hasCondition(found, 'Failed'))
        return false
      resolve(certificate && Buffer.from(certificate, 'base64').toString())
      return true
    }
    if (look()) return
    const watch = world.store.watch(`${api.prefix(REQUESTS)}${name}`, () => {
      if (look()) watch.close()
    })
  })
}

/** The client of the cluster that a kubeconfig leads to, as soon as its API server answers. */
async function reach(process: Process, machines: Machines, kubeconfig: Kubeconfig): Promise<ClusterApi> {
  for (;;) {
    const found = machines.connect(kubeconfig, process.machine)
    if ('cluster' in found) return found.cluster.client
    await process.sleep(RETRY_MS)
  }
}

/** A kubelet that has only a bootstrap token gets its certificate by it, and writes its kubeconfig. Models pkg/kubelet/certificate/bootstrap. */
export async function bootstrapKubelet(
  process: Process,
  machines: Machines,
  files: { bootstrap: string; path: string },
  node: string,
): Promise<void> {
  const { machine } = process
  const kubeconfig = readKubeconfig(Buffer.from(await machine.files.read(files.bootstrap)).toString())
  const tokens = bootstrapTokens(
    () => api,
    () => machine.clock.now(),
  )
  let api: ClusterApi
  let user: UserInfo | undefined
  for (;;) {
    api = await reach(process, machines, kubeconfig)
    user = await tokens.authenticate(kubeconfig.user.token ?? '')
    if (user && mayAsk(api, user)) break
    await process.sleep(RETRY_MS)
  }
  const groups = [...user.groups, 'system:authenticated']
  await request(process, machines.options.world, api, node, { ...user, groups })
  const text = writeKubeconfig({
    cluster: 'default-cluster',
    server: kubeconfig.server,
    authority: kubeconfig.authority,
    user: 'default-auth',
    context: 'default-context',
    namespace: 'default',
    identity: { file: CLIENT_CERTIFICATE },
  })
  machine.files.writeSync(files.path, Buffer.from(text), 0o600)
}

const mayAsk = (api: ClusterApi, user: UserInfo): boolean =>
  api.mayAccess({
    user,
    verb: 'create',
    group: 'certificates.k8s.io',
    version: 'v1',
    resource: 'certificatesigningrequests',
    subresource: '',
    namespace: '',
    name: '',
  })

/** A kubelet whose kubeconfig brought a certificate along asks for one of its own, once. */
export async function rotateCertificate(
  process: Process,
  machines: Machines,
  kubeconfig: Kubeconfig,
  node: string,
): Promise<void> {
  if (process.machine.files.exists(CLIENT_CERTIFICATE)) return
  const api = await reach(process, machines, kubeconfig)
  await request(process, machines.options.world, api, node, nodeUser(node))
}
