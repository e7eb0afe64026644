import { type DeviceNode, directory, file, isInMemory, type TreeNode } from '#containers/files/nodes.ts'
import { keptBytes, wholeOf } from '#containers/files/pieces.ts'
import { FileTree } from '#containers/files/tree.ts'
import { ContainerFs } from '#containers/processes/container-fs.ts'
import type { World } from '#world/world.ts'

interface Stored {
  /** base64; undefined: a folder. */
  content?: string
  mode: number
}

/** How soon (ms) changed files are written back, as by a kernel's page cache. */
const WRITE_BACK_MS = 500
/** Larger files live no longer than this process, bytes. */
const STORED_BYTES = 8 * 1024 * 1024

const FOLDERS =
  '/boot /dev /etc/cni/net.d /etc/containerd /etc/eks /etc/kubernetes/kubelet /etc/kubernetes/pki /etc/ssl/certs /home/ec2-user /lib/modules /media /mnt /opt/cni/bin /proc /root /run/containerd /run/systemd /srv /sys/fs/cgroup /tmp /usr/bin /usr/lib /usr/local/bin /usr/share/zoneinfo /var/cache /var/lib/containerd /var/lib/kubelet/pods /var/lib/kubelet/plugins /var/log/containers /var/log/journal /var/log/pods /var/tmp'
const FILES: Readonly<Record<string, string>> = {
  '/etc/os-release':
    'NAME="Amazon Linux"\nVERSION="2023"\nID="amzn"\nID_LIKE="fedora"\nVERSION_ID="2023"\nPLATFORM_ID="platform:al2023"\nPRETTY_NAME="Amazon Linux 2023"\n',
  '/etc/passwd':
    'root:x:0:0:root:/root:/bin/bash\nec2-user:x:1000:1000:EC2 Default User:/home/ec2-user:/bin/bash\n',
  '/etc/group': 'root:x:0:\nec2-user:x:1000:\n',
  '/etc/localtime': '',
  '/etc/resolv.conf': 'nameserver 10.0.0.2\n',
  '/var/log/messages': '',
}
const CHARACTER_DEVICES = ['null', 'zero', 'full', 'random', 'urandom', 'tty', 'fuse', 'kmsg']
const BLOCK_DEVICES = ['nvme0n1', 'nvme0n1p1', 'xvda']

const device = (name: string, type?: DeviceNode['type']): DeviceNode => ({
  kind: 'device',
  name,
  mode: type === 'socket' ? 0o755 : 0o666,
  uid: 0,
  gid: 0,
  mtime: 0,
  ...(type && { type }),
})

/** What pods find on the disk of an EC2 node with Amazon Linux 2023: the places that workloads mount, not its programs. */
function nodeTree(name: string): FileTree {
  const tree = new FileTree(directory())
  for (const path of FOLDERS.split(' ')) tree.makeFolders(path, path.endsWith('tmp') ? { mode: 0o1777 } : {})
  for (const [path, text] of Object.entries(FILES)) tree.put(path, file(text))
  tree.put('/etc/hostname', file(`${name}\n`))
  for (const each of CHARACTER_DEVICES) tree.put(`/dev/${each}`, device(each))
  for (const each of BLOCK_DEVICES) tree.put(`/dev/${each}`, device(each, 'block'))
  tree.put('/run/containerd/containerd.sock', device('containerd.sock', 'socket'))
  tree.put('/var/run', { kind: 'symlink', target: '/run', mode: 0o777, uid: 0, gid: 0, mtime: 0 })
  return tree
}

/** The disk of a node that is no container: its files are kept in the world's store, written back soon after they change. */
export class NodeDisk {
  readonly files: ContainerFs
  readonly #world: World
  readonly #prefix: string
  readonly #changed = new Set<string>()

  /** `prefix`: where the store keeps what differs from a fresh disk. */
  constructor(world: World, prefix: string, name: string) {
    this.#world = world
    this.#prefix = prefix
    const tree = nodeTree(name)
    for (const { key, value } of world.store.list<Stored>(prefix).entries) {
      const path = decodeURIComponent(key.slice(prefix.length))
      const slash = path.lastIndexOf('/')
      if (slash > 0) tree.makeFolders(path.slice(0, slash))
      if (value.content === undefined) tree.makeFolders(path, { mode: value.mode })
      else tree.put(path, file(Buffer.from(value.content, 'base64'), { mode: value.mode }))
    }
    this.files = new ContainerFs(tree, [], () => world.clock.now())
    tree.observers.add((path) => {
      if (this.#changed.size === 0) world.clock.setTimer(WRITE_BACK_MS, () => this.flush())
      this.#changed.add(path)
    })
  }

  /** Writes down what has changed. */
  flush(): void {
    const { store } = this.#world
    const key = (path: string) => `${this.#prefix}${encodeURIComponent(path)}`
    const writes = [...this.#changed].flatMap((path): { key: string; value: Stored | undefined }[] => {
      const node = this.files.tree.lookup(path)
      const value = node && stored(node)
      if (value) return [{ key: key(path), value }]
      // Gone, with all that was under it.
      const under = store.list(`${key(path)}%2F`).entries.map((entry) => entry.key)
      return [key(path), ...under]
        .filter((each) => store.get(each))
        .map((each) => ({ key: each, value: undefined }))
    })
    this.#changed.clear()
    if (writes.length > 0) store.commit(writes)
  }
}

function stored(node: TreeNode): Stored | undefined {
  if (node.kind === 'directory') return { mode: node.mode }
  if (node.kind !== 'file' || !isInMemory(node.content) || keptBytes(node.content) > STORED_BYTES)
    return undefined
  const whole = wholeOf(node.content)
  return whole.length > STORED_BYTES
    ? undefined
    : { content: Buffer.from(whole).toString('base64'), mode: node.mode }
}
