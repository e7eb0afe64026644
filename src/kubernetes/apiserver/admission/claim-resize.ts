import { forbidden } from '../errors.ts'
import { compareQuantities } from '../quantity.ts'
import type { AdmissionPlugin } from '../storage/strategy.ts'

/** Lets a bound claim grow only where its class can make the volume larger. Models plugin/pkg/admission/storage/persistentvolume/resize. */
export const claimResize: AdmissionPlugin = (
  { operation, kind, name, object, old, subresource },
  context,
) => {
  if (operation !== 'update' || kind.plural !== 'persistentvolumeclaims' || subresource || !old) return
  const size = object.spec?.resources?.requests?.storage ?? '0'
  if (compareQuantities(size, old.spec?.resources?.requests?.storage ?? '0') <= 0) return
  if (old.status?.phase !== 'Bound')
    throw forbidden(kind, name, 'Only bound persistent volume claims can be expanded')
  const className = object.spec.storageClassName
  const found = className && context.get('storageclasses.storage.k8s.io', '', className)
  if (found?.allowVolumeExpansion) return
  throw forbidden(
    kind,
    name,
    'only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize',
  )
}
