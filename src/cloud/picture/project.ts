import type { ContainerRecord } from '#containers/engine/container-record.ts'
import type { ControlPlanePart, ControlPlaneState } from '#kubernetes/machines/parts.ts'
import { AWS_PARTS } from './aws-parts.ts'
import { clusterId, KUBERNETES_PARTS } from './kubernetes-parts.ts'
import type { Part } from './part.ts'

const HUB_HOST = 'registry-1.docker.io'
const ECR_HOST = /^\d{12}\.dkr\.ecr\./

/** Whether a key's value shows in the picture. Asked at every write of the world, so it only looks at the key. */
export function isShown(key: string): boolean {
  return projectionOf(key) !== undefined
}

/** The parts that a key's value makes. */
export function project(key: string, value: unknown): Part[] {
  return projectionOf(key)?.(value) ?? []
}

// biome-ignore lint/suspicious/noExplicitAny: the key says what the value is
function projectionOf(key: string): ((value: any) => Part[]) | undefined {
  const path = key.split('/')
  switch (path[0]) {
    case 'aws': {
      const [, , region = '', service, type] = path
      const parts = AWS_PARTS[`${service}/${type}`]
      return parts && ((value) => parts(value, region))
    }
    case 'kubernetes': {
      const [, cluster = '', group, resource] = path
      const part = KUBERNETES_PARTS[`${group}/${resource}`]
      return part && ((value) => [part(value, cluster)])
    }
    case 'registry': {
      const at = path.indexOf('_tags')
      return at === -1 || !(path[1] === HUB_HOST || ECR_HOST.test(path[1] ?? ''))
        ? undefined
        : ({ digest }: { digest: string }) => [
            tagPart(path.slice(1, at).join('/'), path.slice(at + 1).join('/'), digest),
          ]
    }
    case 'docker-hub':
      return path[1] === 'repositories'
        ? ({ private: hidden }: { private: boolean }) => [hubRepository(path.slice(2).join('/'), hidden)]
        : undefined
    case 'docker':
      return path[1] === 'containers' ? (record: ContainerRecord) => [containerPart(record)] : undefined
    case 'control-plane-parts':
      return (part: ControlPlanePart) => [componentPart(part)]
    case 'control-planes':
      return (state: ControlPlaneState) => [clusterPart(path[1] ?? '', state)]
    default:
      return undefined
  }
}

/** What holds parts together and is no record itself: a part of it appears with the first that stands in it. */
export function groupPart(id: string): Part | undefined {
  const [kind, name = ''] = id.split('/')
  switch (kind) {
    case 'region':
      return { id, kind: 'region', parent: 'account', name, state: 'plain' }
    case 'ecr':
      return { id, kind: 'registry', parent: `region/${name}`, name: 'ECR', state: 'plain' }
    case 'hub':
      return { id, kind: 'registry', name: 'Docker Hub', state: 'plain' }
    case 'engine':
      return { id, kind: 'engine', name: 'Docker on your machine', state: 'plain' }
    default:
      return undefined
  }
}

/** A cluster that is no EKS cluster runs in containers of the Docker Engine. */
const clusterPart = (uid: string, { answers }: ControlPlaneState): Part => ({
  id: clusterId(uid),
  kind: 'kubernetes',
  parent: 'engine',
  name: 'Kubernetes',
  state: answers ? 'good' : 'bad',
  status: answers ? 'API server answers' : 'no API server answers',
})

/** The machine itself tells of these, whether or not an API server can. */
const componentPart = ({ name, machine, container, running }: ControlPlanePart): Part => ({
  id: `component/${machine}/${name}`,
  kind: 'component',
  parent: `container/${container}`,
  name,
  state: running ? 'good' : 'bad',
  status: running ? 'running' : 'stopped',
  facts: { Machine: machine },
})

const tagPart = (repository: string, tag: string, digest: string): Part => ({
  id: `tag/${repository}:${tag}`,
  kind: 'tag',
  parent: `repository/${repository}`,
  name: tag,
  state: 'plain',
  facts: { Digest: digest },
})

const hubRepository = (name: string, hidden: boolean): Part => ({
  id: `repository/${HUB_HOST}/${name}`,
  kind: 'repository',
  parent: 'hub',
  name,
  state: 'plain',
  facts: { Visibility: hidden ? 'private' : 'public' },
})

const containerPart = (record: ContainerRecord): Part => ({
  id: `container/${record.id}`,
  kind: 'container',
  parent: 'engine',
  name: record.name,
  state: record.status === 'running' ? 'good' : record.exitCode === 0 ? 'off' : 'bad',
  status: record.status,
  facts: { Image: record.imageName },
})
