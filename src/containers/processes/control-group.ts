import type { Telling } from './kernel-nodes.ts'
import type { Machine } from './machine.ts'

/** Time in which a quota holds, µs: what kubelets and engines set. */
const PERIOD = 100_000

/** A container's control group of version 2, as it sees it: https://docs.kernel.org/admin-guide/cgroup-v2.html */
export function controlGroup(machine: Machine): Record<string, Telling> {
  const { memoryLimitBytes, cpuLimitMilli } = machine
  const limited = (limit: number | undefined) => `${limit ?? 'max'}\n`
  const own = () => machine.own.map(({ pid }) => `${pid}\n`).join('')
  const oom = () => (machine.oomKilled ? 1 : 0)
  return {
    'cgroup.controllers': () => 'cpuset cpu io memory hugetlb pids rdma misc\n',
    'cgroup.events': () => 'populated 1\nfrozen 0\n',
    'cgroup.procs': own,
    'cgroup.threads': own,
    'cgroup.type': () => 'domain\n',
    'cpu.max': () => `${cpuLimitMilli === undefined ? 'max' : (cpuLimitMilli * PERIOD) / 1000} ${PERIOD}\n`,
    'cpu.stat': () => {
      const used = Math.floor(machine.cpu.total * 1000)
      const user = Math.floor(used * 0.7)
      return `usage_usec ${used}\nuser_usec ${user}\nsystem_usec ${used - user}\n`
    },
    'cpuset.cpus.effective': () => `${range(machine.hardware.processors)}\n`,
    'memory.current': () => `${machine.memoryBytes()}\n`,
    'memory.events': () => `low 0\nhigh 0\nmax ${oom()}\noom ${oom()}\noom_kill ${oom()}\noom_group_kill 0\n`,
    'memory.high': () => 'max\n',
    'memory.low': () => '0\n',
    'memory.max': () => limited(memoryLimitBytes),
    'memory.min': () => '0\n',
    'memory.stat': () => {
      const shared = machine.files.memoryBytes
      return `anon ${Math.max(0, machine.memoryBytes() - shared)}\nfile ${shared}\nshmem ${shared}\n`
    },
    'memory.swap.current': () => '0\n',
    'memory.swap.max': () => '0\n',
    'pids.current': () => `${machine.own.length}\n`,
    'pids.max': () => 'max\n',
  }
}

/** The processors of a machine as the kernel lists them. */
export const range = (processors: number): string => (processors === 1 ? '0' : `0-${processors - 1}`)
