import { createHash } from 'node:crypto'
import type { Pieces } from '../files/pieces.ts'
import type { ContainerSpec, Filesystem, Mount } from '../runtime.ts'

/** The root volume of an EKS node with Amazon Linux 2023. */
const NODE_DISK: Filesystem = {
  source: '/dev/nvme0n1p1',
  type: 'xfs',
  options: 'seclabel,noatime,attr2,inode64,logbufs=8,logbsize=32k,sunit=1024,swidth=1024,noquota',
}
const MEMORY: Filesystem = { source: 'tmpfs', type: 'tmpfs', options: 'relatime' }
const DEVICES = 'rw,nosuid,size=65536k,mode=755'
const KERNELS = 'nosuid,nodev,noexec,relatime'
const TERMINALS = 'rw,nosuid,noexec,relatime,gid=5,mode=620,ptmxmode=666'
/** Where runc lets containers without privileges only read, and what it hides of what this kernel has. */
const READ_ONLY = ['bus', 'fs', 'irq', 'sys', 'sysrq-trigger']
const HIDDEN_FOLDERS = ['/proc/acpi', '/proc/scsi', '/sys/firmware']
const HIDDEN_FILES = ['kcore', 'keys', 'latency_stats', 'timer_list']
/** The files that every engine mounts from its machine. */
const NAMES = ['/etc/resolv.conf', '/etc/hostname', '/etc/hosts']

/** All lines but the first, as many containers have them. */
const tails = new Map<string, Uint8Array>()
/** So many different ones are remembered. */
const MAX_TAILS = 100

/** `/proc/mounts` of a container, with runc's mounts and its own in runc's order. Only the first line is its own alone. */
export function mountTable(spec: ContainerSpec): Pieces {
  const lines = mountLines(spec)
  const head = Buffer.from(lines[0]!)
  const text = lines.slice(1).join('')
  const tail = tails.get(text) ?? Buffer.from(text)
  if (tails.size === MAX_TAILS) tails.clear()
  tails.set(text, tail)
  return { pieces: [head, tail], count: 2, size: head.length + tail.length, kept: head.length }
}

function mountLines(spec: ContainerSpec): string[] {
  const { privileged = false, mounts = [] } = spec
  const rights = (readOnly: boolean | undefined) => (readOnly ? 'ro' : 'rw')
  const disk = spec.disk ?? NODE_DISK
  const line = (source: string, path: string, type: string, options: string) =>
    `${source} ${path.replaceAll(' ', '\\040')} ${type} ${options} 0 0\n`
  const own = [
    ...mounts,
    ...NAMES.filter((path) => !mounts.some((mount) => mount.path === path)).map((path) => ({ path })),
  ].toSorted((a, b) => a.path.split('/').length - b.path.split('/').length)
  return [
    line(
      'overlay',
      '/',
      'overlay',
      `${rights(spec.readOnlyRoot)},relatime,${spec.overlay ?? snapshots(spec)}`,
    ),
    line('proc', '/proc', 'proc', `rw,${KERNELS}`),
    line('tmpfs', '/dev', 'tmpfs', DEVICES),
    line('devpts', '/dev/pts', 'devpts', TERMINALS),
    line('sysfs', '/sys', 'sysfs', `${rights(!privileged)},${KERNELS}`),
    line('cgroup', '/sys/fs/cgroup', 'cgroup2', `${rights(!privileged)},${KERNELS}`),
    line('mqueue', '/dev/mqueue', 'mqueue', `rw,${KERNELS}`),
    line('shm', '/dev/shm', 'tmpfs', `rw,${KERNELS},size=65536k`),
    ...own.map((mount: Pick<Mount, 'path' | 'readOnly' | 'filesystem' | 'memoryBytes'>) => {
      const memory = mount.memoryBytes === undefined ? undefined : MEMORY
      const { source, type, options } = mount.filesystem ?? memory ?? disk
      const size = memory ? `,size=${Math.ceil(mount.memoryBytes! / 1024)}k` : ''
      return line(source, mount.path, type, `${rights(mount.readOnly)},${options}${size}`)
    }),
    ...(spec.tty ? [line('devpts', '/dev/console', 'devpts', TERMINALS)] : []),
    ...(privileged
      ? []
      : [
          ...READ_ONLY.map((name) => line('proc', `/proc/${name}`, 'proc', `ro,${KERNELS}`)),
          ...HIDDEN_FOLDERS.map((path) => line('tmpfs', path, 'tmpfs', 'ro,relatime')),
          ...HIDDEN_FILES.map((name) => line('tmpfs', `/proc/${name}`, 'tmpfs', DEVICES)),
        ]),
  ]
}

/** The layers as containerd's overlayfs snapshotter mounts them, the upmost first. */
function snapshots({ id, image }: Pick<ContainerSpec, 'id' | 'image'>): string {
  const folder = (of: string, part: string, from: number) => {
    const number = createHash('sha256').update(of).digest().readUInt32BE() % 400
    return `/var/lib/containerd/io.containerd.snapshotter.v1.overlayfs/snapshots/${from + number}/${part}`
  }
  const lower = image.layers.map(({ digest }) => folder(digest, 'fs', 1)).toReversed()
  return `lowerdir=${lower.join(':')},upperdir=${folder(id, 'fs', 401)},workdir=${folder(id, 'work', 401)}`
}
