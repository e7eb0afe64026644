import type { ProgramFinder } from '#containers/processes/machine.ts'
import { coreDns } from '../dns/coredns/program.ts'
import type { ClusterNetworks } from '../network/networks.ts'
import { awsNode, awsNodeInit, grpcHealthProbe } from '../vpc-cni/aws-node.ts'
import { apiServer } from './components/api-server.ts'
import { controllerManager } from './components/controller-manager.ts'
import { etcd } from './components/etcd.ts'
import { containerd, kubelet } from './components/kubelet.ts'
import { kindnetd, kubeProxy } from './components/node-daemons.ts'
import { scheduler } from './components/scheduler.ts'
import { crictl } from './crictl/crictl.ts'
import { ctr } from './ctr.ts'
import { etcdutl } from './etcd/etcdutl.ts'
import { etcdctl } from './etcdctl/etcdctl.ts'
import { haproxy } from './haproxy.ts'
import { iptables } from './iptables.ts'
import { kubeadm } from './kubeadm/command.ts'
import { kubectl } from './kubectl/kubectl.ts'
import type { Machines } from './machines.ts'
import { asPart } from './parts.ts'
import { init } from './system/init.ts'
import { journalctl } from './system/journalctl.ts'
import { processTools } from './system/processes.ts'
import { systemctl } from './system/systemctl.ts'

/** The programs that make a container a machine, and those that make machines a cluster. */
export const machinePrograms =
  (machines: Machines, networks: ClusterNetworks): ProgramFinder =>
  (name, _argv0, version) => {
    switch (name) {
      case 'systemd':
        return init(machines)
      case 'systemctl':
        return systemctl(machines)
      case 'journalctl':
        return journalctl(machines)
      case 'procps':
        return processTools(machines)
      case 'containerd':
        return containerd(machines, version)
      case 'ctr':
        return ctr(machines)
      case 'crictl':
        return crictl(machines, version)
      case 'kubelet':
        return kubelet(machines, version)
      case 'kubeadm':
        return kubeadm(machines, version)
      case 'kubectl':
        return kubectl(version)
      case 'etcd':
        return asPart(machines, name, etcd(machines, version))
      case 'etcdctl':
        return etcdctl(machines)
      case 'etcdutl':
        return etcdutl(machines)
      case 'haproxy':
        return haproxy(machines)
      case 'kube-apiserver':
        return asPart(machines, name, apiServer(machines, version))
      case 'kube-controller-manager':
        return asPart(machines, name, controllerManager(machines, version))
      case 'kube-scheduler':
        return asPart(machines, name, scheduler(machines, version))
      case 'iptables':
        return iptables(machines)
      case 'kindnetd':
        return kindnetd
      case 'kube-proxy':
        return kubeProxy(machines, networks)
      case 'aws-vpc-cni':
        return awsNode(networks, version)
      case 'aws-vpc-cni-init':
        return awsNodeInit
      case 'grpc-health-probe':
        return grpcHealthProbe(networks)
      case 'coredns':
        return coreDns(networks, version)
      default:
        return undefined
    }
  }
