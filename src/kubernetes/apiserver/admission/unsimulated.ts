import { forbidden } from '../errors.ts'
import type { AdmissionPlugin } from '../storage/strategy.ts'

const WHAT: Record<string, string> = {
  mutatingwebhookconfigurations: 'admission webhooks are not called',
  validatingwebhookconfigurations: 'admission webhooks are not called',
}

/** Refuses what would be stored and then have no effect, so that nobody relies on it. */
export const unsimulated: AdmissionPlugin = ({ operation, kind, name, object }) => {
  if (operation === 'delete' || kind.group !== 'admissionregistration.k8s.io') return
  const what = WHAT[kind.plural]
  if (!what || object.webhooks?.length === 0) return
  throw forbidden(kind, name, `${what} by Drydock (see FIDELITY.md), so this object would do nothing`)
}
