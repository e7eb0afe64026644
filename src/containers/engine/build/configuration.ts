import { resolvePath } from '../../files/tree.ts'
import type { ImageConfig } from '../../image.ts'
import { SIGNALS } from '../../processes/signals.ts'
import { badRequest } from '../api.ts'
import { type Instruction, parseInstruction, parsePairs, splitWords, substitute } from './dockerfile.ts'

type RuntimeConfig = ImageConfig['config']

/** What an instruction does to an image's configuration. */
export interface ConfigurationChange {
  /** The instruction as the image's history shows it, without its name. */
  shown: string
  apply(config: RuntimeConfig, image: ImageConfig): void
  /** A folder that the image has to have. */
  folder?: string
}

/** What an instruction's meaning depends on. */
export interface StageContext {
  /** The configuration so far. */
  config: RuntimeConfig
  /** Whether the stage has had a CMD of its own. */
  cmdSet: boolean
  lookup: (name: string) => string | undefined
}

const DEFAULT_SHELL = ['/bin/sh', '-c']
/** Instructions whose variables are left for the container's shell. */
const UNEXPANDED = new Set(['ONBUILD', 'CMD', 'ENTRYPOINT', 'SHELL'])

/** The JSON form as it is, the shell form with its shell. */
export const commandOf = ({ json, text }: Instruction, config: RuntimeConfig | undefined): string[] =>
  json ?? [...(config?.Shell ?? DEFAULT_SHELL), text]

/**
 * What a step that runs nothing leaves in the image's history: the shell of the stage, told to do nothing. Steps with files of
 * the context have one blank, others two.
 */
export const historyComment = (text: string, shell: readonly string[] = DEFAULT_SHELL): string =>
  `${shell.join(' ')} #(nop) ${/^(?:ADD|COPY) /.test(text) ? '' : ' '}${text}`

/** The change that an instruction makes which touches the configuration only. Throws EngineError with the builder's text. */
export function configurationChange(step: Instruction, context: StageContext): ConfigurationChange {
  const text = UNEXPANDED.has(step.name) ? step.text : substitute(step.text, context.lookup)
  switch (step.name) {
    case 'MAINTAINER':
      return {
        shown: text,
        apply: (_config, image) => {
          image.author = text
        },
      }
    case 'ENV':
      return environment(parsePairs('ENV', text))
    case 'LABEL': {
      const pairs = parsePairs('LABEL', text)
      return change(shownPairs(pairs), (config) => ({
        Labels: { ...config.Labels, ...Object.fromEntries(pairs) },
      }))
    }
    case 'CMD': {
      const command = commandOf(step, context.config)
      return change(shownList(command), () => ({ Cmd: step.text === '' ? null : command }))
    }
    case 'ENTRYPOINT': {
      const command = commandOf(step, context.config)
      return change(shownList(command), () => ({
        Entrypoint: step.text === '' ? null : command,
        ...(context.cmdSet ? {} : { Cmd: null }),
      }))
    }
    case 'EXPOSE':
      return expose(splitWords(text))
    case 'VOLUME': {
      const paths = step.json ?? splitWords(text)
      return change(`[${paths.join(' ')}]`, (config) => ({
        Volumes: { ...config.Volumes, ...emptyObjects(paths) },
      }))
    }
    case 'WORKDIR': {
      const path = resolvePath(context.config.WorkingDir || '/', text)
      return { ...change(path, () => ({ WorkingDir: path })), folder: path }
    }
    case 'USER':
      return change(text, () => ({ User: text }))
    case 'STOPSIGNAL':
      if (!isSignal(text)) throw badRequest(`invalid signal: ${text}`)
      return change(text, () => ({ StopSignal: text }))
    case 'SHELL': {
      const { json } = step
      if (!json || json.length === 0) throw badRequest('SHELL requires the arguments to be in JSON form')
      return change(`[${json.join(' ')}]`, () => ({ Shell: json }))
    }
    case 'ONBUILD':
      return onBuild(step)
    default:
      return healthcheck(step)
  }
}

const change = (
  shown: string,
  changed: (config: RuntimeConfig) => Partial<RuntimeConfig>,
): ConfigurationChange => ({ shown, apply: (config) => void Object.assign(config, changed(config)) })

const shownPairs = (pairs: readonly [string, string][]) =>
  pairs.map(([key, value]) => `${key}=${value}`).join(' ')

const shownList = (items: readonly string[]) => `[${items.map((item) => JSON.stringify(item)).join(' ')}]`

const emptyObjects = (names: readonly string[]): Record<string, Record<string, never>> =>
  Object.fromEntries(names.map((name) => [name, {}]))

const isSignal = (text: string) =>
  /^\d+$/.test(text) ? Number(text) > 0 && Number(text) < 65 : text in SIGNALS || `SIG${text}` in SIGNALS

function environment(pairs: readonly [string, string][]): ConfigurationChange {
  return change(shownPairs(pairs), (config) => {
    const env = new Map((config.Env ?? []).map((line) => [line.slice(0, line.indexOf('=')), line]))
    for (const [key, value] of pairs) env.set(key, `${key}=${value}`)
    return { Env: [...env.values()] }
  })
}

function expose(words: readonly string[]): ConfigurationChange {
  const ports = words.flatMap((word) => {
    const [, first, last = first, protocol = 'tcp'] =
      /^(\d+)(?:-(\d+))?(?:\/(tcp|udp|sctp))?$/.exec(word) ?? []
    if (first === undefined || Number(last) < Number(first) || Number(last) > 65_535)
      throw badRequest(`invalid containerPort: ${word.split('/')[0]}`)
    const count = Number(last) - Number(first) + 1
    return Array.from({ length: count }, (_, index) => `${Number(first) + index}/${protocol}`)
  })
  return change(words.join(' '), (config) => ({
    ExposedPorts: { ...config.ExposedPorts, ...emptyObjects(ports) },
  }))
}

function onBuild({ text }: Instruction): ConfigurationChange {
  const inner = text.split(/\s/, 1)[0]!.toUpperCase()
  if (inner === 'ONBUILD') throw badRequest("Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed")
  if (inner === 'FROM' || inner === 'MAINTAINER')
    throw badRequest(`${inner} isn't allowed as an ONBUILD trigger`)
  return change(text, (config) => ({ OnBuild: [...(config.OnBuild ?? []), text] }))
}

function healthcheck({ text, flags, line }: Instruction): ConfigurationChange {
  const [, kind = '', rest = ''] = /^(\S+)\s*([\s\S]*)$/.exec(text)!
  const upper = kind.toUpperCase()
  if (upper !== 'NONE' && upper !== 'CMD')
    throw badRequest(`Unknown type ${JSON.stringify(kind)} in HEALTHCHECK (try CMD)`)
  let test = ['NONE']
  if (upper === 'CMD') {
    if (rest === '') throw badRequest('Missing command after HEALTHCHECK CMD')
    const json = rest.startsWith('[') ? parseInstruction(`CMD ${rest}`, line).json : undefined
    test = json ? ['CMD', ...json] : ['CMD-SHELL', rest]
  }
  const durations = HEALTH_DURATIONS.map(([flag, field]) => [field, flagDuration(flag, flags[flag])] as const)
  const retries = Number(flags.retries ?? 0)
  if (!Number.isSafeInteger(retries))
    throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(flags.retries)}: invalid syntax`)
  if (retries < 0) throw badRequest(`--retries cannot be negative (${retries})`)
  const list = test.map((word) => JSON.stringify(word)).join(' ')
  const shownDurations = durations.map(([, value]) => `"${goDuration(value)}"`).join(' ')
  // As Go prints the structure: a number as the character that has it.
  const shown = `&{[${list}] ${shownDurations} '\\x${retries.toString(16).padStart(2, '0')}'}`
  return change(shown, () => ({
    Healthcheck: {
      Test: test,
      ...Object.fromEntries(durations.filter(([, value]) => value > 0)),
      ...(retries > 0 ? { Retries: retries } : {}),
    },
  }))
}

const HEALTH_DURATIONS = [
  ['interval', 'Interval'],
  ['timeout', 'Timeout'],
  ['start-period', 'StartPeriod'],
  ['start-interval', 'StartInterval'],
] as const

/** A flag's duration in nanoseconds. Throws EngineError with the builder's text. */
function flagDuration(flag: string, text: string | undefined): number {
  if (text === undefined) return 0
  if (!/^(?:[\d.]+(?:ns|us|ms|s|m|h))+$/.test(text))
    throw badRequest(
      /^[\d.]+$/.test(text)
        ? `time: missing unit in duration ${JSON.stringify(text)}`
        : `time: invalid duration ${JSON.stringify(text)}`,
    )
  const value = nanoseconds(text)
  if (value < 1e6) throw badRequest(`Interval ${JSON.stringify(flag)} cannot be less than 1ms`)
  return value
}

/** `1m30s`, `500ms`, `0s` */
function goDuration(value: number): string {
  if (value === 0) return '0s'
  if (value < 1e9) return `${value / 1e6}ms`
  const hours = Math.floor(value / 3600e9)
  const minutes = Math.floor((value % 3600e9) / 60e9)
  const seconds = `${(value % 60e9) / 1e9}s`
  if (hours > 0) return `${hours}h${minutes}m${seconds}`
  return minutes > 0 ? `${minutes}m${seconds}` : seconds
}

const GO_UNITS: Record<string, number> = { ns: 1, us: 1e3, ms: 1e6, s: 1e9, m: 60e9, h: 3600e9 }

/** A Go duration in nanoseconds. */
function nanoseconds(text: string): number {
  let total = 0
  for (const [, number, unit] of text.matchAll(/([\d.]+)(ns|us|ms|s|m|h)/g))
    total += Number(number) * GO_UNITS[unit!]!
  return total
}
