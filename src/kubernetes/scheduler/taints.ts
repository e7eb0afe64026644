import type { Taint, Toleration } from '../objects.ts'

/** Whether a toleration covers a taint (core/v1 ToleratesTaint). */
export function tolerates(toleration: Toleration, taint: Taint): boolean {
  if (toleration.effect && toleration.effect !== taint.effect) return false
  if (toleration.key && toleration.key !== taint.key) return false
  if ((toleration.operator ?? 'Equal') === 'Exists') return true
  return Boolean(toleration.key) && (toleration.value ?? '') === (taint.value ?? '')
}

/** The taints that none of the tolerations covers. */
export const untolerated = (taints: Taint[] | undefined, tolerations: Toleration[] | undefined): Taint[] =>
  (taints ?? []).filter((taint) => !(tolerations ?? []).some((toleration) => tolerates(toleration, taint)))
