import type { Pod } from '../objects.ts'

/** The zone of a cluster's names. */
const DOMAIN = 'cluster.local'

/** A pod's name for itself; longer ones are cut. Models GeneratePodHostNameAndDomain in pkg/kubelet/kubelet_pods.go. */
export const shortName = ({ metadata, spec }: Pod): string =>
  (spec.hostname ?? metadata.name).slice(0, 63).replace(/[-.]+$/, '')

/** The names of a pod itself, the full one first where its `subdomain` gives it one. */
export const namesOf = ({ metadata, spec }: Pod, hostname: string): string[] =>
  spec.subdomain
    ? [`${hostname}.${spec.subdomain}.${metadata.namespace}.svc.${DOMAIN}`, hostname]
    : [hostname]

/** `/etc/hosts` of a pod with a network of its own. Source: pkg/kubelet/kubelet_pods.go (managedHostsFileContent). */
export function hostsFile(pod: Pod, hostname: string, address: string): string {
  const aliases = (pod.spec.hostAliases ?? []).map(({ ip, hostnames = [] }) => [ip, ...hostnames].join('\t'))
  return [
    '# Kubernetes-managed hosts file.',
    '127.0.0.1\tlocalhost',
    '::1\tlocalhost ip6-localhost ip6-loopback',
    'fe00::0\tip6-localnet',
    'fe00::0\tip6-mcastprefix',
    'fe00::1\tip6-allnodes',
    'fe00::2\tip6-allrouters',
    [address, ...namesOf(pod, hostname)].join('\t'),
    ...(aliases.length > 0 ? ['', '# Entries added by HostAliases.', ...aliases] : []),
    '',
  ].join('\n')
}
