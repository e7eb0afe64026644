import { LiveChildren } from '#containers/files/live-children.ts'
import { directory, file, symlink, type TreeNode } from '#containers/files/nodes.ts'
import { FileError } from '#containers/files/tree.ts'
import type { Mount, MountedFolder } from '#containers/runtime.ts'
import { type Container, containersOf } from './crictl/runtime.ts'
import type { NodeMachine } from './machine.ts'

const PODS = '/var/log/pods'

const folderOf = ({ worker }: Container): string => `${worker.key.replace('/', '_')}_${worker.uid}`

/** What the container runtime of a machine writes of its containers: `/var/log/pods`, and links to it by container. */
export const logMounts = (node: NodeMachine): Mount[] => [
  mounted(PODS, () => podFolders(node)),
  mounted('/var/log/containers', () => links(node)),
]

const mounted = (path: string, node: () => TreeNode): Mount => ({
  path,
  files: new Map(),
  folder: new LogFolder(node),
})

/** A folder of names, each made when it is asked for. */
function folder(children: ReadonlyMap<string, () => TreeNode>): TreeNode {
  return directory(
    {},
    new LiveChildren(
      () => [...children.keys()],
      (name) => children.get(name)?.(),
    ) as Map<string, TreeNode>,
  )
}

function grouped(all: Container[], key: (one: Container) => string): Map<string, Container[]> {
  return Map.groupBy(all, key) as Map<string, Container[]>
}

function podFolders(node: NodeMachine): TreeNode {
  const pods = grouped(containersOf(node), folderOf)
  return folder(
    new Map(
      [...pods].map(([pod, containers]) => [
        pod,
        () =>
          folder(
            new Map(
              [...grouped(containers, ({ owner }) => owner.name)].map(([name, instances]) => [
                name,
                () =>
                  folder(
                    new Map(
                      instances.map(({ attempt, instance }) => [
                        `${attempt}.log`,
                        () => file(instance.log.file(), { mode: 0o640, mtime: instance.startedAt }),
                      ]),
                    ),
                  ),
              ]),
            ),
          ),
      ]),
    ),
  )
}

function links(node: NodeMachine): TreeNode {
  return folder(
    new Map(
      containersOf(node).map((one) => {
        const [namespace, pod] = one.worker.key.split('/')
        const name = one.owner.name
        const target = `${PODS}/${folderOf(one)}/${name}/${one.attempt}.log`
        return [`${pod}_${namespace}_${name}-${one.instance.id}.log`, () => symlink(target)]
      }),
    ),
  )
}

/** Logs are read here; who removes or writes one changes nothing of what `kubectl logs` shows, so that is refused. */
class LogFolder implements MountedFolder {
  readonly node: () => TreeNode

  constructor(node: () => TreeNode) {
    this.node = node
  }

  write(path: string): void {
    throw new FileError('EPERM', 'open', path)
  }

  makeFolder(path: string): void {
    throw new FileError('EPERM', 'mkdir', path)
  }

  remove(path: string): void {
    throw new FileError('EPERM', 'unlink', path)
  }

  setMode(path: string): void {
    throw new FileError('EPERM', 'chmod', path)
  }
}
