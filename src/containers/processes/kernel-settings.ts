/** Release of the kernel on EKS nodes with Amazon Linux 2023, November 2025. */
export const KERNEL = '6.12.55-74.119.amzn2023.x86_64'

/** What `/proc/sys` has of the settings that people look at and pods may set, with the values of such a kernel (from knowledge, 2026-11). */
const DEFAULTS: Readonly<Record<string, string>> = {
  'fs.file-max': '9223372036854775807',
  'fs.inotify.max_user_instances': '8192',
  'fs.inotify.max_user_watches': '524288',
  'fs.nr_open': '1048576',
  'kernel.domainname': '(none)',
  'kernel.msgmax': '8192',
  'kernel.msgmnb': '16384',
  'kernel.msgmni': '32000',
  'kernel.ngroups_max': '65536',
  'kernel.osrelease': KERNEL,
  'kernel.ostype': 'Linux',
  'kernel.panic': '10',
  'kernel.pid_max': '4194304',
  'kernel.sem': '32000\t1024000000\t500\t32000',
  'kernel.shm_rmid_forced': '0',
  'kernel.shmall': '18446744073692774399',
  'kernel.shmmax': '18446744073692774399',
  'kernel.shmmni': '4096',
  'kernel.threads-max': '31166',
  'kernel.version': '#1 SMP PREEMPT_DYNAMIC',
  'net.core.somaxconn': '4096',
  'net.ipv4.ip_forward': '1',
  'net.ipv4.ip_local_port_range': '32768\t60999',
  'net.ipv4.ip_local_reserved_ports': '',
  'net.ipv4.ip_unprivileged_port_start': '0',
  'net.ipv4.ping_group_range': '0\t2147483647',
  'net.ipv4.tcp_fin_timeout': '60',
  'net.ipv4.tcp_keepalive_intvl': '75',
  'net.ipv4.tcp_keepalive_probes': '9',
  'net.ipv4.tcp_keepalive_time': '7200',
  'net.ipv4.tcp_max_syn_backlog': '512',
  'net.ipv4.tcp_rmem': '4096\t131072\t6291456',
  'net.ipv4.tcp_syncookies': '1',
  'net.ipv4.tcp_tw_reuse': '2',
  'net.ipv4.tcp_wmem': '4096\t20480\t4194304',
  'vm.max_map_count': '524288',
  'vm.overcommit_memory': '1',
  'vm.panic_on_oom': '0',
  'vm.swappiness': '60',
}

/** A container's settings: the kernel's, with its own in their place. Their numbers stand apart by tabs, as the kernel writes them. */
export function kernelSettings(hostname: string, own: Record<string, string> = {}): Map<string, string> {
  const settings = new Map(Object.entries({ ...DEFAULTS, 'kernel.hostname': hostname }))
  for (const [name, value] of Object.entries(own)) {
    settings.set(name.replaceAll('/', '.'), value.trim().replaceAll(/\s+/g, '\t'))
  }
  return new Map([...settings].sort(([a], [b]) => (a < b ? -1 : 1)))
}
