import { classOf, EFS_DRIVER } from '../../volumes/claims.ts'
import type { ControlPlane } from '../control-plane.ts'
import type { CsiDriver } from './provisioner.ts'

/** Access points of a file system that pods of all nodes share. Models aws-efs-csi-driver. */
export function efsDriver({ api, options }: ControlPlane): CsiDriver {
  return {
    name: EFS_DRIVER,
    controller: 'efs-csi-controller',
    /** How long CreateAccessPoint takes until the access point is available. */
    createMs: 2_000,
    refusal: ({ spec }) =>
      spec.volumeMode === 'Block'
        ? 'rpc error: code = InvalidArgument desc = Volume capabilities not supported: only filesystem volumes are supported'
        : undefined,
    create(claim, name) {
      const { files } = options.provider
      if (!files) throw new Error('rpc error: code = Internal desc = there is no Amazon EFS outside of AWS')
      const parameters = classOf(api, claim)?.parameters ?? {}
      return { csi: { driver: EFS_DRIVER, volumeHandle: files.create({ name, parameters }) } }
    },
    delete: (handle) => options.provider.files?.delete(handle),
  }
}
