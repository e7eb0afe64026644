import { SAFE_SYSCTLS } from '../../sysctls.ts'
import type { Obj } from '../json.ts'

// The checks of the Pod Security Standards, version 1.35. Source: k8s.io/pod-security-admission/policy, read 2026-11.

export type Level = 'privileged' | 'baseline' | 'restricted'

interface Check {
  reason: string
  /** What is wrong, as it stands in parentheses; undefined when nothing is. */
  detail(spec: Obj): string | undefined
}

const containersOf = (spec: Obj): Obj[] => [
  ...(spec.initContainers ?? []),
  ...(spec.containers ?? []),
  ...(spec.ephemeralContainers ?? []),
]

const quoted = (names: string[]) => [...new Set(names)].map((name) => JSON.stringify(name)).join(', ')

/** `container "a"`, `containers "a", "b"`. */
const named = (containers: Obj[], singular = 'container') =>
  `${singular}${containers.length > 1 ? 's' : ''} ${quoted(containers.map(({ name }) => name))}`

/** A check of each container: `text` follows the names of those that fail. */
const each =
  (fails: (container: Obj) => boolean, text: string) =>
  (spec: Obj): string | undefined => {
    const bad = containersOf(spec).filter(fails)
    return bad.length > 0 ? `${named(bad)} ${text}` : undefined
  }

/** Capabilities of the container runtime's default set. */
const DEFAULT_CAPABILITIES = new Set([
  'AUDIT_WRITE',
  'CHOWN',
  'DAC_OVERRIDE',
  'FOWNER',
  'FSETID',
  'KILL',
  'MKNOD',
  'NET_BIND_SERVICE',
  'SETFCAP',
  'SETGID',
  'SETPCAP',
  'SETUID',
  'SYS_CHROOT',
])

function addedBeyond(spec: Obj, allowed: Set<string>): string | undefined {
  const added = (container: Obj): string[] => container.securityContext?.capabilities?.add ?? []
  const bad = containersOf(spec).filter((container) => added(container).some((name) => !allowed.has(name)))
  if (bad.length === 0) return undefined
  const names = bad
    .flatMap(added)
    .filter((name) => !allowed.has(name))
    .sort()
  return `${named(bad)} must not include ${quoted(names)} in securityContext.capabilities.add`
}

const VOLUMES = [
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'image',
  'persistentVolumeClaim',
  'projected',
  'secret',
]

const volumeType = (volume: Obj) => Object.keys(volume).find((key) => key !== 'name') ?? ''

const seccomp = (value: Obj | undefined): string | undefined => value?.securityContext?.seccompProfile?.type

const joined = (parts: (string | false | undefined)[]) => parts.filter(Boolean).join(', ') || undefined

const BASELINE: Check[] = [
  {
    reason: 'non-default capabilities',
    detail: (spec) => addedBeyond(spec, DEFAULT_CAPABILITIES),
  },
  {
    reason: 'host namespaces',
    detail: (spec) =>
      joined(['hostNetwork', 'hostPID', 'hostIPC'].map((field) => spec[field] === true && `${field}=true`)),
  },
  {
    reason: 'hostPath volumes',
    detail: (spec) => {
      const bad = (spec.volumes ?? []).filter((volume: Obj) => volume.hostPath)
      return bad.length > 0 ? named(bad, 'volume') : undefined
    },
  },
  {
    reason: 'hostPort',
    detail: (spec) => {
      const ports = (container: Obj): number[] =>
        (container.ports ?? []).flatMap(({ hostPort }: Obj) => (hostPort ? [hostPort] : []))
      const bad = containersOf(spec).filter((container) => ports(container).length > 0)
      const all = [...new Set(bad.flatMap(ports))].sort((a, b) => a - b)
      if (bad.length === 0) return undefined
      return `${named(bad)} ${bad.length > 1 ? 'use' : 'uses'} hostPort${all.length > 1 ? 's' : ''} ${all.join(', ')}`
    },
  },
  {
    reason: 'privileged',
    detail: each(
      ({ securityContext }) => securityContext?.privileged === true,
      'must not set securityContext.privileged=true',
    ),
  },
  {
    reason: 'procMount',
    detail: each(
      ({ securityContext }) => securityContext?.procMount === 'Unmasked',
      'must not set securityContext.procMount to "Unmasked"',
    ),
  },
  {
    reason: 'seccompProfile',
    detail: (spec) => {
      const bad = containersOf(spec).filter((container) => seccomp(container) === 'Unconfined')
      const who = [
        seccomp({ securityContext: spec.securityContext }) === 'Unconfined' && 'pod',
        bad.length > 0 && named(bad),
      ]
      const subjects = who.filter(Boolean).join(' and ')
      return subjects
        ? `${subjects} must not set securityContext.seccompProfile.type to "Unconfined"`
        : undefined
    },
  },
  {
    reason: 'forbidden sysctls',
    detail: (spec) =>
      joined((spec.securityContext?.sysctls ?? []).map(({ name }: Obj) => !SAFE_SYSCTLS.has(name) && name)),
  },
]

const RESTRICTED: Check[] = [
  {
    reason: 'allowPrivilegeEscalation != false',
    detail: each(
      ({ securityContext }) => securityContext?.allowPrivilegeEscalation !== false,
      'must set securityContext.allowPrivilegeEscalation=false',
    ),
  },
  {
    reason: 'unrestricted capabilities',
    detail: (spec) => {
      const keeps = each(
        ({ securityContext }) => !securityContext?.capabilities?.drop?.includes('ALL'),
        'must set securityContext.capabilities.drop=["ALL"]',
      )(spec)
      const adds = addedBeyond(spec, new Set(['NET_BIND_SERVICE']))
      return [keeps, adds].filter(Boolean).join('; ') || undefined
    },
  },
  {
    reason: 'restricted volume types',
    detail: (spec) => {
      const bad = (spec.volumes ?? []).filter((volume: Obj) => !VOLUMES.includes(volumeType(volume)))
      if (bad.length === 0) return undefined
      const types = [...new Set<string>(bad.map(volumeType))].sort()
      return `${named(bad, 'volume')} ${bad.length > 1 ? 'use' : 'uses'} restricted volume type${types.length > 1 ? 's' : ''} ${quoted(types)}`
    },
  },
  {
    reason: 'runAsNonRoot != true',
    detail: (spec) => {
      const value = (container: Obj) => container.securityContext?.runAsNonRoot
      const explicit = containersOf(spec).filter((container) => value(container) === false)
      const unset = containersOf(spec).filter((container) => value(container) === undefined)
      const pod = spec.securityContext?.runAsNonRoot
      const forbidden = [
        pod === false && unset.length > 0 && 'pod',
        explicit.length > 0 && named(explicit),
      ].filter(Boolean)
      if (forbidden.length > 0)
        return `${forbidden.join(' and ')} must not set securityContext.runAsNonRoot=false`
      if (pod === true || unset.length === 0) return undefined
      return `pod or ${named(unset)} must set securityContext.runAsNonRoot=true`
    },
  },
  {
    reason: 'runAsUser=0',
    detail: (spec) => {
      const bad = containersOf(spec).filter(({ securityContext }) => securityContext?.runAsUser === 0)
      const who = [spec.securityContext?.runAsUser === 0 && 'pod', bad.length > 0 && named(bad)].filter(
        Boolean,
      )
      return who.length > 0 ? `${who.join(' and ')} must not set runAsUser=0` : undefined
    },
  },
  {
    reason: 'seccompProfile',
    detail: (spec) => {
      const allowed = ['RuntimeDefault', 'Localhost']
      const pod = seccomp({ securityContext: spec.securityContext })
      const wrong = containersOf(spec).filter((container) => {
        const type = seccomp(container)
        return type !== undefined && !allowed.includes(type)
      })
      const must = 'must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"'
      if (pod !== undefined && !allowed.includes(pod)) return `pod ${must}`
      if (wrong.length > 0) return `${named(wrong)} ${must}`
      if (pod !== undefined) return undefined
      const unset = containersOf(spec).filter((container) => seccomp(container) === undefined)
      return unset.length > 0 ? `pod or ${named(unset)} ${must}` : undefined
    },
  },
]

/** Checks of the baseline that the restricted level has in a stricter form. */
const REPLACED = new Set(['non-default capabilities', 'seccompProfile', 'hostPath volumes'])

export interface Violation {
  reason: string
  detail: string
}

/** How a pod breaks a level of the standards. */
export function violations(level: Level, spec: Obj): Violation[] {
  const baseline = level === 'restricted' ? BASELINE.filter(({ reason }) => !REPLACED.has(reason)) : BASELINE
  const checks = level === 'privileged' ? [] : level === 'baseline' ? BASELINE : [...baseline, ...RESTRICTED]
  return checks.flatMap(({ reason, detail }) => {
    const text = detail(spec)
    return text === undefined ? [] : [{ reason, detail: text }]
  })
}
