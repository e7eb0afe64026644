import type { Obj } from '../../json.ts'
import type { Kind } from '../../kinds/kind.ts'
import type { AdmissionRequest, StrategyContext } from '../../storage/strategy.ts'
import { matchingKind } from '../matching.ts'
import type { Phase } from './answers.ts'

const GROUP = 'admissionregistration.k8s.io'
const CONFIGURATIONS: Record<Phase, string> = {
  mutating: `mutatingwebhookconfigurations.${GROUP}`,
  validating: `validatingwebhookconfigurations.${GROUP}`,
}

/** A webhook that a request concerns, and the version in which it sees it. */
export interface Hook {
  webhook: Obj
  kind: Kind
}

export const areThereWebhooks = ({ list }: StrategyContext): boolean =>
  list(CONFIGURATIONS.mutating).length > 0 || list(CONFIGURATIONS.validating).length > 0

/** Webhooks do not decide about webhooks and policies, or nobody could mend a wrong one. */
const isExempt = ({ kind }: AdmissionRequest) => kind.group === GROUP

/** The webhooks that a request concerns by their rules and selectors, in the order of their configurations' names. */
export function hooksOf(phase: Phase, request: AdmissionRequest, context: StrategyContext): Hook[] {
  const configurations = context.list(CONFIGURATIONS[phase])
  if (configurations.length === 0 || isExempt(request)) return []
  return configurations
    .flatMap(({ webhooks = [] }) => webhooks as Obj[])
    .flatMap((webhook) => {
      const kind = matchingKind({ ...webhook, resourceRules: webhook.rules ?? [] }, request, context)
      return kind ? [{ webhook, kind }] : []
    })
}
