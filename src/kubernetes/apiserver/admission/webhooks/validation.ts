import { duplicate, type FieldError, invalidValue, notSupported, required } from '../../errors.ts'
import type { Obj } from '../../json.ts'
import { conditionErrors, ruleErrors } from '../policies/validation.ts'

// What upstream checks of webhook configurations. Source: pkg/apis/admissionregistration/validation, read 2026-11.

const SIDE_EFFECTS = ['None', 'NoneOnDryRun']
const VERSIONS = ['v1', 'v1beta1']
const DNS = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/

function clientErrors({ url, service }: Obj, path: string): FieldError[] {
  if (Boolean(url) === Boolean(service)) return [required(path, 'exactly one of url or service is required')]
  if (service) {
    const errors = ['name', 'namespace']
      .filter((field) => !service[field])
      .map((field) => required(`${path}.service.${field}`))
    if (service.port < 1 || service.port > 65535)
      errors.push(
        invalidValue(
          `${path}.service.port`,
          service.port,
          'port is not valid: must be between 1 and 65535, inclusive',
        ),
      )
    return errors
  }
  const wrong = (why: string) => [
    invalidValue(`${path}.url`, url, `${why}; desired format: https://host[/path]`),
  ]
  if (!URL.canParse(url)) return wrong('url must be a valid URL')
  const parsed = new URL(url)
  if (parsed.protocol !== 'https:')
    return [
      invalidValue(
        `${path}.url`,
        parsed.protocol.slice(0, -1),
        "'https' is the only allowed URL scheme; desired format: https://host[/path]",
      ),
    ]
  if (parsed.username || parsed.password) return wrong('user information is not permitted in the URL')
  if (parsed.search) return wrong('query parameters are not permitted in the URL')
  return parsed.hash ? wrong('fragments are not permitted in the URL') : []
}

export function configurationErrors({ webhooks = [] }: Obj): FieldError[] {
  const seen = new Set<string>()
  return (webhooks as Obj[]).flatMap((webhook, index) => {
    const here = `webhooks[${index}]`
    const {
      name = '',
      admissionReviewVersions: versions = [],
      sideEffects,
      timeoutSeconds,
      clientConfig,
    } = webhook
    const errors: FieldError[] = []
    if (!name) errors.push(required(`${here}.name`))
    else if (!DNS.test(name) || name.split('.').length < 3)
      errors.push(
        invalidValue(
          `${here}.name`,
          name,
          'should be a domain with at least three segments separated by dots',
        ),
      )
    if (seen.has(name)) errors.push(duplicate(`${here}.name`, name))
    seen.add(name)
    if (versions.length === 0)
      errors.push(required(`${here}.admissionReviewVersions`, `must specify one of ${VERSIONS.join(', ')}`))
    else if (!versions.some((version: string) => VERSIONS.includes(version)))
      errors.push(
        invalidValue(
          `${here}.admissionReviewVersions`,
          versions,
          `must include at least one of ${VERSIONS.join(', ')}`,
        ),
      )
    if (sideEffects === undefined)
      errors.push(required(`${here}.sideEffects`, `must specify one of ${SIDE_EFFECTS.join(', ')}`))
    else if (!SIDE_EFFECTS.includes(sideEffects))
      errors.push(notSupported(`${here}.sideEffects`, sideEffects, SIDE_EFFECTS))
    if (timeoutSeconds < 1 || timeoutSeconds > 30)
      errors.push(
        invalidValue(
          `${here}.timeoutSeconds`,
          timeoutSeconds,
          'the timeout value must be between 1 and 30 seconds',
        ),
      )
    errors.push(...clientErrors(clientConfig ?? {}, `${here}.clientConfig`))
    errors.push(...ruleErrors(webhook.rules, `${here}.rules`))
    errors.push(...conditionErrors(webhook.matchConditions, `${here}.matchConditions`))
    return errors
  })
}
