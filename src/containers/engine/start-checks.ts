import { badRequest, EngineError } from './api.ts'
import { type ContainerRecord, isUp } from './container-record.ts'
import type { ContainerStore } from './container-store.ts'

/** The devices that the engine's machine has. */
const DEVICES = ['null', 'zero', 'full', 'random', 'urandom', 'tty', 'console'].map((name) => `/dev/${name}`)

/** Throws EngineError for what a container wants of its machine, or of other containers, and is not there when it starts. */
export function checkStart({ hostConfig }: ContainerRecord, containers: ContainerStore): void {
  for (const { PathOnHost: device } of hostConfig.Devices ?? [])
    if (!DEVICES.includes(device))
      throw new EngineError(
        500,
        `error gathering device information while adding custom device "${device}": no such file or directory`,
      )
  for (const { Driver = '', Capabilities = [] } of hostConfig.DeviceRequests ?? [])
    throw new EngineError(
      500,
      `could not select device driver "${Driver}" with capabilities: [${Capabilities.map((list) => `[${list.join(' ')}]`).join(' ')}]`,
    )
  sharedNamespace('IPC', hostConfig.IpcMode, containers)
  sharedNamespace('PID', hostConfig.PidMode, containers)
}

/** The running container whose namespace is joined, `container:<name>`; undefined for another mode. Throws EngineError. */
export function sharedNamespace(
  kind: 'IPC' | 'PID',
  mode: string | undefined,
  containers: ContainerStore,
): ContainerRecord | undefined {
  if (!mode?.startsWith('container:')) return undefined
  const name = mode.slice('container:'.length)
  const other = containers.find(name)
  const failed = `failed to join ${kind} namespace: `
  if (!other) throw badRequest(`${failed}No such container: ${name}`)
  if (!isUp(other)) throw badRequest(`${failed}container ${other.id} is not running`)
  if (kind === 'IPC' && other.hostConfig.IpcMode !== 'shareable' && other.hostConfig.IpcMode !== 'host')
    throw badRequest(`${failed}non-shareable IPC (hint: use IpcMode:shareable for the donor container)`)
  return other
}
