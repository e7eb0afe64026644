import { selects } from '../../selectors.ts'
import {
  duplicate,
  type FieldError,
  forbiddenField,
  invalidValue,
  notSupported,
  required,
  valueNotFound,
} from '../errors.ts'
import { at, type Json, type Obj } from '../json.ts'
import { quantityValue } from '../quantity.ts'
import { checkForm, FORMS, labelErrors } from './names.ts'
import { atLeast, formed, needs, oneOf, port, portErrors, portNameErrors, type Rule, sub } from './rules.ts'

// Validation of Kubernetes 1.35 by model, wherever the model occurs. Source: pkg/apis/*/validation, read 2026-11.

const PROTOCOLS = ['SCTP', 'TCP', 'UDP']

const uniqueNames =
  (...fields: string[]): Rule =>
  (value, path) => {
    const seen = new Set<string>()
    const errors: FieldError[] = []
    for (const field of fields) {
      for (const [index, item] of ((value[field] ?? []) as Obj[]).entries()) {
        if (item.name && seen.has(item.name))
          errors.push(duplicate(`${sub(path, field)}[${index}].name`, item.name))
        seen.add(item.name)
      }
    }
    return errors
  }

/** Mounts name volumes of the pod and do not hide one another. */
const mounts: Rule = (spec, path) => {
  const volumes = new Set((spec.volumes ?? []).map((volume: Obj) => volume.name))
  const errors: FieldError[] = []
  for (const field of ['initContainers', 'containers']) {
    for (const [index, container] of ((spec[field] ?? []) as Obj[]).entries()) {
      const taken = new Set<string>()
      for (const [mountIndex, mount] of ((container.volumeMounts ?? []) as Obj[]).entries()) {
        const at = `${sub(path, field)}[${index}].volumeMounts[${mountIndex}]`
        if (!mount.name) errors.push(required(`${at}.name`))
        else if (!volumes.has(mount.name)) errors.push(valueNotFound(`${at}.name`, mount.name))
        if (!mount.mountPath) errors.push(required(`${at}.mountPath`))
        else if (taken.has(mount.mountPath)) {
          errors.push(invalidValue(`${at}.mountPath`, mount.mountPath, 'must be unique'))
        }
        taken.add(mount.mountPath)
      }
    }
  }
  return errors
}

const resources: Rule = (value, path) => {
  const errors: FieldError[] = []
  for (const part of ['limits', 'requests']) {
    for (const [name, quantity] of Object.entries((value[part] ?? {}) as Obj)) {
      if (quantityValue(quantity) < 0) {
        errors.push(
          invalidValue(`${sub(path, part)}[${name}]`, quantity, 'must be greater than or equal to 0'),
        )
      }
    }
  }
  for (const [name, quantity] of Object.entries((value.requests ?? {}) as Obj)) {
    const limit = value.limits?.[name]
    if (limit !== undefined && quantityValue(quantity) > quantityValue(limit)) {
      errors.push(
        invalidValue(
          sub(path, 'requests'),
          quantity,
          `must be less than or equal to ${name} limit of ${limit}`,
        ),
      )
    }
  }
  return errors
}

const HANDLERS = ['exec', 'httpGet', 'tcpSocket', 'grpc', 'sleep']

const handler: Rule = (value, path) => {
  const given = HANDLERS.filter((name) => value[name] !== undefined)
  if (given.length === 0) return [required(path, 'must specify a handler type')]
  return given
    .slice(1)
    .map((name) => forbiddenField(sub(path, name), 'may not specify more than 1 handler type'))
}

const SOURCES_BESIDE = new Set(['name'])
const oneVolumeSource: Rule = (volume, path) => {
  const given = Object.keys(volume).filter((key) => !SOURCES_BESIDE.has(key))
  if (given.length === 0) return [required(path, 'must specify a volume type')]
  return given
    .slice(1)
    .map((name) => forbiddenField(sub(path, name), 'may not specify more than 1 volume type'))
}

/** A workload's selector must select its own template. */
const selectsTemplate =
  (kind: string): Rule =>
  (spec, path) => {
    const errors: FieldError[] = []
    const selector = spec.selector
    if (!selector) errors.push(required(sub(path, 'selector')))
    else if (
      Object.keys(selector.matchLabels ?? {}).length + (selector.matchExpressions?.length ?? 0) ===
      0
    ) {
      errors.push(invalidValue(sub(path, 'selector'), selector, `empty selector is invalid for ${kind}`))
    }
    if (!spec.template) return [...errors, required(sub(path, 'template'))]
    const labels = spec.template.metadata?.labels
    if (selector && !selects(selector, labels)) {
      const field = sub(path, 'template.metadata.labels')
      errors.push(invalidValue(field, labels ?? null, '`selector` does not match template `labels`'))
    }
    return errors
  }

const alwaysRestarts: Rule = (spec, path) => {
  const policy = at(spec, 'template.spec.restartPolicy')
  return policy === undefined || policy === 'Always'
    ? []
    : [notSupported(sub(path, 'template.spec.restartPolicy'), policy, ['Always'])]
}

const neverAlwaysRestarts: Rule = (spec, path) => {
  const policy = at(spec, 'template.spec.restartPolicy')
  if (!spec.template) return [required(sub(path, 'template'))]
  return policy === 'Never' || policy === 'OnFailure'
    ? []
    : [
        policy === undefined
          ? required(sub(path, 'template.spec.restartPolicy'), 'valid values: "OnFailure", "Never"')
          : notSupported(sub(path, 'template.spec.restartPolicy'), policy, ['OnFailure', 'Never'].sort()),
      ]
}

const percentOrNumber =
  (...fields: string[]): Rule =>
  (value, path) =>
    fields.flatMap((field) => {
      const given = value[field]
      if (typeof given === 'number')
        return given < 0 ? [invalidValue(sub(path, field), given, 'must be greater than or equal to 0')] : []
      return given === undefined || /^[0-9]+%$/.test(given)
        ? []
        : [
            invalidValue(
              sub(path, field),
              given,
              "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')",
            ),
          ]
    })

const notBothZero: Rule = (value, path) => {
  const zero = (amount: Json) => amount === 0 || amount === '0%'
  return zero(value.maxUnavailable) && zero(value.maxSurge)
    ? [invalidValue(sub(path, 'maxUnavailable'), value.maxUnavailable, 'may not be 0 when `maxSurge` is 0')]
    : []
}

const strategy: Rule = (value, path) =>
  value.type === 'Recreate' && value.rollingUpdate
    ? [forbiddenField(sub(path, 'rollingUpdate'), "may not be specified when strategy `type` is 'Recreate'")]
    : []

const podManagement: Rule = (spec, path) => {
  const policy = spec.podManagementPolicy
  return policy === undefined || policy === 'OrderedReady' || policy === 'Parallel'
    ? []
    : [invalidValue(sub(path, 'podManagementPolicy'), policy, "must be 'OrderedReady' or 'Parallel'")]
}

const setUpdate: Rule = (value, path) => {
  if (value.type === 'OnDelete') {
    return value.rollingUpdate
      ? [
          invalidValue(
            sub(path, 'rollingUpdate'),
            value.rollingUpdate,
            "only allowed for updateStrategy 'RollingUpdate'",
          ),
        ]
      : []
  }
  if (value.type !== 'RollingUpdate')
    return [invalidValue(path, value, "must be 'RollingUpdate' or 'OnDelete'")]
  return atLeast('partition', 0)(value.rollingUpdate ?? {}, sub(path, 'rollingUpdate'))
}

const daemonUpdate: Rule = (value, path) => {
  const isZero = (amount: Json) => amount === undefined || amount === 0 || amount === '0%'
  if (isZero(value.maxUnavailable) && isZero(value.maxSurge))
    return [required(sub(path, 'maxUnavailable'), 'cannot be 0 when `maxSurge` is 0')]
  return !isZero(value.maxUnavailable) && !isZero(value.maxSurge)
    ? [invalidValue(sub(path, 'maxSurge'), value.maxSurge, 'may not be set when maxUnavailable is non-zero')]
    : []
}

/** What must be one of its kind in a Service's port, as `core.ServicePort`. */
const numberOf = ({ protocol, port }: Obj) => ({
  Name: '',
  Protocol: protocol,
  AppProtocol: null,
  Port: port,
  TargetPort: 0,
  NodePort: 0,
})

const servicePorts: Rule = (spec, path) => {
  const ports: Obj[] = spec.ports ?? []
  const field = sub(path, 'ports')
  if (ports.length === 0 && spec.clusterIP !== 'None' && spec.type !== 'ExternalName')
    return [required(field)]
  const errors: FieldError[] = []
  const names = new Set<string>()
  const taken = new Set<string>()
  for (const [index, item] of ports.entries()) {
    const here = `${field}[${index}]`
    if (!item.name && ports.length > 1) errors.push(required(`${here}.name`))
    if (item.name) errors.push(...checkForm(`${here}.name`, item.name, FORMS.label))
    if (item.name && names.has(item.name)) errors.push(duplicate(`${here}.name`, item.name))
    names.add(item.name)
    errors.push(...portErrors(item.port ?? 0, `${here}.port`))
    if (!PROTOCOLS.includes(item.protocol))
      errors.push(notSupported(`${here}.protocol`, item.protocol, PROTOCOLS))
    errors.push(...portErrors(item.targetPort, `${here}.targetPort`))
    const key = `${item.protocol}/${item.port}`
    if (taken.has(key)) errors.push(duplicate(here, numberOf(item)))
    taken.add(key)
  }
  return errors
}

const serviceType: Rule = (spec, path) => {
  const errors: FieldError[] = []
  if (spec.type === 'ExternalName') {
    if (!spec.externalName) errors.push(required(sub(path, 'externalName')))
    else
      errors.push(
        ...checkForm(sub(path, 'externalName'), spec.externalName.replace(/\.$/, ''), FORMS.subdomain),
      )
  }
  if (spec.type === 'LoadBalancer' && spec.clusterIP === 'None') {
    errors.push(
      invalidValue(sub(path, 'clusterIPs[0]'), 'None', "may not be set to 'None' for LoadBalancer services"),
    )
  }
  return errors
}

const keysOf =
  (...fields: string[]): Rule =>
  (value, path) =>
    fields.flatMap((field) =>
      Object.keys(value[field] ?? {}).flatMap((key) =>
        checkForm(`${sub(path, field)}[${key}]`, key, FORMS.configKey),
      ),
    )

const PATH_TYPES = ['Exact', 'ImplementationSpecific', 'Prefix']

const ingressPath: Rule = (value, path) => {
  const errors: FieldError[] = []
  if (!value.pathType) errors.push(required(sub(path, 'pathType'), 'pathType must be specified'))
  else if (!PATH_TYPES.includes(value.pathType))
    errors.push(notSupported(sub(path, 'pathType'), value.pathType, PATH_TYPES))
  else if (value.pathType !== 'ImplementationSpecific' && !value.path?.startsWith('/')) {
    errors.push(invalidValue(sub(path, 'path'), value.path ?? '', 'must be an absolute path'))
  }
  return errors
}

const ingressSpec: Rule = (spec, path) =>
  (spec.rules?.length ?? 0) === 0 && !spec.defaultBackend
    ? [invalidValue(path, spec.rules ?? null, 'either `defaultBackend` or `rules` must be specified')]
    : []

const backend: Rule = (value, path) => {
  if (value.resource && value.service)
    return [invalidValue(path, '', 'cannot set both resource and service backends')]
  if (!value.resource && !value.service) return [required(path, 'resource or service backend is required')]
  const { service } = value
  if (service && !service.name) return [required(sub(path, 'service.name'))]
  const none = service && service.port?.name === undefined && service.port?.number === undefined
  return none ? [required(sub(path, 'service.port.name'), 'port name or number is required')] : []
}

const SELECTOR_OPERATORS = ['DoesNotExist', 'Exists', 'In', 'NotIn']

const expression: Rule = (value, path) => {
  if (!SELECTOR_OPERATORS.includes(value.operator)) {
    return [invalidValue(sub(path, 'operator'), value.operator, 'not a valid selector operator')]
  }
  const many = (value.values?.length ?? 0) > 0
  if (value.operator.endsWith('In') && !many) {
    return [required(sub(path, 'values'), "must be specified when `operator` is 'In' or 'NotIn'")]
  }
  return !value.operator.endsWith('In') && many
    ? [
        forbiddenField(
          sub(path, 'values'),
          "may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
        ),
      ]
    : []
}

const CONTAINER: Rule[] = [
  needs('name'),
  formed('name', 'label'),
  needs('image'),
  (value, path) =>
    value.image && value.image.trim() !== value.image
      ? [invalidValue(sub(path, 'image'), value.image, 'must not have leading or trailing whitespace')]
      : [],
  oneOf('imagePullPolicy', ['Always', 'IfNotPresent', 'Never']),
  oneOf('terminationMessagePolicy', ['FallbackToLogsOnError', 'File']),
]

const SYSCTL = /^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$/
const SYSCTL_LENGTH = 253

/** Models validateSysctls of pkg/apis/core/validation. */
const sysctlName: Rule = ({ name }, path) =>
  !name || (name.length <= SYSCTL_LENGTH && SYSCTL.test(name))
    ? []
    : [
        invalidValue(
          sub(path, 'name'),
          name,
          `must have at most ${SYSCTL_LENGTH} characters and match regex ^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$`,
        ),
      ]

export const RULES: Record<string, Rule[]> = {
  V1PodSpec: [
    needs('containers'),
    uniqueNames('containers', 'initContainers', 'ephemeralContainers'),
    uniqueNames('volumes'),
    mounts,
    oneOf('restartPolicy', ['Always', 'Never', 'OnFailure']),
    oneOf('dnsPolicy', ['ClusterFirst', 'ClusterFirstWithHostNet', 'Default', 'None']),
    atLeast('terminationGracePeriodSeconds', 0),
    formed('serviceAccountName', 'subdomain'),
    formed('nodeName', 'subdomain'),
    (value, path) => labelErrors(value.nodeSelector, sub(path, 'nodeSelector')),
  ],
  V1PodTemplateSpec: [
    (value, path) => labelErrors(value.metadata?.labels, sub(path, 'labels')),
    (value, path) => (value.spec ? [] : [required(sub(path, 'spec.containers'))]),
  ],
  V1Container: CONTAINER,
  V1ContainerPort: [
    (value, path) => (value.containerPort ? [] : [required(sub(path, 'containerPort'))]),
    (value, path) => (value.containerPort ? portErrors(value.containerPort, sub(path, 'containerPort')) : []),
    port('hostPort'),
    (value, path) => (value.name ? portNameErrors(value.name, sub(path, 'name')) : []),
    oneOf('protocol', PROTOCOLS),
  ],
  V1EnvVar: [
    needs('name'),
    formed('name', 'envName'),
    (value, path) =>
      value.value && value.valueFrom
        ? [invalidValue(sub(path, 'valueFrom'), '', 'may not be specified when `value` is not empty')]
        : [],
  ],
  V1ResourceRequirements: [resources],
  V1Probe: [
    handler,
    ...['initialDelaySeconds', 'timeoutSeconds', 'periodSeconds', 'failureThreshold', 'successThreshold'].map(
      (field) => atLeast(field, 0),
    ),
  ],
  V1HTTPGetAction: [needs('path'), (value, path) => portErrors(value.port ?? 0, sub(path, 'port'))],
  V1TCPSocketAction: [(value, path) => portErrors(value.port ?? 0, sub(path, 'port'))],
  V1ExecAction: [needs('command')],
  V1Sysctl: [needs('name'), sysctlName],
  V1Volume: [needs('name'), formed('name', 'label'), oneVolumeSource],
  V1Toleration: [
    oneOf('operator', ['Equal', 'Exists']),
    oneOf('effect', ['NoExecute', 'NoSchedule', 'PreferNoSchedule']),
  ],
  V1TopologySpreadConstraint: [
    needs('topologyKey'),
    oneOf('whenUnsatisfiable', ['DoNotSchedule', 'ScheduleAnyway']),
  ],
  V1LabelSelectorRequirement: [expression],
  V1DeploymentSpec: [
    selectsTemplate('deployment'),
    alwaysRestarts,
    atLeast('replicas', 0),
    atLeast('minReadySeconds', 0),
  ],
  V1DeploymentStrategy: [oneOf('type', ['Recreate', 'RollingUpdate']), strategy],
  V1RollingUpdateDeployment: [percentOrNumber('maxUnavailable', 'maxSurge'), notBothZero],
  V1ReplicaSetSpec: [selectsTemplate('deployment'), alwaysRestarts, atLeast('replicas', 0)],
  V1StatefulSetSpec: [
    selectsTemplate('statefulset'),
    alwaysRestarts,
    atLeast('replicas', 0),
    atLeast('minReadySeconds', 0),
    podManagement,
  ],
  V1StatefulSetUpdateStrategy: [setUpdate],
  V1StatefulSetPersistentVolumeClaimRetentionPolicy: [
    oneOf('whenDeleted', ['Delete', 'Retain']),
    oneOf('whenScaled', ['Delete', 'Retain']),
  ],
  V1DaemonSetSpec: [selectsTemplate('daemonset'), alwaysRestarts, atLeast('minReadySeconds', 0)],
  V1DaemonSetUpdateStrategy: [oneOf('type', ['OnDelete', 'RollingUpdate'])],
  V1RollingUpdateDaemonSet: [percentOrNumber('maxUnavailable', 'maxSurge'), daemonUpdate],
  V1ReplicationControllerSpec: [needs('selector'), needs('template'), atLeast('replicas', 0), alwaysRestarts],
  V1JobSpec: [
    neverAlwaysRestarts,
    ...['parallelism', 'completions', 'backoffLimit', 'activeDeadlineSeconds'].map((field) =>
      atLeast(field, 0),
    ),
    oneOf('completionMode', ['Indexed', 'NonIndexed']),
  ],
  V1CronJobSpec: [
    needs('schedule'),
    (value, path) =>
      !value.schedule || value.schedule.startsWith('@') || value.schedule.trim().split(/\s+/).length === 5
        ? []
        : [
            invalidValue(
              sub(path, 'schedule'),
              value.schedule,
              `expected exactly 5 fields, found ${value.schedule.trim().split(/\s+/).length}: [${value.schedule.trim().split(/\s+/).join(' ')}]`,
            ),
          ],
    oneOf('concurrencyPolicy', ['Allow', 'Forbid', 'Replace']),
  ],
  V1ServiceSpec: [
    oneOf('type', ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort']),
    oneOf('sessionAffinity', ['ClientIP', 'None']),
    servicePorts,
    serviceType,
    (value, path) => labelErrors(value.selector, sub(path, 'selector')),
  ],
  V1ConfigMap: [keysOf('data', 'binaryData')],
  V1Secret: [keysOf('data')],
  V1IngressSpec: [ingressSpec],
  V1HTTPIngressPath: [ingressPath],
  V1IngressBackend: [backend],
  V2HorizontalPodAutoscalerSpec: [
    (value, path) =>
      (value.maxReplicas ?? 0) < 1
        ? [invalidValue(sub(path, 'maxReplicas'), value.maxReplicas ?? 0, 'must be greater than 0')]
        : [],
    (value, path) =>
      value.maxReplicas >= 1 && value.maxReplicas < value.minReplicas
        ? [
            invalidValue(
              sub(path, 'maxReplicas'),
              value.maxReplicas,
              'must be greater than or equal to `minReplicas`',
            ),
          ]
        : [],
  ],
  V1CrossVersionObjectReference: [needs('kind'), needs('name')],
}
