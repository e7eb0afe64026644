import { parse } from 'yaml'
import { KilledError, type Process, type Program } from '#containers/processes/process.ts'
import { listenHttp } from '#containers/programs/http-listener.ts'
import type { Taint } from '../../objects.ts'
import { type Kubeconfig, readKubeconfig } from '../kubeconfig.ts'
import type { Machines } from '../machines.ts'
import { bootstrapKubelet, rotateCertificate } from './client-certificate.ts'
import { FlagError, parseFlags } from './flags.ts'
import { klog, quoted } from './klog.ts'

const KNOWN = [
  'bootstrap-kubeconfig',
  'cgroup-root',
  'config',
  'container-runtime-endpoint',
  'fail-swap-on',
  'hostname-override',
  'kubeconfig',
  'node-ip',
  'node-labels',
  'pod-infra-container-image',
  'provider-id',
  'register-with-taints',
  'runtime-cgroups',
]
const SOCKET = 'unix:///run/containerd/containerd.sock'

/** Why a client of the container runtime cannot use it. */
export const RUNTIME_AWAY = `validate CRI v1 runtime API for endpoint "${SOCKET}": rpc error: code = Unavailable desc = connection error: desc = "transport: Error while dialing: dial unix /run/containerd/containerd.sock: connect: no such file or directory"`

/** The kubelet of a machine: static pods from its files, and the pods that the API server of its kubeconfig gives it. */
export const kubelet =
  (machines: Machines, version: string): Program =>
  async (process) => {
    const log = klog(process)
    const node = machines.of(process.machine)
    const fail = async (text: string) => {
      await log('E', 'run.go:72', `"command failed" err=${JSON.stringify(text)}`)
      return 1
    }
    if (process.argv.includes('--version')) {
      await process.print(`Kubernetes ${version}\n`)
      return 0
    }
    const { files } = process.machine
    let flags: ReturnType<typeof parseFlags>
    try {
      flags = parseFlags(process.argv.slice(1), KNOWN, ['fail-swap-on'])
    } catch (error) {
      if (!(error instanceof FlagError)) throw error
      return fail(`failed to parse kubelet flag: ${error.message}`)
    }
    if (!node) return fail('drydock: a kubelet needs a machine with systemd')
    const path = flags.get('config')
    let configuration: Record<string, unknown> = {}
    if (path !== undefined) {
      const bytes = await files.read(path).catch(() => undefined)
      if (!bytes)
        return fail(
          `failed to load kubelet config file, path: ${path}, error: failed to load Kubelet config file ${path}, error failed to read kubelet config file ${JSON.stringify(path)}, error: open ${path}: no such file or directory`,
        )
      try {
        const config = parse(Buffer.from(bytes).toString())
        if (config?.kind !== 'KubeletConfiguration')
          throw new Error(`couldn't get version/kind; json parse error: Object 'Kind' is missing`)
        configuration = config
      } catch (error) {
        return fail(
          `failed to load kubelet config file, path: ${path}, error: failed to load Kubelet config file ${path}, error failed to decode: ${(error as Error).message.split('\n')[0]}`,
        )
      }
    }
    if (!node.runtimeUp) return fail(`failed to run Kubelet: validate service connection: ${RUNTIME_AWAY}`)
    const nodeName = flags.get('hostname-override') ?? node.name
    const kubeconfigPath = flags.get('kubeconfig')
    const bootstrapPath = flags.get('bootstrap-kubeconfig')
    const bootstraps =
      kubeconfigPath !== undefined &&
      bootstrapPath !== undefined &&
      !files.exists(kubeconfigPath) &&
      files.exists(bootstrapPath)
    let kubeconfig: Kubeconfig | undefined
    try {
      if (kubeconfigPath !== undefined && !bootstraps)
        kubeconfig = await loadKubeconfig(process, kubeconfigPath, bootstrapPath)
    } catch (error) {
      return fail(`failed to run Kubelet: ${(error as Error).message}`)
    }
    const stop = new Promise<void>((resolve) => {
      for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, resolve)
    })
    const ports: { close(): void }[] = []
    try {
      ports.push(listenHttp(process, 10248, (_, res) => res.end('ok')))
    } catch {
      return fail('failed to run Kubelet: listen tcp 127.0.0.1:10248: bind: address already in use')
    }
    void process.exited.then(() => {
      for (const port of ports) port.close()
      node.stopKubelet()
    })
    await log('I', 'server.go:529', `"Kubelet version" kubeletVersion="${version}"`)
    const settings = {
      nodeName,
      version,
      configuration,
      kubeconfig,
      providerId: flags.get('provider-id') ?? '',
      labels: Object.fromEntries(
        flags.list('node-labels').map((label) => label.split('=', 2) as [string, string]),
      ),
      taints: flags.list('register-with-taints').flatMap(taintOf),
      log: (severity: 'I' | 'W' | 'E', place: string, text: string) => {
        if (!process.status) void log(severity, place, text).catch(() => {})
      },
    }
    // Static pods wait for no certificate: one of them may be the API server that it comes from.
    await node.startKubelet(settings)
    await log('I', 'kubelet.go:2457', '"Starting kubelet main sync loop"')
    const certified = async () => {
      if (bootstraps) {
        await bootstrapKubelet(
          process,
          machines,
          { bootstrap: bootstrapPath, path: kubeconfigPath },
          nodeName,
        )
        const own = await loadKubeconfig(process, kubeconfigPath, bootstrapPath)
        await node.startKubelet({ ...settings, kubeconfig: own })
      } else if (kubeconfig) await rotateCertificate(process, machines, kubeconfig, nodeName)
    }
    certified().catch((error) => {
      if (!(error instanceof KilledError))
        settings.log('E', 'certificate_manager.go:562', quoted((error as Error).message))
    })
    await process.waitFor(stop)
    return 0
  }

/** Reads a kubelet's kubeconfig with the certificate that it names. Throws an Error with the kubelet's text. */
async function loadKubeconfig(
  { machine: { files } }: Process,
  path: string,
  bootstrapPath: string | undefined,
): Promise<Kubeconfig> {
  const bytes = await files.read(path).catch(() => undefined)
  if (!bytes)
    throw new Error(`unable to load bootstrap kubeconfig: stat ${bootstrapPath}: no such file or directory`)
  let kubeconfig: Kubeconfig
  try {
    kubeconfig = readKubeconfig(Buffer.from(bytes).toString())
  } catch (error) {
    throw new Error(`invalid kubeconfig: ${(error as Error).message}`)
  }
  const { certificateFile } = kubeconfig.user
  if (!certificateFile) return kubeconfig
  if (!files.exists(certificateFile))
    throw new Error(
      `unable to load client CA file or certificate: open ${certificateFile}: no such file or directory`,
    )
  kubeconfig.user.certificate = Buffer.from(await files.read(certificateFile)).toString()
  return kubeconfig
}

/** `key=value:Effect` or `key:Effect`. */
function taintOf(text: string): Taint[] {
  const [, key, value, effect] = /^([^=:]+)(?:=([^:]*))?:(\w+)$/.exec(text) ?? []
  return key ? [{ key, ...(value && { value }), effect: effect! }] : []
}

/** containerd: as long as it runs, its clients find it; the containers that it started live on without it. */
export const containerd =
  (machines: Machines, version: string): Program =>
  async (process) => {
    const node = machines.of(process.machine)
    const stop = new Promise<void>((resolve) => {
      for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, resolve)
    })
    const line = (text: string) => {
      const time = new Date(process.machine.clock.now()).toISOString().replace('Z', '000000Z')
      return process.complain(`time="${time}" level=info msg=${JSON.stringify(text)}\n`)
    }
    if (process.argv.includes('--version')) {
      await process.print(`containerd github.com/containerd/containerd/v2 ${version} \n`)
      return 0
    }
    await line('containerd successfully booted in 0.041203s')
    process.machine.files.makeFolder('/run/containerd', { recursive: true })
    process.machine.files.writeSync('/run/containerd/containerd.sock', new Uint8Array())
    node?.runtimeChanged()
    void process.exited.then(() => {
      if (process.machine.files.exists('/run/containerd/containerd.sock'))
        process.machine.files.remove('/run/containerd/containerd.sock')
      node?.runtimeChanged()
    })
    await process.waitFor(stop)
    await line('Stop CRI service')
    return 0
  }
