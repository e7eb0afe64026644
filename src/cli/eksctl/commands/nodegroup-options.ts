import type { Command } from 'commander'
import type { NodeGroupConfig } from '../config.ts'
import { count, list, pairs } from './shared.ts'

export interface NodeOptions {
  nodeType?: string
  instanceTypes?: string[]
  nodes?: number
  nodesMin?: number
  nodesMax?: number
  nodeVolumeSize?: number
  nodePrivateNetworking?: boolean
  nodeLabels?: Record<string, string>
  spot?: boolean
  managed: boolean
}

/** Options that describe a node group. */
export const nodeOptions = (command: Command) =>
  command
    .option('-t, --node-type <type>', 'node instance type (default m5.large)')
    .option('--instance-types <types>', 'comma-separated list of instance types', list)
    .option('-N, --nodes <n>', 'total number of nodes', count)
    .option('-m, --nodes-min <n>', 'minimum nodes in ASG', count)
    .option('-M, --nodes-max <n>', 'maximum nodes in ASG', count)
    .option('--node-volume-size <GiB>', 'node volume size in GB', count)
    .option('--node-private-networking', 'whether to make nodegroup networking private')
    .option(
      '--node-labels <labels>',
      'extra labels to add when registering the nodes, key=value pairs',
      pairs,
    )
    .option('--spot', 'create a spot nodegroup')
    .option('--managed', 'create EKS-managed nodegroup', true)
    .option('--no-managed', 'create a self-managed nodegroup')

export const nodegroupFrom = (name: string, options: NodeOptions): NodeGroupConfig => ({
  name,
  instanceType: options.nodeType,
  instanceTypes: options.instanceTypes,
  desiredCapacity: options.nodes,
  minSize: options.nodesMin,
  maxSize: options.nodesMax,
  volumeSize: options.nodeVolumeSize,
  privateNetworking: options.nodePrivateNetworking,
  labels: options.nodeLabels,
  spot: options.spot,
})
