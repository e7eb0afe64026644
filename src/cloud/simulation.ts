import type { IncomingMessage, ServerResponse } from 'node:http'
import { Trail } from '#aws/cloudtrail/index.ts'
import { bootstrapRegion, dnsSupport, isRegion, regionNames } from '#aws/ec2/index.ts'
import { elbHosts } from '#aws/elb/index.ts'
import { LoadBalancerTraffic } from '#aws/elbv2/index.ts'
import { bootstrapAccount } from '#aws/iam/bootstrap.ts'
import { iamIdentity } from '#aws/iam/identity.ts'
import type { Constraints } from '#aws/wire/constraints.ts'
import { createAwsServer } from '#aws/wire/server.ts'
import type { BlobStore } from '#containers/blobs/store.ts'
import { Catalogue } from '#containers/catalogue/catalogue.ts'
import { LayerTrees } from '#containers/files/layers.ts'
import { createImagePuller } from '#containers/images/puller.ts'
import { createContainerRuntime } from '#containers/processes/runtime.ts'
import { registryProgram } from '#containers/programs/registry.ts'
import { Machines } from '#kubernetes/machines/machines.ts'
import { machinePrograms } from '#kubernetes/machines/programs.ts'
import { ClusterNetworks } from '#kubernetes/network/networks.ts'
import type { AnsweredRequest } from '#kubernetes/provider.ts'
import type { CertificateIssuer } from '#network/authority.ts'
import type { HostTable } from '#network/hosts.ts'
import { VirtualNetwork } from '#network/virtual-network.ts'
import type { World } from '#world/world.ts'
import type { ConsoleEvent, ConsolePlace } from './api.ts'
import { AutoMode } from './auto-mode/auto-mode.ts'
import { CallLog } from './call-log.ts'
import { Clusters } from './clusters.ts'
import { CONFIG_KEY, dockerHubAccount, type WorldConfig } from './config.ts'
import { ConsoleFeed } from './console/feed.ts'
import { administratorReads } from './console/inventory.ts'
import { costLedger } from './costs/ledger.ts'
import { DockerHost } from './docker-host.ts'
import { EbsAttachments } from './ebs-volumes.ts'
import { EcsAnywhere } from './ecs-anywhere.ts'
import { EcsTasks } from './ecs-tasks.ts'
import { EfsFiles } from './efs-files.ts'
import { Fargate } from './fargate.ts'
import { FlowRecorder } from './flow-recorder.ts'
import { helmRepository } from './helm-repository.ts'
import { InstalledAddons } from './installed-addons.ts'
import { InstanceMetadata } from './instance-metadata.ts'
import { engineHosts, localhost } from './localhost.ts'
import { Metrics } from './metrics.ts'
import { Nodes } from './nodes.ts'
import { oidcHosts } from './oidc-hosts.ts'
import { Outside } from './outside.ts'
import { PartDescriber } from './picture/details.ts'
import { Picture } from './picture/picture.ts'
import { PodIdentityAgent } from './pod-identity-agent.ts'
import { eksProvider } from './provider.ts'
import { publicAddresses } from './public-addresses.ts'
import { Registries } from './registries.ts'
import { clusterSchemas, type Schemas } from './schemas.ts'
import { awsControllers, awsServices } from './services.ts'
import { SessionChannels } from './session-channels.ts'
import { unreachable } from './unreachable.ts'
import { VpcPaths } from './vpc-paths.ts'
import { VpcRoute } from './vpc-route.ts'

/** What the worlds of a process share. */
export interface SimulationOptions {
  blobs: BlobStore
  constraints: Constraints
  /** The lab's authority: certificates for the names of the lab network, and what containers trust. */
  issuer: CertificateIssuer
  /** PEM of the lab's authority. */
  authority: string
  /** `open` takes any keys as the account's administrator. Default `enforced`. */
  credentials?: 'enforced' | 'open'
  /** Whether `localhost` leads to this machine's own loopback where no container of the world publishes the port. */
  hostLoopback?: boolean
  log(message: string): void
}

interface StartOptions extends SimulationOptions {
  world: World
  config: WorldConfig
}

/** Everything that runs in a world: its AWS account, its Kubernetes clusters, its registries, its Docker Engine. */
export class Simulation {
  /** The names of the world, for the proxy. */
  readonly hosts: HostTable
  /** One endpoint for all AWS services. */
  readonly classic: (req: IncomingMessage, res: ServerResponse) => void
  /** What is in the world, live, and more of each part. */
  readonly picture: Picture
  readonly parts: PartDescriber
  /** The Docker Engine that the learner's `docker` speaks to. */
  readonly docker: DockerHost
  /** Follows what the console of an account shows in a region. */
  readonly followConsole: (place: ConsolePlace, listener: (event: ConsoleEvent) => void) => { close(): void }
  /** Schemas of the kinds that the world's clusters serve, by `apiVersion`. */
  readonly schemas: (apiVersion: string) => Promise<Schemas | undefined>
  /** Puts into the store what otherwise is put there a little later, before a save point is made. */
  readonly settle: () => Promise<void>
  /** Ends what runs. */
  readonly close: () => void

  private constructor(
    doors: Pick<
      Simulation,
      'hosts' | 'classic' | 'picture' | 'parts' | 'docker' | 'followConsole' | 'schemas' | 'settle'
    >,
    close: () => void,
  ) {
    this.hosts = doors.hosts
    this.classic = doors.classic
    this.picture = doors.picture
    this.parts = doors.parts
    this.docker = doors.docker
    this.followConsole = doors.followConsole
    this.schemas = doors.schemas
    this.settle = doors.settle
    this.close = close
  }

  /** Makes what a new account has, and starts everything from the world's store. */
  static async start({ world, config, blobs, ...options }: StartOptions): Promise<Simulation> {
    const { accountId, region } = config
    const accounts = [config, ...(config.accounts ?? [])]
    const accountIds = accounts.map((account) => account.accountId)
    for (const account of accounts) {
      bootstrapAccount(world, account)
      bootstrapRegion({ world, accountId: account.accountId, region })
    }

    const network = new VirtualNetwork()
    const paths = new VpcPaths(world)
    const flows = new FlowRecorder(world)
    // Added first, so that it is asked last: it judges where a connection really goes.
    network.addRoute(
      new VpcRoute(
        world,
        paths,
        (address) => outside.nameOf(address),
        (address) => ecs.machineOf(address),
        flows,
      ),
    )
    const files = new EfsFiles(world)
    const trees = new LayerTrees(blobs)
    const registries = new Registries({ world, accountId, blobs, catalogue: new Catalogue(blobs), trees })
    await registries.openHubAccount(dockerHubAccount(config))
    const { issuer, authority } = options
    const runtime = createContainerRuntime({
      clock: world.clock,
      network,
      trees,
      authorities: authority,
      programs: (name, argv0, version) =>
        name === 'registry' ? registryProgram({ world, blobs }, version) : programs(name, argv0, version),
    })
    const images = createImagePuller({ hosts: registries, blobs })
    const lookupOutside = (name: string) => outside.lookup(name)
    const calls = new CallLog(world)
    const onAnswer = (cluster: string, request: AnsweredRequest) => calls.kubernetes(cluster, request)
    const networks = new ClusterNetworks()
    const machines = new Machines({
      world,
      networks,
      network,
      runtime,
      images,
      lookup: lookupOutside,
      engineImage: (name) => docker.image(name),
      onAnswer,
    })
    const programs = machinePrograms(machines, networks)
    const clusters = new Clusters({
      world,
      networks,
      network,
      runtime,
      images,
      onAnswer,
      provider: (scope, cluster) =>
        eksProvider(
          {
            paths,
            files,
            addressOf: (name) => outside.lookup(name),
            clientOf: (uid) => clusters.find(uid)?.kubernetes.client,
          },
          scope,
          cluster,
        ),
      lookup: (name, scope, vpcId) =>
        outside.knows(name) && dnsSupport(scope, vpcId)
          ? (paths.privateAddress(scope, vpcId, name) ?? outside.lookup(name))
          : undefined,
    })
    const nodes = new Nodes(world, clusters)
    const fargate = new Fargate(world, clusters)
    const autoMode = new AutoMode(world, clusters, (uid, node) => nodes.drained(uid, node))
    const attachments = new EbsAttachments(world, clusters)
    const agent = new PodIdentityAgent(clusters, network)
    const metadata = new InstanceMetadata(world, paths, network)
    const addons = new InstalledAddons(world, clusters)
    const trail = new Trail(world)
    const services = awsServices(registries)
    const identity = iamIdentity(world, accountId)
    const aws = createAwsServer({
      world,
      accountId,
      region,
      services,
      identity,
      constraints: options.constraints,
      credentials: options.credentials,
      onCall: (call) => trail.record(call),
      log: (error, operation) => options.log(`${operation} failed: ${(error as Error).stack ?? error}`),
    })
    const balancers = elbHosts(world, accountIds, network)
    const traffic = new LoadBalancerTraffic(world, accountIds, network)
    const ecs = new EcsTasks({
      world,
      network,
      runtime,
      images,
      files,
      lookup: (name) => traffic.lookup(name) ?? outside.lookup(name),
      flows,
    })
    const channels = new SessionChannels(world, accountIds, (...what) => ecs.interactive(...what))
    const tables: HostTable[] = [
      { resolve: (name, port) => (port === 443 || port === 80 ? aws.host(name) : undefined) },
      clusters,
      oidcHosts(world),
      registries,
      balancers,
      traffic,
      ecs,
      publicAddresses(world, network, flows),
      new EcsAnywhere(world, accountIds),
      channels,
      helmRepository(),
    ]
    // Last of all: what looks like AWS and is none of the above, so that a client hears it from the service's own name.
    tables.push({
      resolve: (name, port) => (port === 443 || port === 80 ? aws.unknownHost(name) : undefined),
    })
    const internet = firstOf(tables)
    // The lab shell's own machine is beside the internet: no pod may see it.
    const hosts = firstOf([
      unreachable(world, paths),
      internet,
      localhost(network, options.hostLoopback ?? false),
      engineHosts(world, network),
    ])
    const outside = new Outside(internet, network, issuer, (address) => paths.isEndpoint(address))
    const docker = new DockerHost({
      world,
      network,
      runtime,
      trees,
      blobs,
      hosts: registries,
      home: () => world.store.get<WorldConfig>(CONFIG_KEY)?.value.home,
      onCall: (call) => calls.docker(call),
    })
    await clusters.start()
    machines.start()
    nodes.start()
    fargate.start()
    autoMode.start()
    attachments.start()
    addons.start()
    ecs.start()
    const metrics = new Metrics(world, ecs, traffic)
    metrics.start()
    const controllers = [
      ...awsControllers(world, network, nodes, addons, aws.invoke),
      ...registries.controllers(),
      traffic.controller(),
      costLedger(world),
    ].map((controller) => world.controllers.start(controller))
    await docker.start()
    const picture = new Picture(world, accountId, network)
    const parts = new PartDescriber(world, region, services, picture)
    const followConsole = (place: ConsolePlace, listener: (event: ConsoleEvent) => void) => {
      const account = accounts.find((one) => one.accountId === place.accountId) ?? config
      const where = place.region !== undefined && isRegion(place.region) ? place.region : region
      const administrator = iamIdentity(world, account.accountId).administrator()
      return new ConsoleFeed(
        {
          store: world.store,
          accountId: account.accountId,
          region: where,
          accounts,
          regions: regionNames,
          read: administratorReads(aws, administrator, where),
        },
        listener,
      )
    }
    const schemas = (apiVersion: string) => clusterSchemas(clusters, apiVersion)
    const settle = () => docker.saveFiles()
    return new Simulation(
      { hosts, classic: aws.classic, picture, parts, docker, followConsole, schemas, settle },
      () => {
        picture.close()
        for (const controller of controllers) controller.stop()
        metrics.stop()
        traffic.stop()
        channels.close()
        ecs.stop()
        addons.stop()
        attachments.stop()
        autoMode.stop()
        fargate.stop()
        agent.close()
        metadata.close()
        nodes.stop()
        clusters.stop()
        outside.close()
        flows.close()
        machines.stop()
      },
    )
  }
}

/** The first table that knows a name answers for it. */
function firstOf(tables: HostTable[]): HostTable {
  return {
    resolve(name, port) {
      for (const table of tables) {
        const host = table.resolve(name, port)
        if (host) return host
      }
      return undefined
    },
  }
}
