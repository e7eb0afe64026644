import { Command } from 'commander'
import { CommandError, EngineClient } from '#containers/cli/client.ts'
import { BALANCER_ROLE } from './balancer.ts'
import {
  clusterKubeconfig,
  clusterNames,
  createCluster,
  deleteCluster,
  exportKubeconfig,
} from './clusters.ts'
import { readConfig } from './config.ts'
import { contextName, kubeconfigPath } from './kubeconfig.ts'
import { createStatus, KindError } from './log.ts'
import { listNodes, run } from './nodes.ts'
import { VERSION } from './version.ts'

const program = new Command('kind')
  .description(
    "kind creates and manages local Kubernetes clusters using Docker container 'nodes', in the edition of Drydock",
  )
  .option('-q, --quiet', 'silence all stderr output')
  .option('-v, --verbosity <level>', 'info log verbosity, higher value produces more output')
  .configureHelp({ sortSubcommands: true })

const engine = () => new EngineClient()
const status = () => createStatus(process.stderr, program.opts().quiet ?? false)
const DEFAULT_NAME = process.env.KIND_CLUSTER_NAME || 'kind'
const named = (command: Command) => command.option('-n, --name <name>', 'the cluster name', DEFAULT_NAME)

/** `1m30s`, ms. */
function duration(text: string): number {
  const match = /^(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d+)?)s)?$/.exec(text)
  if (!match || text === '')
    throw new KindError(`invalid argument "${text}" for "--wait" flag: time: invalid duration "${text}"`)
  const [, hours = 0, minutes = 0, seconds = 0] = match
  return ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000
}

const create = program.command('create').description('Creates one of [cluster]')
create
  .command('cluster')
  .description('Creates a local Kubernetes cluster')
  .option('-n, --name <name>', 'cluster name, overrides KIND_CLUSTER_NAME, config (default kind)')
  .option('--config <file>', 'path to a kind config file')
  .option('--image <image>', 'node docker image to use for booting the cluster')
  .option('--kubeconfig <path>', 'sets kubeconfig path instead of $KUBECONFIG or $HOME/.kube/config')
  .option('--retain', 'retain nodes for debugging when cluster creation fails')
  .option('--wait <duration>', 'wait for control plane node to be ready', '0s')
  .action(
    async (options: {
      name?: string
      config?: string
      image?: string
      kubeconfig?: string
      retain?: boolean
      wait: string
    }) => {
      const config = await readConfig(options.config)
      const { wait, name, ...rest } = options
      await createCluster(engine(), status(), config, {
        ...rest,
        name: name ?? process.env.KIND_CLUSTER_NAME ?? config.name ?? 'kind',
        waitMs: duration(wait === '0' ? '0s' : wait),
      })
    },
  )

const get = program.command('get').description('Gets one of [clusters, nodes, kubeconfig]')
get
  .command('clusters')
  .description('Lists existing kind clusters by their name')
  .action(async () => {
    const names = await clusterNames(engine())
    if (names.length === 0) status().say('No kind clusters found.')
    for (const name of names) process.stdout.write(`${name}\n`)
  })
named(get.command('nodes').description('Lists existing kind nodes by their name'))
  .option('-A, --all-clusters', 'if present, list all the available nodes across all cluster contexts')
  .action(async ({ name, allClusters }: { name: string; allClusters?: boolean }) => {
    const nodes = await listNodes(engine(), allClusters ? undefined : name)
    if (nodes.length === 0)
      status().say(allClusters ? 'No kind nodes found.' : `No kind nodes found for cluster "${name}".`)
    for (const node of nodes) process.stdout.write(`${node.name}\n`)
  })
named(get.command('kubeconfig').description('Prints cluster kubeconfig'))
  .option('--internal', 'use internal address instead of external: here they are the same')
  .action(async ({ name }: { name: string }) => {
    process.stdout.write(await clusterKubeconfig(engine(), name))
  })

const remove = program.command('delete').description('Deletes one of [cluster, clusters]')
named(remove.command('cluster').description('Deletes a cluster'))
  .option('--kubeconfig <path>', 'sets kubeconfig path instead of $KUBECONFIG or $HOME/.kube/config')
  .action(async ({ name, kubeconfig }: { name: string; kubeconfig?: string }) => {
    await deleteCluster(engine(), status(), name, kubeconfig)
  })
remove
  .command('clusters [names...]')
  .description('Deletes one or more clusters')
  .option('-A, --all', 'delete all clusters')
  .option('--kubeconfig <path>', 'sets kubeconfig path instead of $KUBECONFIG or $HOME/.kube/config')
  .action(async (names: string[], { all, kubeconfig }: { all?: boolean; kubeconfig?: string }) => {
    if (!all && names.length === 0) throw new KindError('no cluster names provided')
    const wanted = all ? await clusterNames(engine()) : names
    for (const name of wanted) await deleteCluster(engine(), status(), name, kubeconfig)
    status().say(`Deleted clusters: [${wanted.map((name) => JSON.stringify(name)).join(' ')}]`)
  })

const exporting = program.command('export').description('Exports one of [kubeconfig, logs]')
named(exporting.command('kubeconfig').description('Exports cluster kubeconfig'))
  .option('--kubeconfig <path>', 'sets kubeconfig path instead of $KUBECONFIG or $HOME/.kube/config')
  .option('--internal', 'use internal address instead of external: here they are the same')
  .action(async ({ name, kubeconfig }: { name: string; kubeconfig?: string }) => {
    await exportKubeconfig(engine(), name, kubeconfigPath(kubeconfig))
    status().say(`Set kubectl context to "${contextName(name)}"`)
  })
named(
  exporting.command('logs [directory]').description('Exports logs to a tempdir or the given directory'),
).action(() => {
  throw new KindError(
    'drydock: exporting logs is not simulated; read them in a node with journalctl and crictl logs',
  )
})

const load = program.command('load').description('Loads images into nodes')
named(load.command('docker-image <images...>').description('Loads docker images from host into nodes'))
  .option('--nodes <names>', 'comma separated list of nodes to load images into')
  .action(async (images: string[], { name, nodes }: { name: string; nodes?: string }) => {
    const client = engine()
    const all = (await listNodes(client, name)).filter(({ role }) => role !== BALANCER_ROLE)
    if (all.length === 0) throw new KindError(`no nodes found for cluster "${name}"`)
    const wanted = nodes ? all.filter((node) => nodes.split(',').includes(node.name)) : all
    for (const image of images) {
      const found = await client.json('GET', `/images/${image}/json`).catch(() => undefined)
      if (!found) throw new KindError(`image: "${image}" not present locally`)
      for (const node of wanted) {
        status().say(
          `Image: "${image}" with ID "${found.Id}" not yet present on node "${node.name}", loading...`,
        )
        const { exitCode, stderr } = await run(client, node.name, [
          'ctr',
          '--namespace=k8s.io',
          'images',
          'import',
          image,
        ])
        if (exitCode !== 0) throw new KindError(`failed to load image: ${stderr.trim()}`)
      }
    }
  })
named(
  load.command('image-archive <archive>').description('Loads docker image from archive into nodes'),
).action(() => {
  throw new KindError(
    'drydock: loading an archive is not simulated; use docker load, then kind load docker-image',
  )
})

program
  .command('build')
  .argument('[what]')
  .description('Build one of [node-image]')
  .action(() => {
    throw new KindError('drydock: building node images is not simulated')
  })
program
  .command('version')
  .description('Prints the kind CLI version')
  .action(() => {
    process.stdout.write(
      program.opts().quiet ? `${VERSION.slice(1)}\n` : `kind ${VERSION} go1.25.5 linux/amd64\n`,
    )
  })

try {
  await program.parseAsync()
} catch (error) {
  const known = error instanceof KindError || error instanceof CommandError
  process.stderr.write(`ERROR: ${known ? (error as Error).message : (error as Error).stack}\n`)
  process.exitCode = 1
}
