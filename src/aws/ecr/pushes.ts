import type { Scope } from '../ec2/index.ts'
import type { Principal } from '../wire/service.ts'
import { type ImageCatalog, isImage } from './image-catalog.ts'
import { changeImageState } from './image-state.ts'
import type { ImageState } from './records.ts'
import { replicationsOf } from './replication.ts'
import { newScan, scanFrequency } from './scan-configuration.ts'
import { signingsOf } from './signing.ts'

/** Sets going what a push sets going: the scan, the copies, the signatures. Copies are not copied on. */
export function imagePushed(
  scope: Scope,
  images: ImageCatalog,
  repository: string,
  digest: string,
  pusher: Principal | 'replication',
): void {
  const manifest = images.manifests(repository).find((one) => one.digest === digest)
  if (!manifest) return
  const scanned = isImage(manifest) && scanFrequency(scope, repository) !== 'MANUAL'
  const copied = pusher === 'replication'
  const replications = copied ? [] : replicationsOf(scope, repository)
  const signings = copied || manifest.subject ? [] : signingsOf(scope, repository, pusher)
  changeImageState(scope, repository, digest, (state) => {
    const next: ImageState = {
      ...state,
      // A tag more on the same image sets nothing going anew but its copies.
      ...(scanned && !state.scan && { scan: newScan(scope) }),
      ...(replications.length > 0 && { replications }),
      ...(signings.length > 0 && !state.signings && { signings }),
    }
    return next.scan === state.scan &&
      next.replications === state.replications &&
      next.signings === state.signings
      ? undefined
      : next
  })
}
