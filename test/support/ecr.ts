import { createHash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { registryPassword } from '../../src/aws/ecr/index.ts'
import type { Principal } from '../../src/aws/wire/service.ts'
import { Registries } from '../../src/cloud/registries.ts'
import { awsServices } from '../../src/cloud/services.ts'
import { BlobStore } from '../../src/containers/blobs/store.ts'
import { Catalogue } from '../../src/containers/catalogue/catalogue.ts'
import { LayerTrees } from '../../src/containers/files/layers.ts'
import { RegistryClient } from '../../src/containers/images/registry-client.ts'
import { HostTransport } from '../../src/containers/images/transport.ts'
import {
  type ImageManifest,
  type IndexManifest,
  isIndexType,
} from '../../src/containers/registry/manifest.ts'
import type { Clock } from '../../src/world/clock.ts'
import { ACCOUNT, type Keys, REGION, startAws } from './aws.ts'

const MANIFEST = 'application/vnd.oci.image.manifest.v1+json'
const CONFIG = 'application/vnd.oci.image.config.v1+json'
const LAYER = 'application/vnd.oci.image.layer.v1.tar'

export const digestOf = (text: string | Uint8Array) =>
  `sha256:${createHash('sha256').update(text).digest('hex')}`

/** A JSON value as a word of a command line. */
export const json = (value: unknown) => `'${JSON.stringify(value)}'`

/** Words of a command line; single quotes keep theirs together. */
const words = (line: string) =>
  [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, word]) => quoted ?? word!)

const CLI_ERROR =
  /An error occurred \((\w+)\) when calling the \w+ operation(?: \(reached max retries: \d+\))?: ([\s\S]*)/

/** ECR and what it works with or is tested beside. */
const SERVICES = new Set(['ecr', 'ecr-public', 'secretsmanager', 'kms', 'signer', 'ssm'])

/** ECR with its registries and controllers, behind the endpoint of an account. */
export async function startEcr(options: { clock?: Clock } = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'drydock-ecr-'))
  const blobs = await BlobStore.open(folder)
  let registries: Registries | undefined
  const aws = await startAws({
    ...options,
    services: (world) => {
      registries = new Registries({
        world,
        accountId: ACCOUNT,
        blobs,
        catalogue: new Catalogue(blobs),
        trees: new LayerTrees(blobs),
      })
      return awsServices(registries).filter(({ name }) => SERVICES.has(name))
    },
  })
  const hosts = registries!
  for (const controller of hosts.controllers()) aws.world.controllers.start(controller)
  const transport = new HostTransport(hosts)

  /** A client of a registry host, with the token of a principal where it is ECR's. */
  function client(principal: Principal = administrator, region = REGION, accountId = ACCOUNT) {
    const { password } = registryPassword(aws.world, principal)
    const host = `${accountId}.dkr.ecr.${region}.amazonaws.com`
    return new RegistryClient(transport, host, { username: 'AWS', password })
  }

  /** Runs `aws <service> <command>` and gives its answer. Throws what it says on standard error. */
  // biome-ignore lint/suspicious/noExplicitAny: answers differ by command.
  async function command(service: string, line: string, keys?: Keys): Promise<any> {
    const { stdout, error } = await aws.cli(words(`${service} ${line}`), keys)
    if (error) throw new Error(error)
    return JSON.parse(stdout || '{}')
  }

  /** The error of a command: its code and text. */
  async function refused(service: string, line: string, keys?: Keys): Promise<string> {
    const { error } = await aws.cli(words(`${service} ${line}`), keys)
    const [, code, text] = CLI_ERROR.exec(error) ?? []
    return code ? `${code}: ${text}` : error
  }

  return {
    ...aws,
    command,
    refused,
    hosts,
    transport,
    registry: client,
    /** Pushes an image of one layer that holds a text; gives its digest. */
    async push(
      repository: string,
      tag: string,
      text: string,
      extra: object = {},
      principal: Principal = administrator,
    ): Promise<string> {
      const to = client(principal)
      const blob = async (content: string, mediaType: string) => {
        const descriptor = { mediaType, digest: digestOf(content), size: Buffer.byteLength(content) }
        await to.pushBlob(repository, descriptor, async function* () {
          yield Buffer.from(content)
        })
        return descriptor
      }
      const config = await blob('{"architecture":"amd64","os":"linux"}', CONFIG)
      const layers = [await blob(text, LAYER)]
      const manifest = { schemaVersion: 2, mediaType: MANIFEST, config, layers, ...extra }
      return to.pushManifest(repository, tag, MANIFEST, Buffer.from(JSON.stringify(manifest)))
    },
    /** Copies an official image's amd64 part from Docker Hub to a repository; gives its digest. */
    async copyOfficial(name: string, repository: string, tag: string): Promise<string> {
      const from = new RegistryClient(transport, 'registry-1.docker.io', undefined)
      const [image, version = 'latest'] = name.split(':')
      const path = `library/${image}`
      const to = client()
      let manifest = await from.manifest(path, version)
      if (isIndexType(manifest.mediaType)) {
        const index = JSON.parse(manifest.bytes.toString()) as IndexManifest
        manifest = await from.manifest(path, index.manifests[0]!.digest)
      }
      const { config, layers } = JSON.parse(manifest.bytes.toString()) as ImageManifest
      for (const part of [config, ...layers])
        await to.pushBlob(repository, part, () => blobs.stream(part.digest))
      return to.pushManifest(repository, tag, manifest.mediaType, manifest.bytes)
    },
    async close() {
      await aws.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

export const administrator: Principal = {
  arn: `arn:aws:iam::${ACCOUNT}:user/admin`,
  accountId: ACCOUNT,
  userId: 'AIDATEST',
  type: 'user',
}
