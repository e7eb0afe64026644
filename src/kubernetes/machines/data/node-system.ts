import { KERNEL } from '#containers/processes/kernel-settings.ts'
import type { NodeSystemInfo } from '../../objects.ts'

/** What a node of kind says of its system (`kubectl get nodes -o wide` of kind v0.31 on Linux; from knowledge, 2026-11). */
export const SYSTEM: NodeSystemInfo = {
  architecture: 'amd64',
  bootID: '7c1b8a0e-5a0c-4f2b-8f43-0f1f0c6e7d11',
  containerRuntimeVersion: 'containerd://2.2.0',
  // The kernel is the Docker host's, in every container of it.
  kernelVersion: KERNEL,
  kubeProxyVersion: '',
  kubeletVersion: '',
  machineID: '4c4c4544004a5a108033b4c04f4a4e32',
  operatingSystem: 'linux',
  osImage: 'Debian GNU/Linux 12 (bookworm)',
  systemUUID: 'f2d3f0b5-2c3e-4f0e-9c1d-4a1a5d0b9e77',
}
