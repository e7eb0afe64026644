import { digestOf } from '../blobs/digest.ts'
import type { Descriptor } from '../image.ts'
import { type ImageReference, parseTagged, registryHost } from '../images/reference.ts'
import { RegistryClient, RegistryRequestError } from '../images/registry-client.ts'
import { readAnswer } from '../images/transport.ts'
import { MANIFEST_TYPES } from '../registry/manifest.ts'
import { CommandError } from './client.ts'
import { type Command, each, need, out } from './command.ts'
import { credentialsFor } from './config.ts'
import { parseFlags } from './flags.ts'
import { type LocalManifest, ManifestStore, type Platform } from './manifest-store.ts'
import { registryTransport } from './registry-transport.ts'

/** Pairs that a list may name, by `os/architecture`: those that Go builds for and registries know. */
const PLATFORMS = new Set(
  'aix/ppc64 darwin/386 darwin/amd64 darwin/arm darwin/arm64 dragonfly/amd64 freebsd/386 freebsd/amd64 freebsd/arm illumos/amd64 js/wasm linux/386 linux/amd64 linux/arm linux/arm64 linux/loong64 linux/ppc64 linux/ppc64le linux/mips linux/mipsle linux/mips64 linux/mips64le linux/riscv64 linux/s390x netbsd/386 netbsd/amd64 netbsd/arm openbsd/386 openbsd/amd64 openbsd/arm plan9/386 plan9/amd64 solaris/amd64 windows/386 windows/amd64'.split(
    ' ',
  ),
)

type Named = ImageReference & { tag: string }

const nameOf = ({ domain, path, tag, digest }: Named) =>
  `${domain}/${path}${digest ? `@${digest}` : `:${tag}`}`

function parse(text: string, what = ''): Named {
  try {
    return parseTagged(text)
  } catch (error) {
    throw new CommandError(`${what}${(error as Error).message}`)
  }
}

async function clientOf({ domain }: ImageReference): Promise<RegistryClient> {
  return new RegistryClient(registryTransport, registryHost(domain), await credentialsFor(domain))
}

/** A manifest or a list from its registry. */
async function fetch(reference: Named) {
  const client = await clientOf(reference)
  try {
    return { client, ...(await client.manifest(reference.path, reference.digest ?? reference.tag)) }
  } catch (error) {
    if (!(error instanceof RegistryRequestError)) throw error
    if (error.reason === 'scope')
      throw new CommandError(
        'errors:\ndenied: requested access to the resource is denied\nunauthorized: authentication required\n',
      )
    if (error.status === 404) throw new CommandError(`no such manifest: ${nameOf(reference)}`)
    throw new CommandError(error.message)
  }
}

type Fetched = Awaited<ReturnType<typeof fetch>>

const isList = ({ mediaType }: { mediaType: string }) =>
  mediaType === MANIFEST_TYPES.ociIndex || mediaType === MANIFEST_TYPES.dockerList

/** An image's manifest with the platform that its configuration says. */
async function describe(fetched: Fetched, reference: Named, platform?: Platform): Promise<LocalManifest> {
  const { mediaType, digest, bytes, client } = fetched
  return {
    Ref: nameOf(reference),
    Descriptor: {
      mediaType,
      digest,
      size: bytes.length,
      platform: platform ?? (await platformOf(client, reference, bytes)),
    },
    Raw: bytes.toString('base64'),
  }
}

async function platformOf(client: RegistryClient, { path }: Named, bytes: Buffer): Promise<Platform> {
  const { config } = JSON.parse(bytes.toString()) as { config: Descriptor }
  const image = JSON.parse((await readAnswer(await client.blob(path, config.digest))).toString())
  const version = image['os.version'] ? { 'os.version': image['os.version'] } : {}
  const variant = image.variant ? { variant: image.variant } : {}
  return { architecture: image.architecture, os: image.os, ...version, ...variant }
}

/** A list as it is pushed and shown: the fields that the client knows, in its order. */
const listText = (mediaType: string, entries: readonly LocalManifest['Descriptor'][]): string =>
  JSON.stringify({ schemaVersion: 2, mediaType, manifests: entries.map(listEntry) }, null, 3)

function listEntry({ mediaType, size, digest, platform }: LocalManifest['Descriptor']) {
  const { architecture, os, variant } = platform
  const version = platform['os.version']
  const features = platform['os.features']
  const shown = { architecture, os, 'os.version': version, 'os.features': features, variant }
  return { mediaType, size, digest, platform: shown }
}

/** The kind of a list is that of its first manifest. */
function listOf(manifests: readonly LocalManifest[]): { mediaType: string; text: string } {
  const entries = manifests.map(({ Descriptor }) => Descriptor)
  const oci = entries[0]?.mediaType === MANIFEST_TYPES.ociManifest
  const mediaType = oci ? MANIFEST_TYPES.ociIndex : MANIFEST_TYPES.dockerList
  return { mediaType, text: listText(mediaType, entries) }
}

/** What `--verbose` shows of a manifest. */
function verbose({ Ref, Descriptor, Raw }: LocalManifest) {
  const key = Descriptor.mediaType === MANIFEST_TYPES.ociManifest ? 'OCIManifest' : 'SchemaV2Manifest'
  return { Ref, Descriptor, Raw, [key]: JSON.parse(Buffer.from(Raw, 'base64').toString()) }
}

const show = (value: unknown) => out(`${JSON.stringify(value, null, '\t')}\n`)

const inspect: Command = async (_client, words) => {
  const flags = parseFlags(words, {
    insecure: { kind: 'boolean' },
    verbose: { short: 'v', kind: 'boolean' },
  })
  const { args } = flags
  if (args.length < 1 || args.length > 2)
    throw new CommandError(
      "docker: 'docker manifest inspect' requires at least 1 and at most 2 arguments\n\nUsage:  docker manifest inspect [OPTIONS] [MANIFEST_LIST] MANIFEST\n\nRun 'docker manifest inspect --help' for more information",
    )
  const store = new ManifestStore()
  const wanted = parse(args.at(-1)!)
  const one = (manifest: LocalManifest) =>
    show(
      flags.has('verbose') ? verbose(manifest) : JSON.parse(Buffer.from(manifest.Raw, 'base64').toString()),
    )
  if (args.length === 2) {
    const name = nameOf(parse(args[0]!))
    const found = (await store.list(name))?.find(({ Ref }) => Ref === nameOf(wanted))
    if (!found) throw new CommandError(`No such manifest: ${nameOf(wanted)}`)
    one(found)
    return 0
  }
  let manifests = await store.list(nameOf(wanted))
  if (!manifests) {
    const fetched = await fetch(wanted)
    if (!isList(fetched)) {
      one(await describe(fetched, wanted))
      return 0
    }
    if (!flags.has('verbose')) {
      const { mediaType, manifests: entries } = JSON.parse(fetched.bytes.toString())
      out(`${listText(mediaType, entries)}\n`)
      return 0
    }
    manifests = await members(fetched, wanted)
  }
  if (flags.has('verbose')) show(manifests.map(verbose))
  else out(`${listOf(manifests).text}\n`)
  return 0
}

function members(list: Fetched, reference: Named): Promise<LocalManifest[]> {
  const { manifests } = JSON.parse(list.bytes.toString()) as { manifests: LocalManifest['Descriptor'][] }
  return Promise.all(
    manifests.map(async ({ digest, platform }) => {
      const fetched = await fetch({ ...reference, digest })
      return { ...(await describe(fetched, reference, platform)), Ref: `${nameOf(reference)}@${digest}` }
    }),
  )
}

const create: Command = async (_client, words) => {
  const flags = parseFlags(words, { amend: { short: 'a', kind: 'boolean' }, insecure: { kind: 'boolean' } })
  need(flags.args, 2, 'docker manifest create MANIFEST_LIST MANIFEST [MANIFEST...]', false)
  const [list = '', ...images] = flags.args
  const name = nameOf(parse(list, `error parsing name for manifest list ${list}: `))
  const store = new ManifestStore()
  if ((await store.list(name)) && !flags.has('amend'))
    throw new CommandError('refusing to amend an existing manifest list with no --amend flag')
  for (const image of images) {
    const reference = parse(image)
    const fetched = await fetch(reference)
    if (isList(fetched)) throw new CommandError(`${nameOf(reference)} is a manifest list`)
    await store.save(name, await describe(fetched, reference))
  }
  out(`Created manifest list ${name}\n`)
  return 0
}

const annotate: Command = async (_client, words) => {
  const flags = parseFlags(words, {
    arch: { kind: 'string' },
    os: { kind: 'string' },
    'os-features': { kind: 'list' },
    'os-version': { kind: 'string' },
    variant: { kind: 'string' },
  })
  need(flags.args, 2, 'docker manifest annotate [OPTIONS] MANIFEST_LIST MANIFEST')
  const [list, image] = flags.args.map((word) => nameOf(parse(word))) as [string, string]
  const store = new ManifestStore()
  const found = (await store.list(list))?.find(({ Ref }) => Ref === image)
  if (!found) throw new CommandError(`manifest for image ${flags.args[1]} does not exist in ${flags.args[0]}`)
  const { platform } = found.Descriptor
  const features = flags.list('os-features').flatMap((text) => text.split(','))
  const changed: Platform = {
    architecture: flags.text('arch') ?? platform.architecture,
    os: flags.text('os') ?? platform.os,
    ...merged('os.version', flags.text('os-version') ?? platform['os.version']),
    ...merged('os.features', features.length > 0 ? features : platform['os.features']),
    ...merged('variant', flags.text('variant') ?? platform.variant),
  }
  if (!PLATFORMS.has(`${changed.os}/${changed.architecture}`))
    throw new CommandError(
      `manifest entry for image has unsupported os/arch combination: ${flags.text('os') ?? ''}/${flags.text('arch') ?? ''}`,
    )
  await store.save(list, { ...found, Descriptor: { ...found.Descriptor, platform: changed } })
  return 0
}

const merged = <Value>(name: string, value: Value | undefined) =>
  value === undefined ? {} : { [name]: value }

const push: Command = async (_client, words) => {
  const flags = parseFlags(words, { insecure: { kind: 'boolean' }, purge: { short: 'p', kind: 'boolean' } })
  need(flags.args, 1, 'docker manifest push [OPTIONS] MANIFEST_LIST')
  const target = parse(flags.args[0]!)
  const name = nameOf(target)
  const store = new ManifestStore()
  const manifests = await store.list(name)
  if (!manifests) throw new CommandError(`No such manifest: ${name}`)
  const client = await clientOf(target)
  try {
    for (const manifest of manifests) await bring(client, target, manifest)
    const { mediaType, text } = listOf(manifests)
    const bytes = Buffer.from(text)
    await client.pushManifest(target.path, target.tag, mediaType, bytes)
    out(`${digestOf(bytes)}\n`)
  } catch (error) {
    if (!(error instanceof RegistryRequestError)) throw error
    throw new CommandError(error.message)
  }
  if (flags.has('purge')) await store.remove(name)
  return 0
}

/** Brings a manifest of another repository of the registry into that of the list. */
async function bring(client: RegistryClient, target: Named, manifest: LocalManifest): Promise<void> {
  const source = parse(manifest.Ref)
  if (source.domain !== target.domain)
    throw new CommandError(
      `cannot use source images from a different registry than the target image: ${source.domain} != ${target.domain}`,
    )
  if (source.path === target.path) return
  const bytes = Buffer.from(manifest.Raw, 'base64')
  const { config, layers } = JSON.parse(bytes.toString()) as { config: Descriptor; layers: Descriptor[] }
  for (const blob of [config, ...layers])
    if (!(await client.mountBlob(target.path, blob, source.path)))
      throw new CommandError(`error mounting ${source.path}@${blob.digest} to ${nameOf(target)}`)
  const { mediaType, digest } = manifest.Descriptor
  await client.pushManifest(target.path, digest, mediaType, bytes)
  out(`Pushed ref ${target.domain}/${target.path}@${digest} with digest: ${digest}\n`)
}

const remove: Command = async (_client, words) => {
  need(words, 1, 'docker manifest rm MANIFEST_LIST [MANIFEST_LIST...]', false)
  const store = new ManifestStore()
  return each(words, async (word) => {
    const name = nameOf(parse(word))
    if (!(await store.list(name))) throw new CommandError(`No such manifest: ${name}`)
    await store.remove(name)
  })
}

/** `docker manifest`: lists of images for several platforms, made here and pushed to a registry. */
export const MANIFEST_COMMANDS: Record<string, Command> = {
  'manifest annotate': annotate,
  'manifest create': create,
  'manifest inspect': inspect,
  'manifest push': push,
  'manifest rm': remove,
}
