import type { NodeRecord } from '#kubernetes/kubelet/node-record.ts'
import { parseQuantity } from '#kubernetes/quantity.ts'

/** The ciphers that nodeadm allows. */
const CIPHERS = [
  'ECDHE_ECDSA_WITH_AES_128_GCM_SHA256',
  'ECDHE_ECDSA_WITH_AES_256_GCM_SHA384',
  'ECDHE_ECDSA_WITH_CHACHA20_POLY1305',
  'ECDHE_RSA_WITH_AES_128_GCM_SHA256',
  'ECDHE_RSA_WITH_AES_256_GCM_SHA384',
  'ECDHE_RSA_WITH_CHACHA20_POLY1305',
  'RSA_WITH_AES_128_GCM_SHA256',
  'RSA_WITH_AES_256_GCM_SHA384',
].map((name) => `TLS_${name}`)

/**
 * What nodeadm writes into the kubelet's configuration of a node with Amazon Linux 2023. Source: `configz` of such nodes
 * (read 2026-11), nodeadm/internal/kubelet/config.go of amazon-eks-ami.
 */
export function nodeadmConfiguration(node: NodeRecord, serviceCidr: string): Record<string, unknown> {
  const { capacity, allocatable } = node
  const amount = (from: Record<string, string>, resource: string) => parseQuantity(from[resource] ?? '0')
  const pods = Number(capacity.pods)
  const reservedMilli = Math.round((amount(capacity, 'cpu') - amount(allocatable, 'cpu')) * 1000)
  return {
    tlsCipherSuites: CIPHERS,
    serverTLSBootstrap: true,
    authentication: { x509: { clientCAFile: '/etc/kubernetes/pki/ca.crt' } },
    clusterDomain: 'cluster.local',
    clusterDNS: [serviceCidr.replace(/\d+\/\d+$/, '10')],
    cgroupRoot: '/',
    hairpinMode: 'hairpin-veth',
    maxPods: pods,
    serializeImagePulls: false,
    evictionHard: { 'memory.available': '100Mi', 'nodefs.available': '10%', 'nodefs.inodesFree': '5%' },
    protectKernelDefaults: true,
    featureGates: { RotateKubeletServerCertificate: true },
    kubeReserved: { cpu: `${reservedMilli}m`, 'ephemeral-storage': '1Gi', memory: `${255 + 11 * pods}Mi` },
    systemReservedCgroup: '/system',
    kubeReservedCgroup: '/runtime',
    providerID: node.providerId,
    logging: { verbosity: 2 },
  }
}
