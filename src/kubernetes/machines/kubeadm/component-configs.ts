import { parse, stringify } from 'yaml'
import type { Configuration } from './configuration.ts'

// What kubeadm writes of kubelet and kube-proxy: every field, empty ones too, in the order of the alphabet.
// Source: /var/lib/kubelet/config.yaml and the ConfigMaps of clusters made by kubeadm, read 2026-11; models cmd/kubeadm/app/componentconfigs.

const KUBELET = `
apiVersion: kubelet.config.k8s.io/v1beta1
authentication:
  anonymous: {enabled: false}
  webhook: {cacheTTL: 0s, enabled: true}
  x509: {clientCAFile: /etc/kubernetes/pki/ca.crt}
authorization: {mode: Webhook, webhook: {cacheAuthorizedTTL: 0s, cacheUnauthorizedTTL: 0s}}
cgroupDriver: systemd
clusterDomain: cluster.local
containerRuntimeEndpoint: ""
cpuManagerReconcilePeriod: 0s
crashLoopBackOff: {}
evictionPressureTransitionPeriod: 0s
fileCheckFrequency: 0s
healthzBindAddress: 127.0.0.1
healthzPort: 10248
httpCheckFrequency: 0s
imageMaximumGCAge: 0s
imageMinimumGCAge: 0s
kind: KubeletConfiguration
logging: {flushFrequency: 0, options: {json: {infoBufferSize: "0"}, text: {infoBufferSize: "0"}}, verbosity: 0}
memorySwap: {}
nodeStatusReportFrequency: 0s
nodeStatusUpdateFrequency: 0s
rotateCertificates: true
runtimeRequestTimeout: 0s
shutdownGracePeriod: 0s
shutdownGracePeriodCriticalPods: 0s
staticPodPath: /etc/kubernetes/manifests
streamingConnectionIdleTimeout: 0s
syncFrequency: 0s
volumeStatsAggPeriod: 0s
`

const PROXY = `
apiVersion: kubeproxy.config.k8s.io/v1alpha1
bindAddress: 0.0.0.0
bindAddressHardFail: false
clientConnection: {acceptContentTypes: "", burst: 0, contentType: "", kubeconfig: /var/lib/kube-proxy/kubeconfig.conf, qps: 0}
configSyncPeriod: 0s
conntrack:
  maxPerCore: null
  min: null
  tcpBeLiberal: false
  tcpCloseWaitTimeout: null
  tcpEstablishedTimeout: null
  udpStreamTimeout: 0s
  udpTimeout: 0s
detectLocal: {bridgeInterface: "", interfaceNamePrefix: ""}
detectLocalMode: ""
enableProfiling: false
healthzBindAddress: ""
hostnameOverride: ""
iptables: {localhostNodePorts: null, masqueradeAll: false, masqueradeBit: null, minSyncPeriod: 0s, syncPeriod: 0s}
ipvs:
  excludeCIDRs: null
  minSyncPeriod: 0s
  scheduler: ""
  strictARP: false
  syncPeriod: 0s
  tcpFinTimeout: 0s
  tcpTimeout: 0s
  udpTimeout: 0s
kind: KubeProxyConfiguration
logging: {flushFrequency: 0, options: {json: {infoBufferSize: "0"}, text: {infoBufferSize: "0"}}, verbosity: 0}
metricsBindAddress: ""
mode: ""
nftables: {masqueradeAll: false, masqueradeBit: null, minSyncPeriod: 0s, syncPeriod: 0s}
nodePortAddresses: null
oomScoreAdj: null
portRange: ""
showHiddenMetricsForVersion: ""
winkernel: {enableDSR: false, forwardHealthCheckVip: false, networkName: "", rootHnsEndpointName: "", sourceVip: ""}
`

type Settings = Record<string, unknown>

const isSettings = (value: unknown): value is Settings =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Settings with others laid over them, group by group. */
function overlaid(base: Settings, over: Settings): Settings {
  const merged = { ...base }
  for (const [key, value] of Object.entries(over)) {
    const under = merged[key]
    merged[key] = isSettings(under) && isSettings(value) ? overlaid(under, value) : value
  }
  return merged
}

const text = (settings: Settings) =>
  stringify(settings, { sortMapEntries: true, indentSeq: false, lineWidth: 0 })

/** What the kubelets of a cluster are configured with. */
export function kubeletConfigurationText(config: Configuration): string {
  const clusterDNS = [config.serviceSubnet.replace(/\d+\/\d+$/, '10')]
  return text(overlaid({ ...parse(KUBELET), clusterDNS }, config.kubelet))
}

/** The same on a machine, where it names the container runtime that is there. */
export const ownKubeletConfigurationText = (config: Configuration): string =>
  kubeletConfigurationText({
    ...config,
    kubelet: { containerRuntimeEndpoint: 'unix:///run/containerd/containerd.sock', ...config.kubelet },
  })

/** What the kube-proxies of a cluster are configured with. */
export const proxyConfigurationText = (config: Configuration): string =>
  text(overlaid({ ...parse(PROXY), clusterCIDR: config.podSubnet ?? '' }, config.kubeProxy))
