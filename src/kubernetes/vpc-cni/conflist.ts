/** The file by which aws-node makes itself the network plug-in of its node. */
export const CONFLIST = '10-aws.conflist'

const LOGS = '/var/log/aws-routed-eni'

/**
 * What it says, by the environment of the container. Source: misc/10-aws.conflist and cmd/aws-vpc-cni/main.go of
 * aws/amazon-vpc-cni-k8s, read 2026-11; the stored file is older, so the newer fields are from knowledge.
 */
export function awsConflist(env: ReadonlyMap<string, string> = new Map()): string {
  const mtu = env.get('POD_MTU') ?? env.get('AWS_VPC_ENI_MTU') ?? '9001'
  const egress = env.get('ENABLE_V6_EGRESS') === 'true'
  const configuration = {
    cniVersion: '0.4.0',
    name: 'aws-cni',
    disableCheck: true,
    plugins: [
      {
        name: 'aws-cni',
        type: 'aws-cni',
        vethPrefix: env.get('AWS_VPC_K8S_CNI_VETHPREFIX') ?? 'eni',
        mtu,
        podSGEnforcingMode: env.get('POD_SECURITY_GROUP_ENFORCING_MODE') ?? 'strict',
        pluginLogFile: env.get('AWS_VPC_K8S_PLUGIN_LOG_FILE') ?? `${LOGS}/plugin.log`,
        pluginLogLevel: env.get('AWS_VPC_K8S_PLUGIN_LOG_LEVEL') ?? 'Debug',
      },
      {
        name: 'egress-cni',
        type: 'egress-cni',
        mtu,
        enabled: String(egress),
        randomizeSNAT: env.get('AWS_VPC_K8S_CNI_RANDOMIZESNAT') ?? 'prng',
        nodeIP: '',
        ipam: {
          type: 'host-local',
          ranges: [[{ subnet: 'fd00::ac:00/118' }]],
          routes: [{ dst: '::/0' }],
          dataDir: '/run/cni/v4pd/egress-v6-ipam',
        },
        pluginLogFile: `${LOGS}/egress-v6-plugin.log`,
        pluginLogLevel: env.get('AWS_VPC_K8S_PLUGIN_LOG_LEVEL') ?? 'Debug',
      },
      { type: 'portmap', capabilities: { portMappings: true }, snat: true },
    ],
  }
  return `${JSON.stringify(configuration, null, 2)}\n`
}
