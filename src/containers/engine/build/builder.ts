import { rm } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import type { World } from '#world/world.ts'
import { digestOf } from '../../blobs/digest.ts'
import type { BlobStore } from '../../blobs/store.ts'
import { applyLayer, type LayerTrees } from '../../files/layers.ts'
import { directory, file } from '../../files/nodes.ts'
import { readTar } from '../../files/tar.ts'
import { FileTree, resolvePath } from '../../files/tree.ts'
import type { Platform } from '../../images/fetch.ts'
import {
  familiarName,
  type ImageReference,
  InvalidReferenceError,
  parseReference,
  parseTagged,
} from '../../images/reference.ts'
import type { HostTransport } from '../../images/transport.ts'
import { badRequest, EngineError, type MessageStream } from '../api.ts'
import type { Distribution } from '../distribution.ts'
import type { ImageRecord, ImageStore } from '../image-store.ts'
import { formatPlatform, isFor, parsePlatform } from '../platform.ts'
import { type Build, type BuildOptions, PREDEFINED, type Stage, type StepRunner } from './build-state.ts'
import { commandOf, configurationChange, historyComment } from './configuration.ts'
import { dropIgnored, readDockerfile, receiveContext } from './context.ts'
import { copyFiles, hashSources } from './copy.ts'
import { type Instruction, parseInstruction, splitWords, substitute } from './dockerfile.ts'
import { download } from './download.ts'
import { StepImages, type StepWork } from './step-image.ts'
import { labelInstruction, untilTarget } from './targets.ts'

/** What a builder works with. */
export interface BuilderOptions {
  world: World
  blobs: BlobStore
  trees: LayerTrees
  images: ImageStore
  distribution: Distribution
  /** The lab network, for `ADD https://…`. */
  transport: HostTransport
  run: StepRunner
}

/** The classic builder of the Docker Engine: a layer a step, with its cache and its output. */
export class Builder {
  readonly #options: BuilderOptions
  readonly #steps: StepImages

  constructor(options: BuilderOptions) {
    this.#options = options
    this.#steps = new StepImages(options)
  }

  /** Builds from a tar stream (plain or gzip). Progress goes to `progress`; throws EngineError with the builder's text. */
  async build(body: Readable, options: BuildOptions, progress: MessageStream): Promise<void> {
    const file = this.#options.blobs.temporaryPath()
    try {
      await receiveContext(body, file)
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
        consumed: new Set(),
        current: undefined,
        cmdSet: false,
        cacheBroken: options.noCache,
        out,
        progress,
      }
      const instructions = await readDockerfile(context, options.dockerfile)
      await dropIgnored(context, options.dockerfile)
      const image = await this.#run(build, instructions)
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
    const steps = [...untilTarget(instructions, build.options.target)]
    for (const [key, value] of Object.entries(build.options.labels).sort(([x], [y]) => (x < y ? -1 : 1)))
      steps.push(labelInstruction(key, value))
    for (const [index, step] of steps.entries()) {
      if (build.options.cancelled?.aborted) {
        build.out('Build cancelled\n')
        throw new EngineError(500, 'Build cancelled')
      }
      build.out(`Step ${index + 1}/${steps.length} : ${shown(step)}\n`)
      await this.#step(build, step)
      if (build.stages.length > 0) build.out(` ---> ${build.current ? shortId(build.current.id) : ''}\n`)
    }
    const unused = Object.keys(build.options.buildArgs).filter(
      (name) => !build.consumed.has(name) && !PREDEFINED.has(name),
    )
    if (unused.length > 0)
      build.out(`[Warning] One or more build-args [${unused.sort().join(' ')}] were not consumed\n`)
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
    const wanted = step.flags.platform ? substitute(step.flags.platform, get) : build.options.platform
    const platform = wanted ? parsePlatform(wanted) : undefined
    const stage: Stage = { name: words[2]?.toLowerCase(), platform, base: undefined, image: undefined }
    if (stage.name && build.stages.some(({ name }) => name === stage.name))
      throw badRequest(`${words[2]} stage name already used`)
    build.args = new Map()
    build.cmdSet = false
    const earlier = build.stages.find(({ name }) => name === base.toLowerCase())
    if (earlier) build.current = earlier.image
    else if (base === 'scratch') build.current = undefined
    else build.current = await this.#baseImage(build, base, platform)
    stage.base = build.current
    stage.image = build.current
    build.stages.push(stage)
    const triggers = stage.image?.config.config.OnBuild ?? []
    if (triggers.length > 0)
      build.out(`# Executing ${triggers.length} build trigger${triggers.length > 1 ? 's' : ''}\n`)
    for (const trigger of triggers) await this.#step(build, parseInstruction(trigger, step.line))
  }

  async #baseImage(build: Build, name: string, platform: Platform | undefined): Promise<ImageRecord> {
    if (name === '') throw badRequest(`base name (${name}) should not be blank`)
    const local = build.options.pull ? undefined : this.#options.images.find(name)
    if (local && (!platform || isFor(local.config, platform))) return local
    let reference: ImageReference
    try {
      reference = parseReference(name)
    } catch (error) {
      if (!(error instanceof InvalidReferenceError)) throw error
      throw badRequest(`failed to parse stage name "${name}": ${error.message}`)
    }
    const progress = build.options.quiet ? { send: () => {} } : build.progress
    return this.#options.distribution.pull(
      reference,
      build.options.credentials(reference.domain),
      progress,
      platform && formatPlatform(platform),
    )
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
      build.consumed.add(name)
    }
    if (build.stages.length > 0)
      await this.#advance(build, { createdBy: commentOf(build, `ARG ${step.text}`) })
  }

  #lookup(build: Build, name: string): string | undefined {
    const env = build.current?.config.config.Env?.find((line) => line.startsWith(`${name}=`))
    return env ? env.slice(name.length + 1) : build.args.get(name)
  }

  // --- COPY, ADD

  async #copy(build: Build, step: Instruction): Promise<void> {
    if (step.flags.chmod) throw requiresBuildKit('chmod')
    const get = (name: string) => this.#lookup(build, name)
    const words = (step.json ?? splitWords(step.text)).map((word) => substitute(word, get))
    if (words.length < 2)
      throw badRequest(
        `${step.name} requires at least two arguments, but only one was provided. Destination could not be determined.`,
      )
    const destination = words.pop()!
    if (words.every((word) => word.startsWith('<<')))
      throw badRequest(`${step.name} failed: no source files were specified`)
    const from = step.flags.from
    const source = from === undefined ? build.context : await this.#copySource(build, from)
    const remote = step.name === 'ADD' ? words.filter(isUrl) : []
    if (remote.length > 0) return this.#addRemote(build, remote, destination)
    const fingerprint = await hashSources(source, words, step.name)
    const owner = step.flags.chown && substitute(step.flags.chown, get)
    const chown = owner ? ` --chown=${owner}` : ''
    const createdBy = commentOf(build, `${step.name}${chown} ${fingerprint.label} in ${destination} `)
    await this.#advance(build, {
      createdBy,
      files: (tree, { config }) =>
        copyFiles({
          source,
          words,
          tree,
          destination: resolvePath(config.WorkingDir || '/', destination),
          intoFolder: destination.endsWith('/') || destination === '.',
          owner,
          keepOwner: from !== undefined,
          extract: step.name === 'ADD',
          command: step.name,
          mtime: this.#options.world.clock.now(),
          blobs: this.#options.blobs,
        }),
    })
  }

  /** `ADD https://…`: from the lab network, as nothing else can be reached. */
  async #addRemote(build: Build, urls: string[], destination: string): Promise<void> {
    for (const url of urls) {
      const found = await download(this.#options.transport, url)
      await this.#advance(build, {
        createdBy: commentOf(build, `ADD ${digestOf(found.content)} in ${destination} `),
        files: async (tree, { config }) => {
          const target = resolvePath(config.WorkingDir || '/', destination)
          const folder = destination.endsWith('/')
            ? tree.makeFolders(target)
            : tree.makeFolders(resolvePath(target, '..'))
          const name = destination.endsWith('/') ? found.name : target.slice(target.lastIndexOf('/') + 1)
          tree.put(
            `${folder === '/' ? '' : folder}/${name}`,
            file(found.content, { mode: 0o600, mtime: found.mtime }),
          )
        },
      })
    }
  }

  async #copySource(build: Build, from: string): Promise<FileTree> {
    const named = build.stages.findIndex(({ name }) => name === from.toLowerCase())
    const index = named === -1 && /^\d+$/.test(from) ? Number(from) : named
    if (index === build.stages.length - 1)
      throw badRequest(`invalid from flag value ${from}: refers to current build stage`)
    if (index >= build.stages.length) throw badRequest(`invalid from flag value ${from}: index out of bounds`)
    const stage = build.stages[index]
    const image = stage ? stage.image : await this.#baseImage(build, from, build.stages.at(-1)!.platform)
    return new FileTree(image ? await this.#options.trees.tree(image.layers) : directory())
  }

  // --- RUN

  async #runStep(build: Build, step: Instruction): Promise<void> {
    const [flag] = Object.keys(step.flags)
    if (flag) throw requiresBuildKit(flag)
    const argv = commandOf(step, build.current?.config.config)
    const args = [
      ...build.args,
      ...Object.entries(build.options.buildArgs).filter(
        ([name, value]) => PREDEFINED.has(name) && value !== null,
      ),
    ] as [string, string][]
    const used = args
      .filter(([name]) => !PREDEFINED.has(name))
      .map(([name, value]) => `${name}=${value}`)
      .sort()
    const createdBy = `${used.length > 0 ? `|${used.length} ${used.join(' ')} ` : ''}${argv.join(' ')}`
    await this.#advance(build, {
      createdBy,
      alwaysLayer: true,
      files: async (tree, config, containerId) => {
        const env = Object.fromEntries(args)
        const code = await this.#options.run({
          argv,
          config,
          env,
          tree,
          containerId,
          output: build.out,
          cancelled: build.options.cancelled,
        })
        if (code !== 0)
          throw new EngineError(500, `The command '${argv.join(' ')}' returned a non-zero code: ${code}`)
      },
    })
  }

  /** Configuration only; WORKDIR makes its folder too. */
  async #configure(build: Build, step: Instruction): Promise<void> {
    const { shown, apply, folder } = configurationChange(step, {
      config: build.current?.config.config ?? {},
      cmdSet: build.cmdSet,
      lookup: (name) => this.#lookup(build, name),
    })
    if (step.name === 'CMD') build.cmdSet = true
    const check = build.current?.config.config.Healthcheck?.Test ?? []
    if (step.name === 'HEALTHCHECK' && check.length > 0 && check[0] !== 'NONE')
      build.out(`Note: overriding previous HEALTHCHECK: [${check.join(' ')}]\n`)
    const shell = step.name === 'SHELL' ? step.json : undefined
    const createdBy = commentOf(build, `${step.name} ${shown}`, shell)
    if (folder === undefined) return this.#advance(build, { createdBy, configuration: apply })
    return this.#advance(build, {
      createdBy,
      configuration: apply,
      files: async (tree) => void tree.makeFolders(folder, { mtime: this.#options.world.clock.now() }),
    })
  }

  /** Goes on to the step's image: from the cache while nothing before it was new, or by doing its work. */
  async #advance(build: Build, work: StepWork): Promise<void> {
    const stage = build.stages.at(-1)!
    const cached = build.cacheBroken
      ? undefined
      : this.#steps.cached(build.current, { ...work, platform: stage.platform })
    if (cached) build.out(' ---> Using cache\n')
    else build.cacheBroken = true
    build.current =
      cached ??
      (await this.#steps.make(
        build.current,
        { ...work, onBase: build.current === stage.base, platform: stage.platform },
        build.out,
        build.options.keepContainers,
      ))
    stage.image = build.current
  }
}

/** A step in the history, by the shell that is set or the one that it sets. */
const commentOf = ({ current }: Build, text: string, shell = current?.config.config.Shell): string =>
  historyComment(text, shell)

const shortId = (id: string) => id.slice(7, 19)

const shown = ({ name, text, flags }: Instruction) => {
  const options = Object.entries(flags).map(([key, value]) => `--${key}=${value} `)
  return `${name} ${options.join('')}${text}`
}

const isUrl = (word: string) => /^(?:https?|ftp|git):\/\//.test(word)

const requiresBuildKit = (flag: string) =>
  new EngineError(
    500,
    `the --${flag} option requires BuildKit. Refer to https://docs.docker.com/go/buildkit/ to learn how to build images with BuildKit enabled`,
  )
