import { createWriteStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import type { World } from '#world/world.ts'
import { digestOf } from '../blobs/digest.ts'
import type { BlobStore } from '../blobs/store.ts'
import { applyLayer, changes, type LayerTrees, writeLayer } from '../files/layers.ts'
import { directory, readContent } from '../files/nodes.ts'
import { readTar } from '../files/tar.ts'
import { FileTree, resolvePath } from '../files/tree.ts'
import type { ImageConfig, RegistryCredentials } from '../image.ts'
import {
  familiarName,
  type ImageReference,
  InvalidReferenceError,
  parseReference,
  parseTagged,
} from '../images/reference.ts'
import { SIGNALS } from '../processes/signals.ts'
import { badRequest, EngineError, type MessageStream } from './api.ts'
import { copyFiles, hashSources } from './build-copy.ts'
import type { Distribution } from './distribution.ts'
import {
  type Instruction,
  parseDockerfile,
  parseInstruction,
  parsePairs,
  splitWords,
  substitute,
} from './dockerfile.ts'
import { type ImageRecord, type ImageStore, writeConfig } from './image-store.ts'

export interface BuildOptions {
  dockerfile: string
  tags: string[]
  buildArgs: Record<string, string | null>
  labels: Record<string, string>
  target: string
  noCache: boolean
  pull: boolean
  quiet: boolean
  /** Credentials for pulling base images, by registry domain. */
  credentials: (domain: string) => RegistryCredentials | undefined
}

/** Runs a command of a `RUN` step on a tree; gives its exit code. Output comes as it is written. */
export type StepRunner = (step: {
  argv: string[]
  config: ImageConfig
  env: Record<string, string>
  tree: FileTree
  containerId: string
  output: (text: string) => void
}) => Promise<number>

export interface BuilderOptions {
  world: World
  blobs: BlobStore
  trees: LayerTrees
  images: ImageStore
  distribution: Distribution
  run: StepRunner
}

/** Build arguments that need no ARG (https://docs.docker.com/reference/dockerfile/#predefined-args). */
const PREDEFINED = new Set(
  'HTTP_PROXY http_proxy HTTPS_PROXY https_proxy FTP_PROXY ftp_proxy NO_PROXY no_proxy ALL_PROXY all_proxy'.split(
    ' ',
  ),
)
const SCRATCH: ImageConfig = {
  architecture: 'amd64',
  os: 'linux',
  config: {},
  rootfs: { type: 'layers', diff_ids: [] },
  history: [],
}

interface Stage {
  name: string | undefined
  image: ImageRecord | undefined
}

/** One run of the classic builder. */
interface Build {
  options: BuildOptions
  context: FileTree
  stages: Stage[]
  globalArgs: Map<string, string>
  args: Map<string, string>
  declared: Set<string>
  current: ImageRecord | undefined
  cmdSet: boolean
  cacheBroken: boolean
  out: (text: string) => void
  progress: MessageStream
}

/** The classic builder of the Docker Engine: a layer a step, with its cache and its output. */
export class Builder {
  readonly #options: BuilderOptions

  constructor(options: BuilderOptions) {
    this.#options = options
  }

  /** Builds from a tar stream (plain or gzip). Progress goes to `progress`; throws EngineError with the builder's text. */
  async build(body: Readable, options: BuildOptions, progress: MessageStream): Promise<void> {
    const file = this.#options.blobs.temporaryPath()
    try {
      await receive(body, file)
      const context = new FileTree(applyLayer(directory(), file, await readTar(file)))
      const log: string[] = []
      const out = (text: string) => {
        if (options.quiet) log.push(text)
        else progress.send({ stream: text })
      }
      const build: Build = {
        options,
        context,
        stages: [],
        globalArgs: new Map(),
        args: new Map(),
        declared: new Set(),
        current: undefined,
        cmdSet: false,
        cacheBroken: options.noCache,
        out,
        progress,
      }
      const image = await this.#run(build, await readDockerfile(context, options.dockerfile))
      progress.send({ aux: { ID: image.id } })
      if (options.quiet) progress.send({ stream: `${image.id}\n` })
      out(`Successfully built ${shortId(image.id)}\n`)
      for (const tag of options.tags) {
        const reference = parseTagged(tag)
        this.#options.images.tag(reference, image.id)
        out(`Successfully tagged ${familiarName(reference)}:${reference.tag}\n`)
      }
      await this.#options.world.store.flushed()
    } finally {
      await rm(file, { force: true })
    }
  }

  async #run(build: Build, instructions: Instruction[]): Promise<ImageRecord> {
    const { target } = build.options
    const labels = Object.entries(build.options.labels)
    const label = labels.map(([key, value]) => `${key}=${JSON.stringify(value)}`).join(' ')
    const steps = [...instructions, ...(label ? [parseInstruction(`LABEL ${label}`, 0)] : [])]
    const total = steps.length
    if (!instructions.some(({ name }) => name === 'FROM'))
      throw badRequest('no build stage in current context')
    for (let index = 0; index < total; index++) {
      const step = steps[index]!
      if (step.name === 'FROM' && target && reached(build, target)) break
      build.out(`Step ${index + 1}/${total} : ${shown(step)}\n`)
      await this.#step(build, step)
      if (build.current) build.out(` ---> ${shortId(build.current.id)}\n`)
    }
    if (target && !reached(build, target))
      throw badRequest(`failed to reach build target ${target} in Dockerfile`)
    if (!build.current) throw badRequest('No image was generated. Is your Dockerfile empty?')
    return build.current
  }

  async #step(build: Build, step: Instruction): Promise<void> {
    if (step.name === 'FROM') return this.#from(build, step)
    if (step.name === 'ARG') return this.#arg(build, step)
    if (build.stages.length === 0) throw badRequest('no build stage in current context')
    switch (step.name) {
      case 'COPY':
      case 'ADD':
        return this.#copy(build, step)
      case 'RUN':
        return this.#runStep(build, step)
      default:
        return this.#configure(build, step)
    }
  }

  async #from(build: Build, step: Instruction): Promise<void> {
    const get = (name: string) => build.globalArgs.get(name)
    const words = splitWords(substitute(step.text, get))
    if (words.length !== 1 && !(words.length === 3 && words[1]!.toLowerCase() === 'as')) {
      throw badRequest(
        `dockerfile parse error on line ${step.line}: FROM requires either one or three arguments`,
      )
    }
    const base = words[0]!
    const stage: Stage = { name: words[2]?.toLowerCase(), image: undefined }
    build.args = new Map()
    build.declared = new Set()
    build.cmdSet = false
    const earlier = build.stages.find(({ name }) => name === base.toLowerCase())
    if (earlier) build.current = earlier.image
    else if (base === 'scratch') build.current = undefined
    else build.current = await this.#baseImage(build, base)
    stage.image = build.current
    build.stages.push(stage)
    const triggers = build.current?.config.config.OnBuild ?? []
    if (triggers.length > 0)
      build.out(`# Executing ${triggers.length} build trigger${triggers.length > 1 ? 's' : ''}\n`)
    for (const trigger of triggers) await this.#step(build, parseInstruction(trigger, step.line))
  }

  async #baseImage(build: Build, name: string): Promise<ImageRecord> {
    if (name === '') throw badRequest('base name should not be blank')
    const local = build.options.pull ? undefined : this.#options.images.find(name)
    if (local) return local
    let reference: ImageReference
    try {
      reference = parseReference(name)
    } catch (error) {
      if (!(error instanceof InvalidReferenceError)) throw error
      throw badRequest(`failed to parse stage name "${name}": ${error.message}`)
    }
    const progress = build.options.quiet ? { send: () => {} } : build.progress
    return this.#options.distribution.pull(reference, build.options.credentials(reference.domain), progress)
  }

  async #arg(build: Build, step: Instruction): Promise<void> {
    for (const word of splitWords(step.text)) {
      const equals = word.indexOf('=')
      const name = equals === -1 ? word : word.slice(0, equals)
      const scope = build.stages.length === 0 ? build.globalArgs : build.args
      const given = build.options.buildArgs[name]
      const fallback =
        equals === -1
          ? build.globalArgs.get(name)
          : substitute(word.slice(equals + 1), (key) => this.#lookup(build, key))
      const value = given ?? fallback
      if (value !== undefined) scope.set(name, value)
      build.declared.add(name)
    }
    if (build.stages.length > 0) await this.#commitConfig(build, `ARG ${step.text}`, () => {})
  }

  #lookup(build: Build, name: string): string | undefined {
    const env = build.current?.config.config.Env?.find((line) => line.startsWith(`${name}=`))
    return env ? env.slice(name.length + 1) : build.args.get(name)
  }

  // --- COPY, ADD

  async #copy(build: Build, step: Instruction): Promise<void> {
    const get = (name: string) => this.#lookup(build, name)
    const words = (step.json ?? splitWords(step.text)).map((word) => substitute(word, get))
    if (words.length < 2)
      throw badRequest(
        `${step.name} requires at least two arguments, but only one was provided. Destination could not be determined.`,
      )
    const destination = words.pop()!
    const from = step.flags.from
    const source = from === undefined ? build.context : await this.#copySource(build, from)
    const fingerprint = await hashSources(source, words, step.name)
    const chown = step.flags.chown ? ` --chown=${step.flags.chown}` : ''
    const createdBy = `/bin/sh -c #(nop) ${step.name}${chown} ${fingerprint.label} in ${destination} `
    await this.#layer(build, createdBy, async (tree, config) => {
      await copyFiles({
        source,
        words,
        tree,
        destination: resolvePath(config.config.WorkingDir || '/', destination),
        intoFolder: destination.endsWith('/') || destination === '.',
        owner: step.flags.chown,
        mode: step.flags.chmod,
        extract: step.name === 'ADD',
        command: step.name,
        mtime: this.#options.world.clock.now(),
        blobs: this.#options.blobs,
      })
    })
  }

  async #copySource(build: Build, from: string): Promise<FileTree> {
    const index = /^\d+$/.test(from)
      ? Number(from)
      : build.stages.findIndex(({ name }) => name === from.toLowerCase())
    const stage = build.stages[index]
    if (stage && index === build.stages.length - 1)
      throw badRequest(`invalid from flag value ${from}: refers to current build stage`)
    const image = stage ? stage.image : await this.#baseImage(build, from)
    return new FileTree(image ? await this.#options.trees.tree(image.layers) : directory())
  }

  // --- RUN

  async #runStep(build: Build, step: Instruction): Promise<void> {
    const shell = build.current?.config.config.Shell ?? ['/bin/sh', '-c']
    const argv = step.json ?? [...shell, step.text]
    const args = [
      ...build.args,
      ...Object.entries(build.options.buildArgs).filter(
        ([name, value]) => PREDEFINED.has(name) && value !== null,
      ),
    ] as [string, string][]
    const used = args.filter(([name]) => !PREDEFINED.has(name)).map(([name, value]) => `${name}=${value}`)
    const createdBy = `${used.length > 0 ? `|${used.length} ${used.join(' ')} ` : ''}${argv.join(' ')}`
    await this.#layer(
      build,
      createdBy,
      async (tree, config, containerId) => {
        const code = await this.#options.run({
          argv,
          config,
          env: Object.fromEntries(args),
          tree,
          containerId,
          output: (text) => build.out(text),
        })
        if (code !== 0)
          throw new EngineError(500, `The command '${argv.join(' ')}' returned a non-zero code: ${code}`)
      },
      true,
    )
  }

  // --- instructions that change the configuration only

  async #configure(build: Build, step: Instruction): Promise<void> {
    const get = (name: string) => this.#lookup(build, name)
    const text =
      step.name === 'ONBUILD' || step.name === 'CMD' || step.name === 'ENTRYPOINT' || step.name === 'SHELL'
        ? step.text
        : substitute(step.text, get)
    const command = (): string[] =>
      step.json ?? [...(build.current?.config.config.Shell ?? ['/bin/sh', '-c']), step.text]
    const nop = (rest: string) => `/bin/sh -c #(nop)  ${step.name} ${rest}`
    const list = (items: string[]) => `[${items.map((item) => JSON.stringify(item)).join(' ')}]`
    switch (step.name) {
      case 'MAINTAINER':
        return this.#commitConfig(build, nop(text), (_config, image) => {
          image.author = text
        })
      case 'ENV': {
        const pairs = parsePairs('ENV', text)
        return this.#commitConfig(
          build,
          nop(pairs.map(([key, value]) => `${key}=${value}`).join(' ')),
          (config) => {
            const env = new Map((config.Env ?? []).map((line) => [line.slice(0, line.indexOf('=')), line]))
            for (const [key, value] of pairs) env.set(key, `${key}=${value}`)
            config.Env = [...env.values()]
          },
        )
      }
      case 'LABEL': {
        const pairs = parsePairs('LABEL', text)
        return this.#commitConfig(
          build,
          nop(pairs.map(([key, value]) => `${key}=${value}`).join(' ')),
          (config) => {
            config.Labels = { ...config.Labels, ...Object.fromEntries(pairs) }
          },
        )
      }
      case 'CMD':
        build.cmdSet = true
        return this.#commitConfig(build, nop(list(command())), (config) => {
          config.Cmd = step.text === '' ? null : command()
        })
      case 'ENTRYPOINT':
        return this.#commitConfig(build, nop(list(command())), (config) => {
          config.Entrypoint = step.text === '' ? null : command()
          if (!build.cmdSet) config.Cmd = null
        })
      case 'EXPOSE': {
        const ports = splitWords(text).map((word) => (word.includes('/') ? word : `${word}/tcp`))
        for (const port of ports)
          if (!/^\d+(?:-\d+)?\/(?:tcp|udp|sctp)$/.test(port))
            throw badRequest(`invalid containerPort: ${port.split('/')[0]}`)
        return this.#commitConfig(
          build,
          nop(ports.map((port) => port.replace('/tcp', '')).join(' ')),
          (config) => {
            config.ExposedPorts = {
              ...config.ExposedPorts,
              ...Object.fromEntries(ports.map((port) => [port, {}])),
            }
          },
        )
      }
      case 'VOLUME': {
        const paths = step.json ?? splitWords(text)
        return this.#commitConfig(build, nop(`[${paths.join(' ')}]`), (config) => {
          config.Volumes = { ...config.Volumes, ...Object.fromEntries(paths.map((path) => [path, {}])) }
        })
      }
      case 'WORKDIR': {
        const path = resolvePath(build.current?.config.config.WorkingDir || '/', text)
        return this.#layer(build, nop(path), async (tree, config) => {
          tree.makeFolders(path, { mtime: this.#options.world.clock.now() })
          config.config = { ...config.config, WorkingDir: path }
        })
      }
      case 'USER':
        return this.#commitConfig(build, nop(text), (config) => {
          config.User = text
        })
      case 'STOPSIGNAL': {
        const known = /^\d+$/.test(text)
          ? Number(text) > 0 && Number(text) < 65
          : text in SIGNALS || `SIG${text}` in SIGNALS
        if (!known) throw badRequest(`invalid signal: ${text}`)
        return this.#commitConfig(build, nop(text), (config) => {
          config.StopSignal = text
        })
      }
      case 'SHELL': {
        if (!step.json || step.json.length === 0)
          throw badRequest('SHELL requires the arguments to be in JSON form')
        return this.#commitConfig(build, nop(list(step.json)), (config) => {
          config.Shell = step.json
        })
      }
      case 'ONBUILD': {
        const inner = step.text.split(/\s/, 1)[0]!.toUpperCase()
        if (inner === 'ONBUILD') throw badRequest("Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed")
        if (inner === 'FROM' || inner === 'MAINTAINER')
          throw badRequest(`${inner} isn't allowed as an ONBUILD trigger`)
        return this.#commitConfig(build, nop(step.text), (config) => {
          config.OnBuild = [...(config.OnBuild ?? []), step.text]
        })
      }
      default:
        return this.#healthcheck(build, step, nop)
    }
  }

  #healthcheck(build: Build, step: Instruction, nop: (rest: string) => string): Promise<void> {
    const [, kind = '', rest = ''] = /^(\S+)\s*([\s\S]*)$/.exec(step.text)!
    const upper = kind.toUpperCase()
    if (upper !== 'NONE' && upper !== 'CMD')
      throw badRequest(`Unknown type ${JSON.stringify(kind)} in HEALTHCHECK (try CMD)`)
    let test = ['NONE']
    if (upper === 'CMD') {
      if (rest === '') throw badRequest('Missing command after HEALTHCHECK CMD')
      const json = rest.startsWith('[') ? parseInstruction(`CMD ${rest}`, step.line).json : undefined
      test = json ? ['CMD', ...json] : ['CMD-SHELL', rest]
    }
    const time = (name: string) => (step.flags[name] ? nanoseconds(step.flags[name]) : undefined)
    return this.#commitConfig(build, nop(step.text), (config) => {
      config.Healthcheck = {
        Test: test,
        ...(time('interval') ? { Interval: time('interval') } : {}),
        ...(time('timeout') ? { Timeout: time('timeout') } : {}),
        ...(time('start-period') ? { StartPeriod: time('start-period') } : {}),
        ...(step.flags.retries ? { Retries: Number(step.flags.retries) } : {}),
      }
    })
  }

  // --- committing

  async #commitConfig(
    build: Build,
    createdBy: string,
    change: (config: ImageConfig['config'], image: ImageConfig) => void,
  ) {
    await this.#layer(build, createdBy, undefined, false, change)
  }

  /** Makes the next image: from the cache, or by running `work` on a tree and keeping what it changed. */
  async #layer(
    build: Build,
    createdBy: string,
    work: ((tree: FileTree, config: ImageConfig, containerId: string) => Promise<void>) | undefined,
    always = false,
    change?: (config: ImageConfig['config'], image: ImageConfig) => void,
  ): Promise<void> {
    const { world, blobs, trees, images } = this.#options
    const parent = build.current
    const cacheKey = `docker/build-cache/${digestOf(`${parent?.id ?? ''}\n${createdBy}`).slice(7)}`
    if (!build.cacheBroken) {
      const id = world.store.get<string>(cacheKey)?.value
      const cached = id && images.get(id)
      if (cached) {
        build.out(' ---> Using cache\n')
        this.#advance(build, cached)
        return
      }
    }
    build.cacheBroken = true
    const containerId = world.ids.hex(64)
    const base = parent?.config ?? SCRATCH
    const config: ImageConfig = {
      ...base,
      config: { ...base.config },
      rootfs: { ...base.rootfs },
      history: [...(base.history ?? [])],
    }
    const before = parent ? await trees.tree(parent.layers) : directory()
    const tree = new FileTree(before)
    if (work === undefined || always) build.out(` ---> Running in ${containerId.slice(0, 12)}\n`)
    await work?.(tree, config, containerId)
    change?.(config.config, config)
    const changed = work ? [...changes(before, tree.snapshot())] : []
    let layers = parent?.layers ?? []
    config.created = new Date(world.clock.now()).toISOString()
    const history = { created: config.created, created_by: createdBy }
    if (changed.length > 0 || always) {
      const layer = await writeLayer(blobs, changed)
      layers = [...layers, layer.descriptor]
      config.rootfs = { type: 'layers', diff_ids: [...base.rootfs.diff_ids, layer.diffId] }
      config.history!.push(history)
    } else config.history!.push({ ...history, empty_layer: true })
    if (work === undefined || always)
      build.out(` ---> Removed intermediate container ${containerId.slice(0, 12)}\n`)
    const id = await writeConfig(blobs, config)
    const record = await images.add({ id, config, layers }, parent?.id)
    world.store.put(cacheKey, id)
    this.#advance(build, record)
  }

  #advance(build: Build, image: ImageRecord): void {
    build.current = image
    build.stages.at(-1)!.image = image
  }
}

const shortId = (id: string) => id.slice(7, 19)

const shown = ({ name, text, flags }: Instruction) => {
  const options = Object.entries(flags).map(([key, value]) => `--${key}=${value} `)
  return `${name} ${options.join('')}${text}`
}

const reached = (build: Build, target: string) =>
  build.stages.at(-1)?.name === target.toLowerCase() ||
  (/^\d+$/.test(target) && build.stages.length - 1 === Number(target))

async function readDockerfile(context: FileTree, name: string): Promise<Instruction[]> {
  const node = context.lookup(resolvePath('/', name))
  if (node?.kind !== 'file') throw badRequest(`Cannot locate specified Dockerfile: ${name}`)
  const text = Buffer.from(await readContent(node.content)).toString()
  if (text.trim() === '') throw badRequest(`the Dockerfile (${name}) cannot be empty`)
  return parseDockerfile(text)
}

/** Writes the context to a file, unpacking gzip. */
async function receive(body: Readable, file: string): Promise<void> {
  const iterator = body[Symbol.asyncIterator]()
  const first = await iterator.next()
  if (first.done) throw badRequest('build context is empty')
  async function* all() {
    yield first.value as Buffer
    for (;;) {
      const { done, value } = await iterator.next()
      if (done) return
      yield value as Buffer
    }
  }
  const gzip = first.value[0] === 0x1f && first.value[1] === 0x8b
  if (gzip) await pipeline(all, createGunzip(), createWriteStream(file))
  else await pipeline(all, createWriteStream(file))
}

const GO_UNITS: Record<string, number> = { ns: 1, us: 1e3, ms: 1e6, s: 1e9, m: 60e9, h: 3600e9 }

/** A Go duration in nanoseconds. */
function nanoseconds(text: string): number {
  let total = 0
  for (const [, number, unit] of text.matchAll(/([\d.]+)(ns|us|ms|s|m|h)/g))
    total += Number(number) * GO_UNITS[unit!]!
  return total
}
