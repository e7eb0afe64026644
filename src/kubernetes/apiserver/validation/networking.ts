import { isIP, isIPv6 } from 'node:net'
import { type FieldError, forbiddenField, invalidValue, notSupported, required } from '../errors.ts'
import type { Obj } from '../json.ts'
import { checkForm, FORMS } from './names.ts'
import { needs, oneOf, portErrors, type Rule, sub } from './rules.ts'

// NetworkPolicy, Ingress, IngressClass. Source: pkg/apis/networking/validation of Kubernetes 1.35, read 2026-11.

const CIDR_FORM = 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)'

export function isCidr(text: string): boolean {
  const [address = '', bits = '', ...rest] = text.split('/')
  if (rest.length > 0 || !/^\d{1,3}$/.test(bits) || isIP(address) === 0) return false
  return Number(bits) <= (isIPv6(address) ? 128 : 32)
}

const ipBlock: Rule = (block, path) => {
  if (!block.cidr) return [required(sub(path, 'cidr'))]
  const errors: FieldError[] = isCidr(block.cidr)
    ? []
    : [invalidValue(sub(path, 'cidr'), block.cidr, CIDR_FORM)]
  for (const [index, except] of ((block.except ?? []) as string[]).entries())
    if (!isCidr(except)) errors.push(invalidValue(`${sub(path, 'except')}[${index}]`, except, CIDR_FORM))
  return errors
}

const peer: Rule = (value, path) => {
  const given = Object.keys(value)
  if (given.length === 0) return [required(path, 'must specify a peer')]
  return value.ipBlock && given.length > 1
    ? [forbiddenField(path, 'may not specify both ipBlock and another peer')]
    : []
}

const policyPort: Rule = (value, path) => {
  const errors = value.port === undefined ? [] : portErrors(value.port, sub(path, 'port'))
  const { endPort, port } = value
  if (endPort === undefined) return errors
  const field = sub(path, 'endPort')
  if (port === undefined)
    return [...errors, required(sub(path, 'port'), 'must be specified when `endPort` is set')]
  if (typeof port === 'string')
    return [...errors, invalidValue(field, endPort, 'may not be set when `port` is non-numeric')]
  if (endPort < port) errors.push(invalidValue(field, endPort, 'must be greater than or equal to `port`'))
  return errors
}

const policyTypes: Rule = (spec, path) =>
  (spec.policyTypes?.length ?? 0) > 2
    ? [invalidValue(sub(path, 'policyTypes'), spec.policyTypes, 'may not specify more than two policyTypes')]
    : (spec.policyTypes ?? []).flatMap((_: string, index: number) =>
        oneOf(`policyTypes[${index}]`, ['Egress', 'Ingress'])(
          { [`policyTypes[${index}]`]: spec.policyTypes[index] },
          path,
        ),
      )

const WILDCARD =
  "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character (e.g. '*.example.com', regex used for validation is '\\*\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"

function hostErrors(host: string, field: string): FieldError[] {
  if (isIP(host) !== 0) return [invalidValue(field, host, 'must be a DNS name, not an IP address')]
  if (!host.includes('*')) return checkForm(field, host, FORMS.subdomain)
  const good = host.startsWith('*.') && checkForm(field, host.slice(2), FORMS.subdomain).length === 0
  return good ? [] : [invalidValue(field, host, WILDCARD)]
}

const ingressRule: Rule = (rule, path) => (rule.host ? hostErrors(rule.host, sub(path, 'host')) : [])

const tlsHosts: Rule = (tls, path) => [
  ...((tls.hosts ?? []) as string[]).flatMap((host, index) =>
    hostErrors(host, `${sub(path, 'hosts')}[${index}]`),
  ),
  ...(tls.secretName ? checkForm(sub(path, 'secretName'), tls.secretName, FORMS.subdomain) : []),
]

const serviceBackend: Rule = (service, path) => {
  const errors = service.name ? checkForm(sub(path, 'name'), service.name, FORMS.service) : []
  const { name, number } = (service.port ?? {}) as Obj
  const field = sub(path, 'port')
  if (name && number) errors.push(invalidValue(path, '', 'cannot set both port name & port number'))
  else if (number) errors.push(...portErrors(number, `${field}.number`))
  return errors
}

const CONTROLLER = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\/\S+$/

const ingressClass: Rule = ({ spec }, path) => {
  const at = sub(path, 'spec.controller')
  if (!spec?.controller) return [required(at)]
  const why = 'must be a domain-prefixed path (such as "acme.io/foo")'
  return CONTROLLER.test(spec.controller) ? [] : [invalidValue(at, spec.controller, why)]
}

const NOT_AN_ADDRESS = 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'

const endpointAddress: Rule = ({ ip = '' }, path) =>
  isIP(ip) === 0 ? [invalidValue(sub(path, 'ip'), ip, NOT_AN_ADDRESS)] : []

const FAMILIES: Record<string, number> = { IPv4: 4, IPv6: 6 }

const endpointSlice: Rule = ({ addressType, endpoints = [] }, path) => {
  const types = [...Object.keys(FAMILIES), 'FQDN'].sort()
  if (!addressType) return [required(sub(path, 'addressType'))]
  if (!types.includes(addressType)) return [notSupported(sub(path, 'addressType'), addressType, types)]
  return (endpoints as Obj[]).flatMap(({ addresses = [] }, index) => {
    const at = `${sub(path, 'endpoints')}[${index}].addresses`
    if (addresses.length === 0) return [required(at, 'must contain at least 1 address')]
    const family = FAMILIES[addressType]
    return (addresses as string[]).flatMap((address, place) =>
      family && isIP(address) !== family ? [invalidValue(`${at}[${place}]`, address, NOT_AN_ADDRESS)] : [],
    )
  })
}

export const NETWORKING_RULES: Record<string, Rule[]> = {
  V1IPBlock: [ipBlock],
  V1NetworkPolicyPeer: [peer],
  V1NetworkPolicyPort: [policyPort, oneOf('protocol', ['SCTP', 'TCP', 'UDP'])],
  V1NetworkPolicySpec: [policyTypes],
  V1IngressRule: [ingressRule],
  V1HTTPIngressRuleValue: [needs('paths')],
  V1IngressTLS: [tlsHosts],
  V1IngressServiceBackend: [serviceBackend],
  V1IngressClass: [ingressClass],
  V1EndpointAddress: [endpointAddress],
  V1EndpointSlice: [endpointSlice],
}
