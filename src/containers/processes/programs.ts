import { component } from '../programs/component.ts'
import { curl } from '../programs/curl.ts'
import { httpd } from '../programs/httpd.ts'
import { libraryUtility } from '../programs/library.ts'
import { nginx } from '../programs/nginx.ts'
import { packageManager } from '../programs/packages.ts'
import { UTILITIES } from '../programs/utilities.ts'
import { shellProgram } from '../shell/program.ts'
import type { ProgramFinder } from './machine.ts'
import type { Program } from './process.ts'

const ash = shellProgram({ name: 'sh', bash: false, kind: 'ash' })

/** The model of an executable, by the name in its mark and the name that it was called by. */
export const findProgram: ProgramFinder = (name, argv0, version) => {
  switch (name) {
    case 'busybox':
      return argv0 === 'busybox' ? busybox(version) : (applet(argv0) ?? unknownApplet(argv0))
    case 'coreutils':
    case 'tools':
      return applet(argv0)
    case 'bash':
      return shellProgram({ name: 'bash', bash: true, kind: 'bash' })
    case 'dash':
    case 'sh':
      return shellProgram({ name: 'sh', bash: false, kind: 'dash' })
    case 'nginx':
      return nginx(version || '1.29.3')
    case 'httpd':
      return httpd(version || '2.4.65')
    case 'curl':
      return curl(version || '8.14.1')
    case 'apk':
    case 'apt':
    case 'apt-get':
      return packageManager(name)
    case 'pause':
    case 'coredns':
    case 'kube-proxy':
    case 'aws-vpc-cni':
    case 'aws-vpc-cni-init':
    case 'network-policy-agent':
    case 'metrics-server':
    case 'aws-ebs-csi-driver':
    case 'csi-provisioner':
    case 'csi-attacher':
    case 'csi-resizer':
    case 'node-driver-registrar':
    case 'livenessprobe':
    case 'aws-load-balancer-controller':
      return component(name)
    default:
      return undefined
  }
}

function applet(name: string): Program | undefined {
  if (name === 'sh' || name === 'ash') return ash
  return UTILITIES[name] ?? libraryUtility(name)
}

const unknownApplet =
  (name: string): Program =>
  async (process) => {
    await process.complain(`${name}: applet not found\n`)
    return 127
  }

const busybox =
  (version: string): Program =>
  async (process) => {
    const [, name, ...rest] = process.argv
    if (!name || name === '--help') {
      await process.print(`BusyBox v${version} (2024-09-26 21:31:42 UTC) multi-call binary.\n`)
      return 0
    }
    process.argv = [name, ...rest]
    return (applet(name) ?? unknownApplet(name))(process)
  }
